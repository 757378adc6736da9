"""Operating points: thresholds chosen for a goal, each in the middle of a gap between two probabilities."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from hilum.errors import HilumError
from hilum.metrics.arrays import Booleans, Floats, require_probabilities

PRIMARY: Final = "sensitivity>=0.95"
"""The goal of the primary operating point: what a result is stated at, and a prediction is made at, by default."""

GOALS: Final = (PRIMARY, "specificity>=0.90", "youden", "0.5")
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
    """

    name: str
    threshold: float
    goal: str
    sensitivity: float
    specificity: float
    is_reached: bool = True

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
    probability: ArrayLike, is_pneumonia: ArrayLike, goals: tuple[str, ...] = GOALS
) -> tuple[OperatingPoint, ...]:
    """One operating point for each goal, chosen on these films alone.

    A chosen threshold lies midway between two neighbouring probabilities (midway to 0 or 1 beyond the outermost), at
    least `MARGIN` from both; "0.5" is fixed, not chosen.

    Args:
        probability: (n,) calibrated probabilities of films that trained nothing.
        is_pneumonia: (n,) bool.
        goals: "youden", "sensitivity>=S", "specificity>=S" or a fixed threshold such as "0.5".

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
    return tuple(_choose(goal, probabilities, truth) for goal in goals)


def _choose(goal: str, probability: Floats, truth: Booleans) -> OperatingPoint:
    for pattern, choose in _RULES:
        if (match := re.fullmatch(pattern, goal)) and (match.lastindex is None or float(match[1]) <= 1):
            return choose(goal, match, probability, truth)
    raise HilumError(
        f"There is no operating point '{goal}'.",
        expected="youden, sensitivity>=S, specificity>=S or a threshold, with numbers from 0 to 1",
        do=f"For example: {PRIMARY}",
    )


def _youden(goal: str, _match: re.Match[str], probability: Floats, truth: Booleans) -> OperatingPoint:
    """The largest sum; among equals the lowest threshold, because a missed pneumonia costs more than an alarm."""
    cuts = _cuts(_thresholds(probability), probability, truth)
    # Rounded, so that 0.9 + 0.8 and 0.8 + 0.9 are equal sums.
    best = int(np.argmax(np.round(cuts.sensitivity + cuts.specificity, 12)))
    return cuts.at(best, goal, "the largest sum of sensitivity and specificity")


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


_Rule = Callable[[str, re.Match[str], Floats, Booleans], OperatingPoint]
_RULES: Final[tuple[tuple[str, _Rule], ...]] = (
    (r"youden", _youden),
    (r"sensitivity>=(\d*\.?\d+)", _sensitivity),
    (r"specificity>=(\d*\.?\d+)", _specificity),
    (r"(\d*\.?\d+)", _fixed),
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
