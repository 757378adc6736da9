"""The robustness audit: what is left of a model's figures when films get worse, at the threshold that it stores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from hilum.audits.asked import Choice
from hilum.audits.perturbations import PERTURBATIONS, Perturbation
from hilum.datasets.catalogue import Catalogue
from hilum.datasets.pixels import open_pixels
from hilum.errors import HilumError
from hilum.evaluation import Count
from hilum.evaluation.decision import Decision
from hilum.metrics import Estimate, Resampling, Statistic, auroc, auroc_over_patients, estimate, resample_patients
from hilum.metrics.arrays import Booleans, Floats
from hilum.progress import Bar, Progress, Silent
from hilum.provenance import Provenance
from hilum.runtime import Predictor

MARGIN: Final = 0.05
"""A figure has fallen where it lies further below its value on the films as they are, beyond what chance explains."""

_AT_ONCE: Final = 32


@dataclass(frozen=True, slots=True)
class Step:
    """A model's figures on films made worse by one strength.

    Args:
        strength: with its unit; "" for the films as they are.
        auroc: pneumonia against normal.
        sensitivity: at the stored operating point.
        specificity: likewise.
        lost_sensitivity: on the same patients, against the films as they are; None for those.
        lost_specificity: likewise.
        flipped: films that are called something else than as they are.
    """

    strength: str
    auroc: Estimate
    sensitivity: Estimate
    specificity: Estimate
    lost_sensitivity: Estimate | None
    lost_specificity: Estimate | None
    flipped: int

    @property
    def fallen(self) -> tuple[str, ...]:
        """Which of the two figures has fallen by more than the margin, beyond what chance explains."""
        lost = (("sensitivity", self.lost_sensitivity), ("specificity", self.lost_specificity))
        return tuple(name for name, one in lost if one is not None and _is_fall(one))


@dataclass(frozen=True, slots=True)
class Kind:
    """One way in which films got worse.

    Args:
        name: such as "blur".
        meaning: what was done.
        steps: one a strength, from weak to strong.
    """

    name: str
    meaning: str
    steps: tuple[Step, ...]

    @property
    def broken_at(self) -> Step | None:
        """The first strength at which a figure has fallen; None where none has at any."""
        return next((step for step in self.steps if step.fallen), None)

    @property
    def holds_to(self) -> Step | None:
        """The last strength before that; None where the first is too much."""
        first = self.broken_at
        held = self.steps[: self.steps.index(first)] if first else self.steps
        return held[-1] if held else None


@dataclass(frozen=True, slots=True)
class RobustnessAudit:
    """What the robustness audit found.

    Args:
        data_name: of the data set.
        fingerprint: of the judged films.
        chosen: which films these are, in words.
        pneumonia: judged films of that class, with their patients.
        normal: likewise.
        model: name of the model.
        model_hash: of its folder.
        point: name of the operating point.
        threshold: on the calibrated probability.
        whole: the figures on the films as they are.
        kinds: one a way of getting worse.
        side: of the squares that were made worse, in pixels.
        seed: of what was drawn.
        made: command, commit, version, time.
    """

    data_name: str
    fingerprint: str
    chosen: str
    pneumonia: Count
    normal: Count
    model: str
    model_hash: str
    point: str
    threshold: float
    whole: Step
    kinds: tuple[Kind, ...]
    side: int
    seed: int
    made: Provenance

    @property
    def films(self) -> int:
        """Number of judged films."""
        return self.pneumonia.films + self.normal.films

    def as_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return {"kind": "robustness", **asdict(self)}


def drawn_films(choice: Choice, most: int, seed: int) -> Choice:
    """At most so many of the films, drawn by seed and put back into their order; 0 keeps all.

    Raises:
        HilumError: a negative number, or films of one class only.
    """
    number = len(choice.films.films)
    if most < 0:
        raise HilumError(f"Got {most} films.", expected="a number from 0, which takes all", do="Take 300.")
    if 0 < most < number:
        rows = np.sort(np.random.default_rng(seed).permutation(number)[:most])
        choice = Choice(choice.films.select(rows), f"{most:,} of {number:,}, by seed: {choice.words}", choice.is_look)
    if len(set(choice.films.is_pneumonia.tolist())) < 2:
        raise HilumError(
            f"The {len(choice.films.films)} films to judge are of one class.",
            expected="films with pneumonia and without",
            do="Take more films.",
        )
    return choice


def audit_robustness(
    predictor: Predictor,
    choice: Choice,
    directory: Path,
    point: str,
    seed: int,
    made: Provenance,
    progress: Progress = Silent(),
) -> RobustnessAudit:
    """Judge a model on films as they are and as each of `PERTURBATIONS` makes them, at five strengths.

    The squares that the network sees are made worse, so that a strength means the same for films of every size.

    Args:
        predictor: the model.
        choice: the films; where they were held out, a look is written down before any figure is made.
        directory: where the catalogue, its pixel cache and `looks.jsonl` lie.
        point: name of a stored operating point.
        seed: of noise, directions and places.
        made: by which command, when.
        progress: where the bars are shown.
    """
    films, stored = choice.films, predictor.operating_point(point)
    squares = open_pixels(films, predictor.side, predictor.geometry, directory / "pixels", progress)
    choice.write_down(predictor, "robustness", directory, made)
    conditions = sum(len(kind.strengths) for kind in PERTURBATIONS) + 1
    with progress.bar("Films made worse", len(squares) * conditions) as bar:
        judge = _Judge(predictor, films, squares, stored.threshold, seed, bar)
        whole = judge.whole()
        kinds = tuple(Kind(kind.name, kind.meaning, tuple(judge.steps(kind))) for kind in PERTURBATIONS)
    return RobustnessAudit(
        data_name=films.name,
        fingerprint=films.fingerprint,
        chosen=choice.words,
        pneumonia=_count(films, films.is_pneumonia),
        normal=_count(films, ~films.is_pneumonia),
        model=predictor.manifest.name,
        model_hash=predictor.model_hash,
        point=point,
        threshold=stored.threshold,
        whole=whole,
        kinds=kinds,
        side=predictor.side,
        seed=seed,
        made=made,
    )


class _Judge:
    """A model, films and a threshold: figures for any change of the films."""

    def __init__(
        self, predictor: Predictor, films: Catalogue, squares: np.ndarray, threshold: float, seed: int, bar: Bar
    ) -> None:
        self.predictor, self.squares, self.threshold, self.seed, self.bar = predictor, squares, threshold, seed, bar
        self.truth: Booleans = films.is_pneumonia
        self.resampling: Resampling = resample_patients(films.resampling_groups(), self.truth, seed=seed)
        self.logit_of_whole = self._logits(lambda block, _first: block)
        self.whole_films = self._decision(self.logit_of_whole)

    def whole(self) -> Step:
        """The figures on the films as they are."""
        area, sensitivity, specificity = estimate(self._statistics(self.logit_of_whole), self.resampling)
        return Step("", area, sensitivity, specificity, None, None, flipped=0)

    def steps(self, kind: Perturbation) -> Iterator[Step]:
        """The figures at each strength."""
        for strength in kind.strengths:
            change = partial(self._changed, kind, strength)
            yield self._step(kind.label(strength), self._logits(change))

    def _changed(self, kind: Perturbation, strength: float, block: np.ndarray, first: int) -> np.ndarray:
        return kind.of(block, strength, self.seed, first)

    def _logits(self, change: Callable[[np.ndarray, int], np.ndarray]) -> Floats:
        """(n,) logits of the changed films."""
        found = []
        for first in range(0, len(self.squares), _AT_ONCE):
            block = self.squares[first : first + _AT_ONCE]
            found.append(self.predictor.logits(change(block, first)))
            self.bar.advance(len(block))
        return np.concatenate(found)

    def _step(self, strength: str, logit: Floats) -> Step:
        before, now = self.whole_films, self._decision(logit)
        lost = [_lost(*pair) for pair in zip(before.proportions()[:2], now.proportions()[:2], strict=True)]
        asked = [*self._statistics(logit), *lost]
        area, sensitivity, specificity, *losses = estimate(asked, self.resampling)
        flipped = int((now.is_called != before.is_called).sum())
        return Step(strength, area, sensitivity, specificity, losses[0], losses[1], flipped)

    def _decision(self, logit: Floats) -> Decision:
        return Decision(self.predictor.probability(logit) >= self.threshold, self.truth, self.resampling)

    def _statistics(self, logit: Floats) -> list[Statistic]:
        """AUROC, sensitivity and specificity."""
        interval = auroc_over_patients(self.resampling, logit, self.truth)
        area = Statistic(partial(auroc, logit, self.truth), "films of one class only", interval)
        return [area, *self._decision(logit).proportions()[:2]]


def _lost(before: Statistic, now: Statistic) -> Statistic:
    return Statistic(lambda weights: before.of_weights(weights) - now.of_weights(weights), before.undefined)


def _is_fall(lost: Estimate) -> bool:
    """True for a loss beyond the margin whose interval leaves out 0, or which every draw of patients shows alike."""
    return lost.value is not None and lost.value > MARGIN and (lost.low is None or lost.low > 0)


def _count(films: Catalogue, rows: Booleans) -> Count:
    patients = {patient for patient, is_counted in zip(films.patients, rows, strict=True) if is_counted}
    return Count(int(rows.sum()), len(patients))
