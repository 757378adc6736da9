"""Films called pneumonia or not, and the statistics that judge the calls."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property, partial
from typing import Final, NamedTuple

import numpy as np

from hilum.metrics import Confusion, Estimate, Interval, Resampling, Statistic, clustered_wilson, count_outcomes
from hilum.metrics.arrays import Booleans, Floats
from hilum.metrics.latest import OfLatestWeights
from hilum.metrics.predictive_values import complement, predictive_value_interval

_SQUARE_AND_ADD: Final = "square-and-add (Newcombe 1998; Zou and Donner 2008), from the intervals of both rates"


class _Rate(NamedTuple):
    value: float
    low: float
    high: float


class Decision:
    """The calls at one threshold against the truth.

    Its `counts` of (..., n) weights are four of shape (...,), from which all figures of a draw come.

    Args:
        is_called: (n,) bool, called pneumonia.
        is_pneumonia: (n,) bool.
        resampling: of the films' patients.
    """

    def __init__(self, is_called: Booleans, is_pneumonia: Booleans, resampling: Resampling) -> None:
        self.is_called, self.is_pneumonia, self.resampling = is_called, is_pneumonia, resampling
        self.counts = OfLatestWeights(partial(count_outcomes, is_called, is_pneumonia))

    def statistic(
        self,
        of_counts: Callable[[Confusion], Floats],
        undefined: str,
        without_draws: Callable[[float], Interval | None] = lambda _value: None,
    ) -> Statistic:
        """A figure of the four counts; the other arguments as in `Statistic`."""
        return Statistic(lambda weights: of_counts(self.counts(weights)), undefined, without_draws)

    def proportions(self) -> list[Statistic]:
        """Sensitivity, specificity, precision, F1, balanced accuracy and accuracy, in this order."""
        truth, called = self.is_pneumonia, self.is_called
        return [
            self.statistic(lambda counts: counts.sensitivity, "no film with pneumonia", lambda _value: self._found),
            self.statistic(lambda counts: counts.specificity, "no normal film", lambda _value: self._cleared),
            self.statistic(
                lambda counts: counts.precision, "no film called pneumonia", lambda _value: self._share(truth, called)
            ),
            self.statistic(lambda counts: counts.f1, "no film with pneumonia, and none called so", self._rising(_f1)),
            self.statistic(lambda counts: counts.balanced_accuracy, "films of one class only", self._rising(_balanced)),
            self.statistic(
                lambda counts: counts.accuracy,
                "no film",
                lambda _value: self._share(called == truth, np.ones_like(truth)),
            ),
        ]

    def predictive_values(self, prevalence: float) -> list[Statistic]:
        """PPV and NPV where `prevalence` of the films have pneumonia."""
        ppv = partial(Confusion.positive_predictive_value, prevalence=prevalence)
        npv = partial(Confusion.negative_predictive_value, prevalence=prevalence)
        return [
            self.statistic(ppv, "no film called pneumonia", lambda _value: self._of_rates(prevalence, True)),
            self.statistic(npv, "no film called normal", lambda _value: self._of_rates(prevalence, False)),
        ]

    def _share(self, is_success: Booleans, rows: Booleans) -> Interval:
        """The interval of the share of successes (n,) among the films of the rows (n,)."""
        return clustered_wilson(is_success[rows], self.resampling.group[rows], self.resampling.unit)

    @cached_property
    def _found(self) -> Interval:
        """Of the sensitivity, which many figures go by."""
        return self._share(self.is_called, self.is_pneumonia)

    @cached_property
    def _cleared(self) -> Interval:
        """Of the specificity, likewise."""
        return self._share(~self.is_called, ~self.is_pneumonia)

    def _rising(self, figure: Callable[[Confusion], Floats]) -> Callable[[float], Interval | None]:
        """The interval of a figure that rises with both rates; a bootstrap has no width where one of them is 0 or 1."""

        def at(sensitivity: float, specificity: float) -> float:
            return float(figure(_counts_at(sensitivity, specificity, self.is_pneumonia)))

        def interval(value: float) -> Interval | None:
            if self.is_pneumonia.all() or not self.is_pneumonia.any():
                return None
            found, cleared = self._rates()
            below = math.hypot(value - at(found.low, cleared.value), value - at(found.value, cleared.low))
            above = math.hypot(at(found.high, cleared.value) - value, at(found.value, cleared.high) - value)
            return Interval(max(0.0, value - below), min(1.0, value + above), _SQUARE_AND_ADD)

        return interval

    def _of_rates(self, prevalence: float, is_positive: bool) -> Interval:
        """For a PPV (positive) or NPV: from the intervals of sensitivity and specificity."""
        found, cleared = (Estimate(rate.value, rate.low, rate.high, "") for rate in self._rates())
        if is_positive:
            return predictive_value_interval(found, complement(cleared), prevalence)
        return predictive_value_interval(cleared, complement(found), 1 - prevalence)

    def _rates(self) -> tuple[_Rate, _Rate]:
        """Sensitivity and specificity with the ends of their intervals."""
        rates = count_outcomes(self.is_called, self.is_pneumonia)
        return (
            _Rate(float(rates.sensitivity), self._found.low, self._found.high),
            _Rate(float(rates.specificity), self._cleared.low, self._cleared.high),
        )


def _counts_at(sensitivity: float, specificity: float, truth: Booleans) -> Confusion:
    """The counts of these films at the rates."""
    pneumonia, normal = float(truth.sum()), float((~truth).sum())
    parts = (sensitivity * pneumonia, (1 - sensitivity) * pneumonia, (1 - specificity) * normal, specificity * normal)
    return Confusion(*(np.asarray(part, dtype=np.float64) for part in parts))


def _f1(counts: Confusion) -> Floats:
    return counts.f1


def _balanced(counts: Confusion) -> Floats:
    return counts.balanced_accuracy
