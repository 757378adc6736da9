"""Operating points: thresholds chosen for a goal, each in the middle of a gap between two probabilities."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from hilum.errors import HilumError
from hilum.metrics.arrays import Booleans, Floats, require_films, require_probabilities
from hilum.metrics.proportions import clustered_wilson

PRIMARY: Final = "sensitivity>=0.95"
"""The goal of the primary operating point: what a result is stated at, and a prediction is made at, by default."""

GOALS: Final = (PRIMARY, "specificity>=0.90", "youden", "cost=5:1", "0.5")
"""The goals chosen for every model."""

MARGIN: Final = 2e-7
"""No threshold chosen here lies nearer to a probability: another processor's last digits flip no decision."""


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """A threshold on the calibrated probability, and the goal it was chosen for.

    Args:
        name: the goal in short, as in `GOALS`.
        threshold: a probability at or above it is called pneumonia.
        goal: the goal in words.
        sensitivity: on the films it was chosen on; optimistic for others.
        specificity: likewise.
        is_reached: False where no threshold reaches the goal on those films; the nearest was taken.
        sensitivity_low: of its 95 % interval over the patients that the threshold was chosen on, as though it had been
            fixed before; None where nobody asked for it, or it is not known.
        sensitivity_high: likewise.
        specificity_low: likewise.
        specificity_high: likewise.
    """

    name: str
    threshold: float
    goal: str
    sensitivity: float
    specificity: float
    is_reached: bool = True
    sensitivity_low: float | None = None
    sensitivity_high: float | None = None
    specificity_low: float | None = None
    specificity_high: float | None = None

    def calls_pneumonia(self, probability: ArrayLike) -> Booleans:
        """Where a probability (any shape) reaches the threshold; a tie counts as pneumonia."""
        return np.asarray(probability) >= self.threshold


@dataclass(frozen=True, slots=True)
class _Cuts:
    """Every threshold worth choosing, (m,) ascending, with what it does to the (n,) films."""

    threshold: Floats
    sensitivity: Floats
    specificity: Floats

    def at(self, index: int, name: str, goal: str, is_reached: bool = True) -> OperatingPoint:
        """The operating point of one cut."""
        threshold, sensitivity, specificity = (
            float(part[index]) for part in (self.threshold, self.sensitivity, self.specificity)
        )
        return OperatingPoint(name, threshold, goal, sensitivity, specificity, is_reached)


def choose_operating_points(
    probability: ArrayLike, is_pneumonia: ArrayLike, goals: tuple[str, ...] = GOALS, group: ArrayLike | None = None
) -> tuple[OperatingPoint, ...]:
    """One operating point for each goal, chosen on these films alone.

    A chosen threshold lies midway between two neighbouring probabilities (midway to 0 or 1 beyond the outermost), at
    least `MARGIN` from both; "0.5" is fixed, not chosen.

    Args:
        probability: (n,) calibrated probabilities of films that trained nothing.
        is_pneumonia: (n,) bool.
        goals: "youden", "sensitivity>=S", "specificity>=S", "cost=C:1" (a missed pneumonia is as bad as C false
            alarms, at the prevalence of these films), or a fixed threshold such as "0.5".
        group: (n,) whole number for each film's patient: every point then carries its sampling error.

    Raises:
        HilumError: one class only, values outside [0, 1], or a goal that is not understood.

    >>> [point] = choose_operating_points([0.1, 0.4, 0.6, 0.9], [False, False, True, True], ("youden",))
    >>> point.threshold, point.sensitivity, point.specificity
    (0.5, 1.0, 1.0)
    """
    probabilities, truth = require_probabilities(probability, is_pneumonia)
    if truth.all() or not truth.any():
        raise HilumError(
            f"All {len(truth)} films for choosing a threshold are {'pneumonia' if truth.all() else 'normal'}.",
            expected="films of both classes",
            do="Give the choice more patients.",
        )
    points = tuple(_choose(goal, probabilities, truth) for goal in goals)
    return points if group is None else tuple(_with_errors(point, probabilities, truth, group) for point in points)


def _with_errors(point: OperatingPoint, probability: Floats, truth: Booleans, group: ArrayLike) -> OperatingPoint:
    groups, called = require_films(group, truth)[0], point.calls_pneumonia(probability)
    sensitivity = clustered_wilson(called[truth], groups[truth])
    specificity = clustered_wilson(~called[~truth], groups[~truth])
    return replace(
        point,
        sensitivity_low=sensitivity.low,
        sensitivity_high=sensitivity.high,
        specificity_low=specificity.low,
        specificity_high=specificity.high,
    )


