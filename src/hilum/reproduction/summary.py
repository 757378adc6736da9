"""Rows together: means over seeds, what a leak adds, what the shift takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from hilum.evaluation import Evaluation
from hilum.metrics import Estimate
from hilum.metrics.means import RunsMean, difference, mean_over_runs
from hilum.reproduction.claims import verdict
from hilum.reproduction.parts import error_at_one_half

_HELD_OUT: Final = {"random20": 0.2, "grouped20": 0.2}
"""The share of the films that each seed of these protocols holds out; the others draw no evaluation films by seed."""


@dataclass(frozen=True, slots=True)
class OverSeeds:
    """One recipe under one protocol, over its seeds.

    Args:
        seeds: whose runs are done.
        error: at a probability of 0.5.
        auroc: order of the films.
        says: how the mean error stands to the published one, where both are of one protocol.
        leaks: True where patients stand on both sides.
    """

    recipe: str
    protocol: str
    seeds: tuple[int, ...]
    error: RunsMean
    auroc: RunsMean
    says: str
    leaks: bool


@dataclass(frozen=True, slots=True)
class Contrast:
    """A recipe's figures under one protocol minus those under another.

    Args:
        name: "leak premium" or "shift gap".
        first, second: protocols; the figures are first minus second.
        auroc, error: differences with intervals.
        seeds: how many runs stand on the side that has more of them.
    """

    recipe: str
    name: str
    first: str
    second: str
    auroc: Estimate
    error: Estimate
    seeds: int


def over_seeds(evaluations: Iterable[Evaluation]) -> tuple[OverSeeds, ...]:
    """Every recipe under a protocol that draws its evaluation films by seed, in alphabetical order."""
    found = _by_recipe(evaluations)
    return tuple(
        _over_seeds(recipe, protocol, by_seed)
        for (recipe, protocol), by_seed in sorted(found.items())
        if protocol in _HELD_OUT
    )


def contrasts(evaluations: Iterable[Evaluation]) -> tuple[Contrast, ...]:
    """Of each recipe the leak premium (random20 - grouped20) and the shift gaps (grouped20, block - official)."""
    found = _by_recipe(evaluations)
    made = []
    for recipe in sorted({recipe for recipe, _ in found}):
        of = {protocol: by_seed for (name, protocol), by_seed in found.items() if name == recipe}
        if "random20" in of and "grouped20" in of:
            made += _leak_premium(recipe, of["random20"], of["grouped20"])
        made += [_shift_gap(recipe, one, of) for one in ("grouped20", "block") if one in of and "official" in of]
    return tuple(made)


def _over_seeds(recipe: str, protocol: str, by_seed: dict[int, Evaluation]) -> OverSeeds:
    error, auroc = _means(protocol, list(by_seed.values()))
    leaks = any(evaluation.leaks for evaluation in by_seed.values())
    return OverSeeds(recipe, protocol, tuple(by_seed), error, auroc, verdict(error, protocol), leaks)


def _leak_premium(recipe: str, leaky: dict[int, Evaluation], grouped: dict[int, Evaluation]) -> list[Contrast]:
    """Seed by seed: a run under random20 minus the run of the same seed under grouped20."""
    seeds = [seed for seed in leaky if seed in grouped]
    if not seeds:
        return []
    auroc, error = (
        mean_over_runs([_value(of(leaky[seed])) - _value(of(grouped[seed])) for seed in seeds], _HELD_OUT["random20"])
        for of in (_auroc, error_at_one_half)
    )
    return [Contrast(recipe, "leak premium", "random20", "grouped20", auroc.mean, error.mean, len(seeds))]


def _shift_gap(recipe: str, protocol: str, of: dict[str, dict[int, Evaluation]]) -> Contrast:
    """A leak-free estimate from films like those of development, minus the figure on the official test."""
    inside, official = list(of[protocol].values()), of["official"]
    test = official[min(official)]
    if protocol in _HELD_OUT:
        error, auroc = (mean.mean for mean in _means(protocol, inside))
    else:
        error, auroc = error_at_one_half(inside[0]), _auroc(inside[0])
    return Contrast(
        recipe,
        "shift gap",
        protocol,
        "official",
        auroc=difference(auroc, _auroc(test)),
        error=difference(error, error_at_one_half(test)),
        seeds=len(inside),
    )


def _means(protocol: str, runs: Sequence[Evaluation]) -> tuple[RunsMean, RunsMean]:
    """Mean error and mean AUROC."""
    share = _HELD_OUT[protocol]
    error, auroc = (mean_over_runs([_value(of(run)) for run in runs], share) for of in (error_at_one_half, _auroc))
    return error, auroc


def _auroc(evaluation: Evaluation) -> Estimate:
    return evaluation.scores.auroc


def _value(one: Estimate) -> float:
    assert one.value is not None  # both classes are in every part of a split
    return one.value


def _by_recipe(evaluations: Iterable[Evaluation]) -> dict[tuple[str, str], dict[int, Evaluation]]:
    """By recipe and protocol the latest evaluation of each seed on what the protocol held back, seeds in order."""
    found: dict[tuple[str, str], dict[int, Evaluation]] = {}
    for one in sorted(evaluations, key=lambda one: (one.model.seed, one.model.created, one.made.created)):
        if one.judged_under == one.model.protocol:
            found.setdefault((one.model.recipe, one.model.protocol), {})[one.model.seed] = one
    return found
