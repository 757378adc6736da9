from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from hilum.metrics import risk_coverage_area, risk_coverage_curve
from hilum.metrics.arrays import Booleans, Floats
from scored_films import scored_films


def test_the_curve_by_hand() -> None:
    curve = risk_coverage_curve([3.0, 2.0, 1.0, 1.0], [False, True, False, True])
    assert curve.certainty.tolist() == [3, 2, 1]
    assert curve.coverage.tolist() == [0.25, 0.5, 1.0]
    assert curve.risk.tolist() == [0.0, 0.5, 0.5]
    assert risk_coverage_area([3.0, 2.0, 1.0, 1.0], [False, True, False, True]) == (0 + 0.5 + 0.5 + 0.5) / 4


@given(scored_films())
def test_the_area_is_the_mean_risk_film_by_film(films: tuple[Floats, Booleans]) -> None:
    certainty, wrong = films
    risks = [wrong[certainty >= one].mean() for one in certainty]
    assert risk_coverage_area(certainty, wrong) == pytest.approx(np.mean(risks), abs=1e-12)


@given(scored_films())
def test_weights_repeat_films(films: tuple[Floats, Booleans]) -> None:
    certainty, wrong = films
    times = np.random.default_rng(0).integers(1, 4, len(wrong))
    repeated = risk_coverage_area(np.repeat(certainty, times), np.repeat(wrong, times))
    assert risk_coverage_area(certainty, wrong, times) == pytest.approx(float(repeated), abs=1e-12)


def test_certainties_that_say_nothing_score_the_share_of_wrong_answers() -> None:
    assert risk_coverage_area(np.zeros(5), [True, False, False, False, True]) == pytest.approx(0.4)
