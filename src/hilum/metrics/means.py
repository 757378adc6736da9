"""Figures of several runs: their mean with an interval, and the difference of two figures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hilum.errors import HilumError
from hilum.metrics.estimates import Estimate
from hilum.metrics.quantiles import student_quantile


@dataclass(frozen=True, slots=True)
class RunsMean:
    """A figure over several runs that differ by their seed.

    Args:
        values: of the runs, in the order in which they were given.
        mean: their mean with its 95 % interval.
        spread: their standard deviation, n - 1 in the denominator; None for one run.
    """

    values: tuple[float, ...]
    mean: Estimate
    spread: float | None


def mean_over_runs(values: Sequence[float], held_out_share: float = 0.0) -> RunsMean:
    """The mean with Student's t interval, 95 %.

    Args:
        values: one figure a run, each run with a draw of its own.
        held_out_share: the share of all films that each run holds out. Runs that hold out a fifth of the same films
            learn from films that overlap, so that their figures vary less than the method does; the variance of the
            mean, s^2 / n, is then raised to s^2 (1/n + share / (1 - share)). 0 takes the runs for independent.

    Raises:
        HilumError: no value.

    Source: Student 1908; Nadeau and Bengio 2003, "Inference for the Generalization Error", section 3.

    >>> mean_over_runs([0.04, 0.05, 0.06]).mean.text()
    '0.050 [0.025, 0.075]'
    """
    if not values:
        raise HilumError("Got no figure to average.", expected="one or more runs", do="Train a run first.")
    given, runs = np.asarray(values, dtype=np.float64), len(values)
    mean = float(given.mean())
    if runs < 2:
        return RunsMean((mean,), Estimate(mean, None, None, "no interval: one run alone shows no spread"), None)
    spread = float(given.std(ddof=1))
    half = student_quantile(runs - 1) * spread * math.sqrt(1 / runs + held_out_share / (1 - held_out_share))
    words = f"Student's t over {runs} runs, {runs - 1} degrees of freedom"
    if held_out_share:
        words += ", variance raised for films that the runs share (Nadeau and Bengio 2003)"
    return RunsMean(tuple(given.tolist()), Estimate(mean, mean - half, mean + half, words), spread)


def difference(first: Estimate, second: Estimate) -> Estimate:
    """`first` minus `second` with a 95 % interval, from the intervals of two figures of independent films.

    Where a value is not defined the difference is not; where an interval is missing there is none.

    Source: Zou and Donner 2008, "Construction of confidence limits about effect measures" (MOVER).

    >>> difference(Estimate(0.94, 0.90, 0.96, ""), Estimate(0.88, 0.80, 0.92, "")).text()
    '0.060 [0.003, 0.142]'
    """
    if first.value is None or second.value is None:
        return Estimate(None, None, None, "not defined: one of the two figures is not")
    value = first.value - second.value
    if first.low is None or first.high is None or second.low is None or second.high is None:
        return Estimate(value, None, None, "no interval: one of the two figures has none")
    below = math.hypot(first.value - first.low, second.high - second.value)
    above = math.hypot(first.high - first.value, second.value - second.low)
    return Estimate(value, value - below, value + above, "MOVER (Zou and Donner 2008), from both intervals")
