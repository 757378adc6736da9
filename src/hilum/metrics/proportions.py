"""Intervals for one proportion of independent films or patients: Wilson and Clopper-Pearson."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from hilum.errors import HilumError


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
    z = normal_quantile(level)
    rate, shrink = successes / trials, 1 + z * z / trials
    centre = (rate + z * z / (2 * trials)) / shrink
    half = z / shrink * math.sqrt(rate * (1 - rate) / trials + z * z / (4 * trials * trials))
    # The formula gives 0 and 1 themselves at the ends; rounding must not move them.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == trials else min(1.0, centre + half)
    return Interval(low, high, "Wilson")


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


def normal_quantile(level: float) -> float:
    """The two-sided standard normal quantile, 1.96 for a level of 0.95."""
    return NormalDist().inv_cdf(0.5 + level / 2)


def root(rising: Callable[[float], float], low: float, high: float) -> float:
    """Where a rising function of one number crosses zero between `low` and `high`, to the last bit, by bisection."""
    while low < (middle := (low + high) / 2) < high:
        low, high = (low, middle) if rising(middle) >= 0 else (middle, high)
    return (low + high) / 2


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
