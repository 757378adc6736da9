"""The interval of a PPV or NPV at a stated prevalence, from those of sensitivity and specificity."""

from __future__ import annotations

import math

from hilum.metrics.estimates import Estimate
from hilum.metrics.means import difference
from hilum.metrics.platt import log_odds, probability_of
from hilum.metrics.proportions import Interval


def complement(rate: Estimate) -> Estimate:
    """One minus a rate with its interval.

    >>> complement(Estimate(0.75, 0.5, 1.0, "Wilson"))
    Estimate(value=0.25, low=0.0, high=0.5, method='Wilson')
    """
    low = None if rate.high is None else 1 - rate.high
    high = None if rate.low is None else 1 - rate.low
    return Estimate(None if rate.value is None else 1 - rate.value, low, high, rate.method)


def predictive_value_interval(right: Estimate, wrong: Estimate, prevalence: float) -> Interval:
    """The 95 % interval of the chance that a call is right.

    The odds of it are those of the prevalence times right over wrong; the interval of that ratio comes from both
    intervals on the log scale. Where one of them is 0, and has no logarithm, each goes to its farther end.

    Args:
        right: how often the class that is called gets this call: sensitivity for a PPV, specificity for an NPV.
        wrong: how often the other class gets it: 1 - specificity, or 1 - sensitivity. Not both are 0; both have
            intervals.
        prevalence: of the class that is called, as a fraction.

    Source: Zou and Donner 2008 (MOVER) for the ratio; Mercaldo, Lau and Zhou 2007 for the logit scale.

    >>> found = predictive_value_interval(Estimate(0.9, 0.8, 0.95, ""), Estimate(0.2, 0.1, 0.3, ""), 0.5)
    >>> round(found.low, 3), round(found.high, 3)
    (0.747, 0.9)
    """
    words = "from the intervals of sensitivity and specificity"
    first, second = _logarithm(right), _logarithm(wrong)
    if math.isinf(first.value or 0) or math.isinf(second.value or 0):
        low, high = (first.low or 0) - (second.high or 0), (first.high or 0) - (second.low or 0)
        return Interval(*_probabilities(low, high, prevalence), f"{words}, each at its farther end")
    ratio = difference(first, second)
    ends = (-math.inf if ratio.low is None else ratio.low, math.inf if ratio.high is None else ratio.high)
    return Interval(*_probabilities(*ends, prevalence), f"{words} (MOVER, Zou and Donner 2008)")


def _logarithm(rate: Estimate) -> Estimate:
    value, low, high = (
        -math.inf if one is None or one <= 0 else math.log(one) for one in (rate.value, rate.low, rate.high)
    )
    return Estimate(value, low, high, rate.method)


def _probabilities(low: float, high: float, prevalence: float) -> tuple[float, float]:
    odds = log_odds(prevalence)
    return float(probability_of(odds + low)), float(probability_of(odds + high))
