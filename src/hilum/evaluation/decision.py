"""Films called pneumonia or not, and the statistics that judge the calls."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from hilum.metrics import Confusion, Estimate, Interval, Resampling, Statistic, clustered_wilson, count_outcomes
from hilum.metrics.arrays import Booleans, Floats
from hilum.metrics.latest import OfLatestWeights
from hilum.metrics.predictive_values import complement, predictive_value_interval


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
        precision, accuracy = self._share(truth, called), self._share(called == truth, np.ones_like(truth))
        return [
            self.statistic(lambda counts: counts.sensitivity, "no film with pneumonia", self._share(called, truth)),
            self.statistic(lambda counts: counts.specificity, "no normal film", self._share(~called, ~truth)),
            self.statistic(lambda counts: counts.precision, "no film called pneumonia", precision),
            self.statistic(lambda counts: counts.f1, "no film with pneumonia, and none called so"),
            self.statistic(lambda counts: counts.balanced_accuracy, "films of one class only"),
            self.statistic(lambda counts: counts.accuracy, "no film", accuracy),
        ]

    def predictive_values(self, prevalence: float) -> list[Statistic]:
        """PPV and NPV where `prevalence` of the films have pneumonia."""
        ppv = partial(Confusion.positive_predictive_value, prevalence=prevalence)
        npv = partial(Confusion.negative_predictive_value, prevalence=prevalence)
        return [
            self.statistic(ppv, "no film called pneumonia", lambda value: self._of_rates(value, prevalence, True)),
            self.statistic(npv, "no film called normal", lambda value: self._of_rates(value, prevalence, False)),
        ]

    def _share(self, is_success: Booleans, rows: Booleans) -> Callable[[float], Interval]:
        """The interval of the share of successes (n,) among the films of the rows (n,)."""
        group, unit = self.resampling.group[rows], self.resampling.unit
        return lambda _value: clustered_wilson(is_success[rows], group, unit)

    def _of_rates(self, value: float, prevalence: float, is_positive: bool) -> Interval:
        """For a PPV (positive) or NPV: from the intervals of sensitivity and specificity."""
        truth, called = self.is_pneumonia, self.is_called
        sensitivity, specificity = self._share(called, truth)(value), self._share(~called, ~truth)(value)
        rates = count_outcomes(called, truth)
        found = Estimate(float(rates.sensitivity), sensitivity.low, sensitivity.high, "")
        cleared = Estimate(float(rates.specificity), specificity.low, specificity.high, "")
        if is_positive:
            return predictive_value_interval(found, complement(cleared), prevalence)
        return predictive_value_interval(cleared, complement(found), 1 - prevalence)
