"""Intervals for one proportion: Wilson and Clopper-Pearson, and Wilson for films that come in patients."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hilum.errors import HilumError
from hilum.metrics.arrays import Floats, require_films
from hilum.metrics.quantiles import normal_quantile, root, student_quantile


@dataclass(frozen=True, slots=True)
class Interval:
    """Two ends of an interval, both included, and how it was made."""

    low: float
    high: float
    method: str


def wilson(successes: float, trials: float, level: float = 0.95) -> Interval:
    """Wilson's score interval: it keeps a width where none or all of the trials succeeded.

    Raises:
        HilumError: no trials, or more successes than trials.

    Source: Wilson 1927.

    >>> interval = wilson(385, 390)
    >>> round(interval.low, 4), round(interval.high, 4)
    (0.9703, 0.9945)
    """
    _require_trials(successes, trials)
    return Interval(*_wilson_ends(successes, trials, normal_quantile(level)), "Wilson")


def _wilson_ends(successes: float, trials: float, z: float) -> tuple[float, float]:
    rate, shrink = successes / trials, 1 + z * z / trials
    centre = (rate + z * z / (2 * trials)) / shrink
    half = z / shrink * math.sqrt(rate * (1 - rate) / trials + z * z / (4 * trials * trials))
    # The formula gives 0 and 1 themselves at the ends; rounding must not move them.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == trials else min(1.0, centre + half)
    return low, high


def clopper_pearson(successes: int, trials: int, level: float = 0.95) -> Interval:
    """The exact binomial interval: it covers at least `level`, and is wider than Wilson's for it.

    Raises:
        HilumError: no trials, or more successes than trials.

    Source: Clopper and Pearson 1934.

    >>> interval = clopper_pearson(385, 390)
    >>> round(interval.low, 4), round(interval.high, 4)
    (0.9703, 0.9958)
    """
    _require_trials(successes, trials)
    tail = (1 - level) / 2
    low = 0.0 if successes == 0 else root(lambda rate: _at_least(successes, trials, rate) - tail, 0.0, 1.0)
    high = 1.0
    if successes < trials:
        high = root(lambda rate: tail - (1 - _at_least(successes + 1, trials, rate)), 0.0, 1.0)
    return Interval(low, high, "Clopper-Pearson")


def clustered_wilson(is_success: ArrayLike, group: ArrayLike, unit: str = "patients") -> Interval:
    """The 95 % interval of a share of films that come in patients.

    Where every patient has one film, Clopper-Pearson. Else Wilson's with the films divided by their design effect, the
    variance between patients over that of independent films (1 at the least), and with Student's t for the few
    patients that carry most films. A share of 0 or 1, or a single patient, shows no variance between patients; there
    the patients are the trials: wide enough if their films are copies of each other.

    Args:
        is_success: (k,) bool, the films counted.
        group: (k,) whole number for each film's patient.
        unit: what a group is, in words.

    Raises:
        HilumError: no films, or lengths that differ.

    Source: Rao and Scott 1992 for the design effect; Korn and Graubard 1998 for its use with Student's t.

    >>> found = clustered_wilson([True, True, True, False, True, False], [1, 1, 2, 2, 3, 3])
    >>> round(found.low, 3), round(found.high, 3)
    (0.112, 0.969)
    """
    groups, success = require_films(group, is_success)
    _, patient = np.unique(groups, return_inverse=True)
    films: Floats = np.bincount(patient).astype(np.float64)  # (G,)
    successes: Floats = np.bincount(patient, weights=success).astype(np.float64)  # (G,)
    patients, rate = len(films), float(success.mean())
    if patients == len(success):
        exact = clopper_pearson(int(success.sum()), patients)
        return Interval(exact.low, exact.high, f"Clopper-Pearson over {unit} with one film each")
    if rate in (0.0, 1.0) or patients == 1:
        ends = wilson(rate * patients, patients)
        return Interval(
            ends.low, ends.high, f"Wilson with {patients:,} {unit} as trials, because no spread among them is seen"
        )
    effect = max(_design_effect(films, successes), 1.0)
    trials = len(success) / effect
    low, high = _wilson_ends(rate * trials, trials, student_quantile(degrees_of(films)))
    return Interval(low, high, f"Wilson over {unit}, films divided by their design effect")


def degrees_of(films: ArrayLike) -> int:
    """Degrees of freedom of a variance between patients with so many films (G,) each; 1 at the least.

    Patients with many films weigh more, so there are fewer than G - 1: Satterthwaite's rule where the films of a
    patient are alike.

    >>> degrees_of([1, 1, 1, 1]), degrees_of([9, 1, 1, 1])
    (3, 1)
    """
    squares = np.asarray(films, dtype=np.float64) ** 2
    return max(1, int(squares.sum() ** 2 / (squares**2).sum() - 1))


def _design_effect(films: Floats, successes: Floats) -> float:
    """Variance of the share, from (G,) films and successes of each patient, over that of independent films."""
    patients, total = len(films), films.sum()
    rate = successes.sum() / total
    between = patients / (patients - 1) * ((successes - rate * films) ** 2).sum() / total**2
    return float(between / (rate * (1 - rate) / total))


def _at_least(successes: int, trials: int, rate: float) -> float:
    """Chance of `successes` or more in `trials`; the shorter tail is summed, so nothing is lost to rounding."""
    if rate <= 0 or rate >= 1:
        return float(rate >= 1)
    if successes > trials * rate:
        return float(_binomial(np.arange(successes, trials + 1), trials, rate).sum())
    return 1.0 - float(_binomial(np.arange(successes), trials, rate).sum())


def _binomial(counts: np.ndarray, trials: int, rate: float) -> np.ndarray:
    """Chance of each count, from logarithms of factorials."""
    log_factorial = np.r_[0.0, np.cumsum(np.log(np.arange(1, trials + 1)))]
    choices = log_factorial[trials] - log_factorial[counts] - log_factorial[trials - counts]
    probability: np.ndarray = np.exp(choices + counts * math.log(rate) + (trials - counts) * math.log1p(-rate))
    return probability


def _require_trials(successes: float, trials: float) -> None:
    if trials <= 0 or not 0 <= successes <= trials:
        raise HilumError(
            f"Got {successes:g} successes in {trials:g} trials.",
            expected="at least one trial, and no more successes than trials",
            do="Leave the figure undefined where nothing was counted.",
        )
