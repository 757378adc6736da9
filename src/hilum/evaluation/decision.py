"""Films called pneumonia or not, and the statistics that judge the calls."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from hilum.metrics import Confusion, Interval, Resampling, Statistic, count_outcomes, wilson_over_patients
from hilum.metrics.arrays import Booleans, Floats


class Decision:
    """The calls at one threshold against the truth.

    The counts of the latest weights are kept: all figures of a draw come from the same four counts.

    Args:
        is_called: (n,) bool, called pneumonia.
        is_pneumonia: (n,) bool.
        resampling: of the films' patients.
    """

    def __init__(self, is_called: Booleans, is_pneumonia: Booleans, resampling: Resampling) -> None:
        self.is_called, self.is_pneumonia, self.resampling = is_called, is_pneumonia, resampling
        self._latest: tuple[Floats, Confusion] | None = None

    def counts(self, weights: Floats) -> Confusion:
        """The four counts, each (...,), of (..., n) weights."""
        if self._latest is None or self._latest[0] is not weights:
            self._latest = (weights, count_outcomes(self.is_called, self.is_pneumonia, weights))
        return self._latest[1]

    def statistic(
        self,
        of_counts: Callable[[Confusion], Floats],
        undefined: str,
        without_width: Callable[[float], Interval | None] = lambda _value: None,
    ) -> Statistic:
        """A figure of the four counts; the other arguments as in `Statistic`."""
        return Statistic(lambda weights: of_counts(self.counts(weights)), undefined, without_width)

    def proportions(self) -> list[Statistic]:
        """Sensitivity, specificity, precision, F1, balanced accuracy and accuracy, in this order."""
        truth, wilson = self.is_pneumonia, partial(wilson_over_patients, self.resampling)
        return [
            self.statistic(lambda counts: counts.sensitivity, "no film with pneumonia", wilson(truth)),
            self.statistic(lambda counts: counts.specificity, "no normal film", wilson(~truth)),
            self.statistic(lambda counts: counts.precision, "no film called pneumonia", wilson(self.is_called)),
            self.statistic(lambda counts: counts.f1, "no film with pneumonia, and none called so"),
            self.statistic(lambda counts: counts.balanced_accuracy, "films of one class only"),
            self.statistic(lambda counts: counts.accuracy, "no film", wilson(np.ones_like(truth))),
        ]

    def predictive_values(self, prevalence: float) -> list[Statistic]:
        """PPV and NPV where `prevalence` of the films have pneumonia."""
        ppv = partial(Confusion.positive_predictive_value, prevalence=prevalence)
        npv = partial(Confusion.negative_predictive_value, prevalence=prevalence)
        return [
            self.statistic(ppv, "no film called pneumonia", partial(self._from_wilson, ppv)),
            self.statistic(npv, "no film called normal", partial(self._from_wilson, npv)),
        ]

    def _from_wilson(self, of_counts: Callable[[Confusion], Floats], value: float) -> Interval | None:
        """For a predictive value without width: a sensitivity or specificity of 0 or 1 moves to its Wilson ends."""
        counts, truth = count_outcomes(self.is_called, self.is_pneumonia), self.is_pneumonia
        reached = [value]
        for sensitivity in _ends(float(counts.sensitivity), wilson_over_patients(self.resampling, truth)):
            for specificity in _ends(float(counts.specificity), wilson_over_patients(self.resampling, ~truth)):
                reached.append(float(of_counts(_rates(sensitivity, specificity))))
        low, high = float(np.nanmin(reached)), float(np.nanmax(reached))
        words = "Wilson over patients for the sensitivity or specificity behind it, because the bootstrap has no width"
        return Interval(low, high, words) if low < high else None


def _ends(proportion: float, wilson: Callable[[float], Interval | None]) -> tuple[float, ...]:
    """The ends of Wilson's interval for a proportion of 0 or 1, else the proportion itself."""
    interval = wilson(proportion)
    return (proportion,) if interval is None else (interval.low, interval.high)


def _rates(sensitivity: float, specificity: float) -> Confusion:
    """Counts of one film a class with these rates."""
    parts = (sensitivity, 1 - sensitivity, 1 - specificity, specificity)
    return Confusion(*(np.asarray(part, dtype=np.float64) for part in parts))