def _choose(goal: str, probability: Floats, truth: Booleans) -> OperatingPoint:
    for pattern, choose in _RULES:
        if match := re.fullmatch(pattern, goal):
            return choose(goal, match, probability, truth)
    raise HilumError(
        f"There is no operating point '{goal}'.",
        expected="youden, sensitivity>=S, specificity>=S or a threshold, with numbers from 0 to 1, or cost=C:1",
        do=f"For example: {PRIMARY}",
    )


def _youden(goal: str, _match: re.Match[str], probability: Floats, truth: Booleans) -> OperatingPoint:
    """The largest sum; among equals the lowest threshold, because a missed pneumonia costs more than an alarm."""
    cuts = _cuts(_thresholds(probability), probability, truth)
    # Rounded, so that 0.9 + 0.8 and 0.8 + 0.9 are equal sums.
    best = int(np.argmax(np.round(cuts.sensitivity + cuts.specificity, 12)))
    return cuts.at(best, goal, "the largest sum of sensitivity and specificity")


def _cost(goal: str, match: re.Match[str], probability: Floats, truth: Booleans) -> OperatingPoint:
    """The least cost of all films together; among equals the lowest threshold, which misses fewer."""
    cuts = _cuts(_thresholds(probability), probability, truth)
    missed, alarms = (1 - cuts.sensitivity) * truth.sum(), (1 - cuts.specificity) * (~truth).sum()
    best = int(np.argmin(np.round(float(match[1]) * missed + float(match[2]) * alarms, 9)))
    words = f"the least cost where a missed pneumonia counts {match[1]} and a false alarm {match[2]}"
    return cuts.at(best, goal, words)


def _sensitivity(goal: str, match: re.Match[str], probability: Floats, truth: Booleans) -> OperatingPoint:
    """The highest threshold that still finds enough; the lowest one calls every film, so one always does."""
    cuts = _cuts(_thresholds(probability), probability, truth)
    enough = np.flatnonzero(cuts.sensitivity >= float(match[1]))
    return cuts.at(int(enough[-1]), goal, f"the highest specificity with a sensitivity of at least {match[1]}")


def _specificity(goal: str, match: re.Match[str], probability: Floats, truth: Booleans) -> OperatingPoint:
    """The lowest threshold that clears enough normal films; there may be none where they tie with the highest."""
    cuts = _cuts(_thresholds(probability), probability, truth)
    enough = np.flatnonzero(cuts.specificity >= float(match[1]))
    words = f"the highest sensitivity with a specificity of at least {match[1]}"
    return cuts.at(int(enough[0]), goal, words) if len(enough) else cuts.at(-1, goal, words, is_reached=False)


def _fixed(goal: str, match: re.Match[str], probability: Floats, truth: Booleans) -> OperatingPoint:
    return _cuts(np.array([float(match[1])]), probability, truth).at(0, goal, f"the fixed threshold {match[1]}")


_FRACTION: Final = r"0?\.\d+|0|1(?:\.0*)?"
_COST: Final = r"(?=[\d.]*[1-9])\d*\.?\d+"  # above 0
_Rule = Callable[[str, re.Match[str], Floats, Booleans], OperatingPoint]
_RULES: Final[tuple[tuple[str, _Rule], ...]] = (
    (r"youden", _youden),
    (rf"sensitivity>=({_FRACTION})", _sensitivity),
    (rf"specificity>=({_FRACTION})", _specificity),
    (rf"cost=({_COST}):({_COST})", _cost),
    (rf"({_FRACTION})", _fixed),
)


def _thresholds(probability: Floats) -> Floats:
    """(m,) ascending: the middle of every gap that leaves `MARGIN` on both sides."""
    distinct = np.unique(probability)
    edges = np.r_[0.0, distinct, 1.0]
    is_wide = np.diff(edges) > 2 * MARGIN
    # Calling every film is always possible: at 0 where the smallest probability leaves no gap above it.
    lowest = [] if is_wide[0] else [0.0]
    return np.concatenate([lowest, ((edges[:-1] + edges[1:]) / 2)[is_wide]])


def _cuts(threshold: Floats, probability: Floats, truth: Booleans) -> _Cuts:
    pneumonia, normal = np.sort(probability[truth]), np.sort(probability[~truth])
    return _Cuts(
        threshold=threshold,
        sensitivity=(len(pneumonia) - np.searchsorted(pneumonia, threshold)) / len(pneumonia),
        specificity=np.searchsorted(normal, threshold) / len(normal),
    )
