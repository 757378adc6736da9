"""The explanation of films as a value: models, methods and their worth, answers, files of maps."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal

from hilum.modelfolder import Manifest
from hilum.modelfolder.schema import faithfulness_in_words
from hilum.provenance import Provenance
from hilum.runtime import Prediction
from hilum.runtime.neighbours import SimilarCase

ACTIVATIONS: Final = "activations"
TITLES: Final = {
    "map": "Activation map",
    "above-normal": "Activation map above normal",
    "gradcam": "Grad-CAM",
    "occlusion": "Occlusion",
    "integrated-gradients": "Integrated gradients",
    ACTIVATIONS: "Activation atlas",
}
"""Methods as people write them."""

UNLIKE_FROM: Final = 0.95
"""Share of new patients' films that are nearer to their nearest case: from here on a film is unlike all of them."""

Standing = Literal["passes", "fails", "not measured"]


@dataclass(frozen=True, slots=True)
class Trust:
    """How far maps of one method may be taken for an explanation of their model.

    Args:
        standing: in a word.
        says: in words.
        notes: what has to be said beside it, also where it passes.
    """

    standing: Standing
    says: str
    notes: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The words without the reasons of a map that fails, for narrow places."""
        return self.says.partition(":")[0] if self.standing == "fails" else self.says


@dataclass(frozen=True, slots=True)
class UsedMethod:
    """A method as it was used on one model.

    Args:
        name: "map", "gradcam" and so on.
        title: its name as people write it, with its layer.
        layer: that it looks at; "" where it looks at none.
        in_words: how it makes a map.
        full_colour: the evidence from which on its maps are drawn in full colour, on all films alike.
        trust: what was measured of it.
    """

    name: str
    title: str
    layer: str
    in_words: str
    full_colour: float
    trust: Trust


@dataclass(frozen=True, slots=True)
class UsedModel:
    """A model as it was asked.

    Args:
        name: unlike that of any other on the page.
        model_hash: of its folder.
        is_leaky: True where its figures are too good.
        prevalence: share of pneumonia that its probabilities are calibrated for.
        operating_point: name of the stored threshold that decided.
        threshold: on the calibrated probability.
        methods: that looked into it.
        limits: the sentences that stand wherever an answer of it is shown.
    """

    name: str
    model_hash: str
    is_leaky: bool
    prevalence: float
    operating_point: str
    threshold: float
    methods: tuple[UsedMethod, ...]
    limits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShownAnswer:
    """What one model says of one film.

    Args:
        model: its name.
        prediction: the answer, or why there is none.
        is_wrong: True where it is not the film's label; None where there is no label or no answer.
        files: of the maps, one a method, relative to the page; empty where there is no answer.
        notes: what has to be said beside each map, or "".
        atlas: the page with every channel of every layer, likewise; "" where none was asked for.
        similar: the nearest training films; None where the model folder has none.
        has_met: True where the model was made with this very file.
    """

    model: str
    prediction: Prediction
    is_wrong: bool | None
    files: tuple[str, ...]
    notes: tuple[str, ...]
    atlas: str
    similar: tuple[SimilarCase, ...] | None
    has_met: bool = False


@dataclass(frozen=True, slots=True)
class ShownFilm:
    """One film on the page.

    Args:
        path: as it was named.
        label: that its folder names, or "".
        answers: one a model.
    """

    path: str
    label: str
    answers: tuple[ShownAnswer, ...]

    @property
    def is_wrong(self) -> bool:
        """True where any model calls it other than its folder."""
        return any(answer.is_wrong for answer in self.answers)

    @property
    def is_assessed(self) -> bool:
        """True where any model has an answer."""
        return any(not answer.prediction.problem for answer in self.answers)

    @property
    def problems(self) -> tuple[str, ...]:
        """Why there is no answer, each reason once, with the model where not all say the same."""
        found = [(answer.model, answer.prediction.problem) for answer in self.answers if answer.prediction.problem]
        reasons = dict.fromkeys(problem for _, problem in found)
        if len(reasons) == 1 and len(found) == len(self.answers):
            return tuple(reasons)
        return tuple(f"{model}: {problem}" for model, problem in found)


@dataclass(frozen=True, slots=True)
class Explanation:
    """What one or several models see in films.

    Args:
        models: in the order they were named.
        films: worst errors first.
        made: command, commit, version, time.
    """

    models: tuple[UsedModel, ...]
    films: tuple[ShownFilm, ...]
    made: Provenance

    @property
    def thumbnails(self) -> int:
        """How many training patients' films are shown small beside the answers, each counted once."""
        cases = [case for film in self.films for answer in film.answers for case in answer.similar or ()]
        return len({case.film for case in cases if case.thumbnail})

    @property
    def files(self) -> tuple[str, ...]:
        """Every file of a map, relative to the page."""
        return tuple(file for film in self.films for answer in film.answers for file in answer.files)

    def as_json(self) -> dict[str, Any]:
        """The same as a JSON object; thumbnails of similar cases are left out, as they show patients."""
        films = [
            replace(film, answers=tuple(replace(one, similar=_bare(one.similar)) for one in film.answers))
            for film in self.films
        ]
        return {"kind": "explanation", **asdict(replace(self, films=tuple(films)))}


def is_unlike_all(similar: tuple[SimilarCase, ...]) -> bool:
    """True where even the nearest training film is farther than those of nearly all new patients' films are."""
    return bool(similar) and similar[0].farther_than >= UNLIKE_FROM


def trust_in(manifest: Manifest, method: str) -> Trust:
    """What the model folder says of maps of this method."""
    found = manifest.faithfulness
    if found is None or found.method != method:
        return Trust("not measured", "not measured on this model (hilum audit maps measures every method)")
    # What too few films leave open is no failure.
    standing: Standing = "not measured" if found.standing == "not shown" else found.standing
    return Trust(standing, faithfulness_in_words(found), found.notes)


def _bare(similar: tuple[SimilarCase, ...] | None) -> tuple[SimilarCase, ...] | None:
    return None if similar is None else tuple(replace(one, thumbnail=None) for one in similar)
