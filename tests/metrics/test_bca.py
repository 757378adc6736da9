from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from hilum.metrics.bca import acceleration, bca_levels


def test_an_even_bootstrap_is_cut_at_the_tails() -> None:
    assert bca_levels(0.5, 2000, np.array([1.0, 2.0, 3.0]), np.zeros(3, dtype=int)) == pytest.approx((0.025, 0.975))


def test_levels_by_the_formula_of_efron() -> None:
    left_out, normal = np.array([0.0, 0.1, 0.4, 1.5]), stats.norm
    deviation = left_out.mean() - left_out
    a, z = (deviation**3).sum() / (6 * (deviation**2).sum() ** 1.5), normal.ppf(0.4)
    expected = [normal.cdf(z + (z + q) / (1 - a * (z + q))) for q in normal.ppf([0.025, 0.975])]
    assert bca_levels(0.4, 2000, left_out, np.zeros(4, dtype=int)) == pytest.approx(expected)


def test_a_figure_beyond_every_draw_still_has_levels() -> None:
    low, high = bca_levels(0.0, 100, np.array([1.0, 2.0, 3.0]), np.zeros(3, dtype=int))
    assert 0 <= low < high < 0.5


@pytest.mark.parametrize(("below", "sign"), [(0.0, 1.0), (1.0, -1.0)])
def test_levels_keep_their_order_at_the_steepest_skew(below: float, sign: float) -> None:
    left_out = np.r_[np.zeros(99_999), sign]  # acceleration near 1/6 in size
    low, high = bca_levels(below, 10**7, left_out, np.zeros(100_000, dtype=int))
    assert 0 <= low <= high <= 1
    assert low == 0 or high == 1


def test_acceleration_is_bounded_and_needs_a_spread() -> None:
    one_stands_out = np.r_[np.zeros(999), 1.0]
    assert abs(acceleration(one_stands_out, np.zeros(1000, dtype=int))) <= 1 / 6
    assert acceleration(np.ones(5), np.zeros(5, dtype=int)) == 0
    assert acceleration(np.array([1.0, np.nan, 2.0]), np.zeros(3, dtype=int)) == pytest.approx(0)
