"""Means over runs and differences of figures."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from hilum.errors import HilumError
from hilum.metrics import Estimate
from hilum.metrics.means import difference, mean_over_runs
from hilum.metrics.quantiles import student_quantile

FIVE = [0.030, 0.034, 0.032, 0.038, 0.036]


def test_mean_of_five_seeds_by_hand() -> None:
    # mean 0.034; deviations -4, 0, -2, 4, 2 thousandths: variance 40 / 4 = 10; 2.776 * sqrt(10 / 5) = 3.926
    over = mean_over_runs(FIVE)
    assert over.mean.value == pytest.approx(0.034)
    assert over.spread == pytest.approx(math.sqrt(10) / 1000)
    assert over.mean.low == pytest.approx(0.034 - 0.003926, abs=1e-6)
    assert over.mean.high == pytest.approx(0.034 + 0.003926, abs=1e-6)
    assert "4 degrees of freedom" in over.mean.method


def test_runs_that_share_films_have_a_wider_interval_by_hand() -> None:
    # 1/5 + 0.2/0.8 = 0.45 instead of 0.2: wider by sqrt(2.25) = 1.5
    apart, shared = mean_over_runs(FIVE).mean, mean_over_runs(FIVE, held_out_share=0.2).mean
    assert shared.high is not None and apart.high is not None and apart.value is not None
    assert (shared.high - apart.value) / (apart.high - apart.value) == pytest.approx(1.5)
    assert "Nadeau and Bengio" in shared.method


def test_interval_agrees_with_scipy() -> None:
    low, high = stats.t.interval(0.95, 4, np.mean(FIVE), stats.sem(FIVE))
    mean = mean_over_runs(FIVE).mean
    assert mean.low == pytest.approx(low) and mean.high == pytest.approx(high)


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 5, 10, 29, 30, 200])
@pytest.mark.parametrize("level", [0.5, 0.95, 0.99])
def test_quantile_agrees_with_scipy(degrees: int, level: float) -> None:
    assert student_quantile(degrees, level) == pytest.approx(stats.t.ppf(0.5 + level / 2, degrees), rel=1e-9)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=8))
def test_mean_lies_inside_its_interval(values: list[float]) -> None:
    mean = mean_over_runs(values).mean
    assert mean.value is not None and mean.low is not None and mean.high is not None
    assert mean.low <= mean.value <= mean.high


def test_one_run_has_no_interval_and_none_no_mean() -> None:
    assert mean_over_runs([0.04]).mean.text() == "0.040 [no interval]"
    with pytest.raises(HilumError, match="no figure"):
        mean_over_runs([])


def test_difference_by_hand() -> None:
    one = difference(Estimate(0.5, 0.47, 0.54, ""), Estimate(0.4, 0.37, 0.44, ""))
    assert one.value == pytest.approx(0.1)
    assert one.low == pytest.approx(0.1 - 0.05)  # 3-4-5 thousandths: sqrt(0.03^2 + 0.04^2)
    assert one.high == pytest.approx(0.1 + 0.05)


def test_difference_of_unknown_figures_says_so() -> None:
    known, unknown = Estimate(0.5, 0.4, 0.6, ""), Estimate(None, None, None, "")
    assert difference(known, unknown).text() == "not defined"
    assert difference(known, Estimate(0.5, None, None, "")).text() == "0.000 [no interval]"
