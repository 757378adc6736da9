"""One film's answer at one site: what the command line, the web page, the watch folder and their reports all show."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from hilum.attribution.evidence import EvidenceMap
from hilum.attribution.graph_map import ACTIVATION_MAP
from hilum.images import DEFAULT_LIMITS, Film, Limits
from hilum.metrics import PRIMARY, PlattScaling, log_odds
from hilum.modelfolder.card import limits
from hilum.runtime.gate import NO_GATE
from hilum.runtime.neighbours import SimilarCase, SimilarCases
from hilum.runtime.prediction import Prediction
from hilum.runtime.predictor import Predictor
from hilum.site import PrevalenceShift, Site

_FEATURES: Final = "features"


@dataclass(frozen=True, slots=True, eq=False)
class FilmAnswer:
    """What is said of one film, with what a page needs to show it.

    Args:
        prediction: the answer, or the reason why there is none.
        sha256: of the file; empty where it could not be read.
        film: None where it could not be read.
        evidence: (side, side) map of the film's square, by the graph's pass that gave the answer; None where none was
            asked for, the model has none, or there is no answer.
        similar: training films like it, the nearest first; None where none were asked for, the model folder has none,
            or there is no answer.
    """

    prediction: Prediction
    sha256: str
    film: Film | None = None
    evidence: EvidenceMap | None = None
    similar: tuple[SimilarCase, ...] | None = None


class Answering:
    """A model, the operating point that decides, and the prevalence of the site: all that an answer depends on.

    Args:
        predictor: the opened model.
        operating_point: name of the stored threshold that decides.
        prevalence: share of films with pneumonia where the films come from; None leaves the model's.

    Raises:
        HilumError: the model has no such operating point, or that is no prevalence.
    """

    def __init__(self, predictor: Predictor, operating_point: str, prevalence: float | None = None) -> None:
        self.predictor = predictor
        self.point = predictor.operating_point(operating_point)
        self.shift = None if prevalence is None else _shift(predictor, prevalence)
        self._cases = SimilarCases.open(predictor.folder)

    @classmethod
    def at_site(
        cls, predictor: Predictor, site: Site, operating_point: str | None = None, prevalence: float | None = None
    ) -> Answering:
        """The model with what the site states; what is given beside it goes before.

        Raises:
            HilumError: the model has no such operating point, or that is no prevalence.
        """
        return cls(
            predictor,
            operating_point or site.operating_point or PRIMARY,
            site.prevalence if prevalence is None else prevalence,
        )

    def at(self, operating_point: str | None = None, prevalence: float | None = None) -> Answering:
        """The same model at another operating point or prevalence, where one is given; nothing is read again.

        Raises:
            HilumError: as for a new one.
        """
        other = copy(self)
        if operating_point is not None:
            other.point = self.predictor.operating_point(operating_point)
        if prevalence is not None:
            other.shift = _shift(self.predictor, prevalence)
        return other

    @property
    def limits(self) -> tuple[str, ...]:
        """The sentences that stand wherever an answer of the model is shown."""
        manifest = self.predictor.manifest
        return (*limits(manifest), *(() if manifest.gate else (NO_GATE,)))

    @property
    def has_map(self) -> bool:
        """True where the graph gives a map of its own."""
        return ACTIVATION_MAP in self.predictor.engine.outputs

    @property
    def has_cases(self) -> bool:
        """True where the model folder holds training films that can be shown as similar cases."""
        return self._cases is not None

    def of(
        self,
        source: Path | bytes,
        *,
        name: str | None = None,
        with_map: bool = False,
        similar: int = 0,
        limits: Limits = DEFAULT_LIMITS,
    ) -> FilmAnswer:
        """The answer for one film; what cannot be read or is no chest film says why.

        Args:
            source: a file, or the bytes of one.
            name: what the film is called; the path where none is given.
            with_map: also give the model's own map, where it has one.
            similar: how many similar cases to give, where the model folder has any.
            limits: the largest file and picture.
        """
        wanted = (
            *((ACTIVATION_MAP,) if with_map and self.has_map else ()),
            *((_FEATURES,) if similar and self._cases else ()),
        )
        look = self.predictor.look(source, *wanted, name=name, limits=limits)
        said = self._at_site(self.predictor.answer(look.assessment, self.point.threshold))
        if said.problem:
            return FilmAnswer(said, look.sha256, look.film)
        return FilmAnswer(
            said,
            look.sha256,
            look.film,
            self.predictor.placed(look.outputs[ACTIVATION_MAP]) if ACTIVATION_MAP in wanted else None,
            self._cases.of(look.outputs[_FEATURES], similar) if self._cases and similar else None,
        )

    def _at_site(self, said: Prediction) -> Prediction:
        """The answer with its probability at the site's prevalence, where one is stated."""
        if self.shift is None or said.logit is None:
            return said
        calibration = self.predictor.manifest.calibration
        calibrated = PlattScaling(calibration.slope, calibration.intercept).logit(said.logit)
        return replace(said, site_probability=float(self.shift.probability(calibrated)))


def _shift(predictor: Predictor, prevalence: float) -> PrevalenceShift:
    """From the model's prevalence to the stated one."""
    log_odds(prevalence)  # refuses what is no prevalence, before any film is read
    return PrevalenceShift(predictor.manifest.calibration.prevalence, prevalence)
