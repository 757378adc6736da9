from __future__ import annotations

import pytest
from scipy import stats

from hilum.metrics.quantiles import normal_quantile, student_quantile


@pytest.mark.parametrize("degrees", [1, 2, 3, 10, 47, 200, 1000])
def test_quantiles_agree_with_scipy(degrees: int) -> None:
    assert student_quantile(degrees) == pytest.approx(stats.t.ppf(0.975, degrees), abs=1e-9)
    assert student_quantile(degrees, 0.9) == pytest.approx(stats.t.ppf(0.95, degrees), abs=1e-9)


def test_many_degrees_are_nearly_the_normal_quantile() -> None:
    assert student_quantile(10**6) == student_quantile(1000) == pytest.approx(normal_quantile(0.95), rel=0.0013)
