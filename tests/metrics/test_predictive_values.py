from __future__ import annotations

import pytest

from hilum.metrics import Estimate, negative_predictive_value, positive_predictive_value
from hilum.metrics.predictive_values import complement, predictive_value_interval

SENSITIVITY, SPECIFICITY = Estimate(0.9, 0.8, 0.95, ""), Estimate(0.8, 0.7, 0.9, "")


@pytest.mark.parametrize("prevalence", [0.01, 0.2, 0.7])
def test_intervals_hold_the_values_by_bayes_and_keep_inside_both_ends(prevalence: float) -> None:
    ppv = predictive_value_interval(SENSITIVITY, complement(SPECIFICITY), prevalence)
    worst, value, best = (
        float(positive_predictive_value(a, b, prevalence)) for a, b in ((0.8, 0.7), (0.9, 0.8), (0.95, 0.9))
    )
    assert worst < ppv.low < value < ppv.high < best
    npv = predictive_value_interval(SPECIFICITY, complement(SENSITIVITY), 1 - prevalence)
    worst, value, best = (
        float(negative_predictive_value(a, b, prevalence)) for a, b in ((0.8, 0.7), (0.9, 0.8), (0.95, 0.9))
    )
    assert worst < npv.low < value < npv.high < best


def test_no_false_alarm_gives_a_ppv_of_one_with_the_low_end_of_both() -> None:
    found = predictive_value_interval(SENSITIVITY, Estimate(0.0, 0.0, 0.1, ""), 0.05)
    assert found.low == pytest.approx(float(positive_predictive_value(0.8, 0.9, 0.05)))
    assert found.high == 1


def test_nothing_found_gives_a_ppv_of_zero_with_the_high_end_of_both() -> None:
    found = predictive_value_interval(Estimate(0.0, 0.0, 0.1, ""), complement(SPECIFICITY), 0.05)
    assert found.low == 0
    assert found.high == pytest.approx(float(positive_predictive_value(0.1, 0.9, 0.05)))
