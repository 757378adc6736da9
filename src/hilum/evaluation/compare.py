"""From judged runs to who is better: paired over patients, corrected for every comparison that is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations
from typing import Final

import numpy as np

from hilum.evaluation.comparison import FIGURES, CompareSettings, Comparison, Difference, Pair, Side
from hilum.evaluation.contestants import UNDEFINED, Entry, Ground, OfWeights, contestants_of, entries_of, ground_of
from hilum.evaluation.figures import Count
from hilum.evaluation.runs import JudgedRun
from hilum.metrics import Estimate, Statistic, estimate
from hilum.metrics.arrays import Booleans, Floats
from hilum.metrics.comparison import (
    ALPHA,
    PairedTest,
    clustered_mcnemar,
    compare_aurocs,
    few_differ,
    holm,
    is_not_worse,
    paired_score_interval,
    patients_needed,
)
from hilum.metrics.means import RunsMean, difference
from hilum.provenance import Provenance

_LEAK: Final = (
    "Some of these figures leak and say nothing about new patients. Films or patients had been met by: {names}."
)


def compare_runs(runs: Sequence[JudgedRun], settings: CompareSettings, made: Provenance) -> Comparison:
    """Compare models on the films that all were judged on; no film is looked at anew.

    Args:
        runs: as `read_runs` gives them: the same films in the same order.
        settings: how.
        made: by which command, when.

    Raises:
        HilumError: an operating point that a run lacks, or seeds that cannot be joined.
    """
    ground, entries = ground_of(runs, settings), entries_of(runs, settings)
    couples = [(entries[0], one) for one in entries[1:]] if settings.against_first else [*combinations(entries, 2)]
    pairs = corrected(_pairs(couples, ground, settings.margin), ground.patients)
    films, evaluations = runs[0].evaluation.films, [run.evaluation for run in runs]
    return Comparison(
        data_name=films.data_name,
        part=films.part,
        fingerprint=films.fingerprint,
        every=_count(runs[0], np.ones_like(ground.truth)),
        pneumonia=_count(runs[0], ground.truth),
        normal=_count(runs[0], ~ground.truth),
        groups=ground.patients,
        point=settings.point,
        margin=settings.margin,
        contestants=contestants_of(entries, runs, ground.resampling, settings.point),
        pairs=pairs,
        tests=len(_tested(pairs)),
        warnings=_warnings(runs),
        limits=tuple(dict.fromkeys(limit for one in evaluations for limit in one.limits[:2])),
        models_seen=max(one.looks.models for one in evaluations),
        made=made,
        draws=settings.draws,
        seed=settings.seed,
    )


def corrected(pairs: Sequence[Pair], patients: int) -> tuple[Pair, ...]:
    """The pairs with every p value corrected for all of them by Holm, and what follows from that."""
    tested = _tested(pairs)
    p_values = iter(holm([one.test.p for one in tested if one.test.p is not None]))
    return tuple(
        replace(
            pair,
            differences=tuple(
                one if one.test.p is None else _concluded(one, next(p_values), len(tested), patients)
                for one in pair.differences
            ),
        )
        for pair in pairs
    )


def _concluded(one: Difference, p: float, tests: int, patients: int) -> Difference:
    """Who is better, or how many patients would tell."""
    if p >= ALPHA:
        needed = None if one.points_apart else patients_needed(one.test, patients, tests)
        return replace(one, corrected_p=p, patients_needed=needed)
    return replace(one, corrected_p=p, better=_better(one))


def _better(one: Difference) -> Side:
    """The side that the test speaks for, where the films and the seeds do not speak against it."""
    value = one.estimate.value
    if value is None or one.test.z is None or one.points_apart:
        return ""
    seeds = one.over_seeds
    if seeds is not None and seeds.low is not None and seeds.high is not None and seeds.low <= 0 <= seeds.high:
        return ""
    return "first" if value > 0 else "second"


def _tested(pairs: Sequence[Pair]) -> list[Difference]:
    return [one for pair in pairs for one in pair.differences if one.test.p is not None]


def _pairs(couples: Sequence[tuple[Entry, Entry]], ground: Ground, margin: float) -> list[Pair]:
    """Every difference with its interval and its own test; nothing is corrected yet."""
    found = iter(estimate([one for couple in couples for one in _statistics(*couple)], ground.resampling))
    return [
        Pair(
            first.name,
            second.name,
            tuple(_difference(figure, first, second, next(found), ground, margin) for figure in FIGURES),
        )
        for first, second in couples
    ]


def _statistics(first: Entry, second: Entry) -> list[Statistic]:
    """The differences of both, in the order of `FIGURES`; a draw of patients is one for both sides."""
    return [
        Statistic(partial(_minus, of_first, of_second), UNDEFINED[figure])
        for figure, of_first, of_second in zip(FIGURES, first.of_weights, second.of_weights, strict=True)
    ]


def _minus(first: OfWeights, second: OfWeights, weights: Floats) -> Floats:
    return first(weights) - second(weights)


def _difference(figure: str, first: Entry, second: Entry, found: Estimate, ground: Ground, margin: float) -> Difference:
    place, by_variance = FIGURES.index(figure), None
    if figure == "AUROC":
        by_variance, test = compare_aurocs(ground.covariance, _contrast(first, second, len(ground.covariance.auroc)))
    else:
        found, test = _compare_calls(figure, first, second, found, ground)
    return Difference(
        figure=figure,
        estimate=found,
        by_variance=by_variance,
        test=test,
        corrected_p=None,
        over_seeds=_between_seeds(first.over_seeds[place], second.over_seeds[place]),
        better="",
        patients_needed=None,
        first_not_worse=is_not_worse(found, margin),
        second_not_worse=is_not_worse(_turned(found), margin),
    )


def _compare_calls(
    figure: str, first: Entry, second: Entry, found: Estimate, ground: Ground
) -> tuple[Estimate, PairedTest]:
    """The difference of a share, by the bootstrap unless few patients are judged differently, and its test."""
    rows = ground.truth if figure == "sensitivity" else ~ground.truth
    if not rows.any():
        return found, PairedTest(None, None, f"no test: {UNDEFINED[figure]}")
    calls = (first.right[rows], second.right[rows], ground.resampling.group[rows])
    is_single = len(first.rows) == len(second.rows) == 1  # a mean over seeds is no count
    interval = paired_score_interval(*calls) if is_single and few_differ(*calls) else found
    return interval, clustered_mcnemar(*calls)


def _contrast(first: Entry, second: Entry, runs: int) -> Floats:
    """(runs,) the mean over the first's runs minus that over the second's."""
    weights = np.zeros(runs)
    weights[list(first.rows)] = 1 / len(first.rows)
    weights[list(second.rows)] = -1 / len(second.rows)
    return weights


def _between_seeds(first: RunsMean | None, second: RunsMean | None) -> Estimate | None:
    return None if first is None or second is None else difference(first.mean, second.mean)


def _turned(one: Estimate) -> Estimate:
    """The difference the other way round."""
    value, low, high = (None if end is None else -end for end in (one.value, one.high, one.low))
    return Estimate(value, low, high, one.method)


def _count(run: JudgedRun, rows: Booleans) -> Count:
    return Count(int(rows.sum()), len({film.patient for film, counts in zip(run.films, rows, strict=True) if counts}))


def _warnings(runs: Sequence[JudgedRun]) -> tuple[str, ...]:
    """What must be known before any figure is read."""
    leaky = [run.name for run in runs if run.evaluation.leaks]
    return (_LEAK.format(names=", ".join(leaky)),) if leaky else ()
