"""Who stands against whom in a comparison: a run alone, or the runs of a recipe that differ by their seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from hilum.errors import HilumError
from hilum.evaluation.comparison import FIGURES, ComparedRun, CompareSettings, Contestant, Figure
from hilum.evaluation.runs import JudgedRun
from hilum.evaluation.scores import unit_of
from hilum.files import printable
from hilum.metrics import Resampling, Statistic, auroc, estimate, resample_patients
from hilum.metrics.arrays import Booleans, Floats, ratio
from hilum.metrics.latest import OfLatestWeights
from hilum.metrics.means import RunsMean, mean_over_runs
from hilum.metrics.placement import AurocCovariance, auroc_covariance

UNDEFINED: Final = {
    "AUROC": "films of one class only",
    "sensitivity": "no film with pneumonia",
    "specificity": "no normal film",
}
"""Why a figure may not be defined."""

OfWeights = Callable[[Floats], Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A contestant at work.

    Args:
        name: of the contestant.
        rows: of its runs.
        right: (n,) the share of its runs that is right on each film.
        of_weights: its figures in the order of `FIGURES`, each a function of weights.
        over_seeds: their means over several seeds; None for one run.
    """

    name: str
    rows: tuple[int, ...]
    right: Floats
    of_weights: tuple[OfWeights, ...]
    over_seeds: tuple[RunsMean | None, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What all comparisons stand on: the films, their patients, and how the AUROCs of all runs vary together."""

    truth: Booleans
    resampling: Resampling
    covariance: AurocCovariance

    @property
    def patients(self) -> int:
        """Patients, those who share an identical file counted as one."""
        return self.covariance.patients


def ground_of(runs: Sequence[JudgedRun], settings: CompareSettings) -> Ground:
    """The common ground of runs with the same films in the same order."""
    truth = runs[0].is_pneumonia
    group = np.unique(runs[0].group, return_inverse=True)[1]
    unit = unit_of(group, [film.patient for film in runs[0].films])
    resampling = resample_patients(group, truth, settings.draws, settings.seed, unit)
    return Ground(truth, resampling, auroc_covariance(np.stack([run.score for run in runs]), truth, group))


def entries_of(runs: Sequence[JudgedRun], settings: CompareSettings) -> list[Entry]:
    """Every contestant, in the order in which its first run was named.

    Raises:
        HilumError: two runs of a recipe with one seed where seeds are joined, or fewer than two contestants.
    """
    entries = [_entry(name, rows, runs, settings.point) for name, rows in _sides(runs, settings.joins_seeds)]
    if len(entries) < 2:
        raise HilumError(
            f"All runs are one contestant: {entries[0].name}.",
            expected="two recipes or more with --seeds",
            do="Name runs of another recipe too, or leave out --seeds.",
        )
    return entries


def contestants_of(
    entries: Sequence[Entry], runs: Sequence[JudgedRun], resampling: Resampling, point: str
) -> tuple[Contestant, ...]:
    """Each with its figures: those of its evaluation for a single run, means over seeds estimated here."""
    compared = [_compared(run, point) for run in runs]
    joined = [entry for entry in entries if len(entry.rows) > 1]
    statistics = [
        Statistic(of, UNDEFINED[figure])
        for entry in joined
        for figure, of in zip(FIGURES, entry.of_weights, strict=True)
    ]
    means = iter(estimate(statistics, resampling) if statistics else ())
    found = []
    for entry in entries:
        own = tuple(compared[row] for row in entry.rows)
        single = (own[0].auroc, own[0].sensitivity, own[0].specificity)
        values = tuple(next(means) for _ in FIGURES) if len(own) > 1 else single
        figures = tuple(Figure(*one) for one in zip(FIGURES, values, entry.over_seeds, strict=True))
        found.append(Contestant(entry.name, own, figures))
    return tuple(found)


def _sides(runs: Sequence[JudgedRun], joins_seeds: bool) -> list[tuple[str, tuple[int, ...]]]:
    """Names and rows: each run alone, or the runs of a recipe under a protocol together."""
    if not joins_seeds:
        return [(run.name, (row,)) for row, run in enumerate(runs)]
    rows_of: dict[tuple[str, str], list[int]] = {}
    for row, run in enumerate(runs):
        model = run.evaluation.model
        rows_of.setdefault((model.recipe or model.name, model.protocol), []).append(row)
    is_one_protocol = len({recipe for recipe, _ in rows_of}) == len(rows_of)
    sides = []
    for (recipe, protocol), rows in rows_of.items():
        _require_different_seeds(recipe, [runs[row] for row in rows])
        name = recipe if is_one_protocol else f"{recipe}, {protocol}"
        sides.append((f"{name}, {len(rows)} seeds" if len(rows) > 1 else runs[rows[0]].name, tuple(rows)))
    return sides


def _require_different_seeds(recipe: str, runs: Sequence[JudgedRun]) -> None:
    for one, other in pairwise(sorted(runs, key=lambda run: run.evaluation.model.seed)):
        if one.evaluation.model.seed == other.evaluation.model.seed:
            raise HilumError(
                f"'{printable(one.folder)}' and '{printable(other.folder)}' are both '{recipe}' with the seed "
                f"{one.evaluation.model.seed}.",
                expected="runs of a recipe that differ by their seed",
                do="Leave one of them out, or leave out --seeds.",
            )


def _entry(name: str, rows: tuple[int, ...], runs: Sequence[JudgedRun], point: str) -> Entry:
    own, truth = [runs[row] for row in rows], runs[0].is_pneumonia
    right_of = [run.called(point) == truth for run in own]
    right = np.mean(right_of, axis=0)
    of_weights = (  # each takes part in several pairs
        OfLatestWeights(lambda weights: np.mean([auroc(run.score, truth, weights) for run in own], axis=0)),
        OfLatestWeights(lambda weights: _share(right, truth, weights)),
        OfLatestWeights(lambda weights: _share(right, ~truth, weights)),
    )
    every = np.ones(len(truth))
    values = (
        [float(auroc(run.score, truth)) for run in own],
        [float(_share(one, truth, every)) for one in right_of],
        [float(_share(one, ~truth, every)) for one in right_of],
    )
    return Entry(name, rows, right, of_weights, tuple(map(_over_seeds, values)))


def _share(right: ArrayLike, part: Booleans, weights: Floats) -> Floats:
    """(...,) the share of the part's films that is right: sensitivity of those with pneumonia, else specificity."""
    return ratio(weights @ np.where(part, right, 0.0), weights @ part)


def _over_seeds(values: Sequence[float]) -> RunsMean | None:
    return mean_over_runs(values) if len(values) > 1 and np.isfinite(values).all() else None


def _compared(run: JudgedRun, point: str) -> ComparedRun:
    model, figures = run.evaluation.model, run.at(point)
    return ComparedRun(
        name=run.name,
        folder=printable(run.folder),
        recipe=model.recipe,
        protocol=model.protocol,
        seed=model.seed,
        model_hash=model.model_hash,
        threshold=figures.at.threshold,
        leaks=run.evaluation.leaks,
        auroc=run.evaluation.scores.auroc,
        sensitivity=figures.sensitivity,
        specificity=figures.specificity,
    )
