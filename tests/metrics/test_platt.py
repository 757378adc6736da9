from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize
from sklearn.calibration import _SigmoidCalibration

from hilum.errors import HilumError
from hilum.metrics import auroc, fit_platt, fit_temperature, log_odds, probability_of, shift_prevalence
from hilum.metrics.arrays import Booleans, Floats
from reference_films import REFERENCE, both_models
from scored_films import scored_films


def _logits(probability: Floats) -> Floats:
    return np.log(probability / (1 - probability))


def test_two_films_meet_their_smoothed_targets() -> None:
    # Two films, two parameters: the line passes through the targets 2/3 and 1/3, whose logits are +-log 2.
    scaling = fit_platt([1.0, -1.0], [True, False])
    assert scaling.slope == pytest.approx(math.log(2), abs=1e-9)
    assert scaling.intercept == pytest.approx(0, abs=1e-9)


def test_separable_films_get_a_finite_slope() -> None:
    scaling = fit_platt([-3.0, -2.0, 2.0, 3.0], [False, False, True, True])
    assert 0 < scaling.slope < 5


@both_models
def test_fit_agrees_with_scikit_learn(model: str) -> None:
    logit = _logits(REFERENCE.probability[model])
    scaling = fit_platt(logit, REFERENCE.is_pneumonia)
    theirs = _SigmoidCalibration().fit(logit, REFERENCE.is_pneumonia)
    assert scaling.slope == pytest.approx(-theirs.a_, abs=1e-4)
    assert scaling.intercept == pytest.approx(-theirs.b_, abs=1e-4)


@both_models
def test_fit_is_the_minimum_that_scipy_finds(model: str) -> None:
    logit, truth = _logits(REFERENCE.probability[model]), REFERENCE.is_pneumonia
    target = np.where(truth, 391 / 392, 1 / 236)

    def loss(line: Floats) -> float:
        shifted = line[0] * logit + line[1]
        return float((np.logaddexp(0, shifted) - target * shifted).sum())

    found = optimize.minimize(loss, [1.0, 0.0], method="BFGS", options={"gtol": 1e-9})
    scaling = fit_platt(logit, truth)
    assert loss(np.array([scaling.slope, scaling.intercept])) <= loss(found.x) + 1e-10
    np.testing.assert_allclose([scaling.slope, scaling.intercept], found.x, atol=1e-5)


@given(scored_films(both_classes=True), st.floats(0.1, 10), st.floats(-5, 5))
def test_the_scale_of_the_logits_does_not_matter(films: tuple[Floats, Booleans], scale: float, shift: float) -> None:
    logit, truth = films
    if np.ptp(logit) < 1e-3:
        return
    first = fit_platt(logit, truth).probability(logit)
    second = fit_platt(logit * scale + shift, truth).probability(logit * scale + shift)
    np.testing.assert_allclose(first, second, atol=1e-6)


@given(scored_films(both_classes=True))
def test_whole_weights_on_a_balanced_set_repeat_films(films: tuple[Floats, Booleans]) -> None:
    logit, truth = films
    if np.ptp(logit) < 1e-3:
        return
    times = np.random.default_rng(0).integers(1, 4, len(truth))
    repeated = fit_platt(np.repeat(logit, times), np.repeat(truth, times))
    weighted = fit_platt(logit, truth, weight=times)
    np.testing.assert_allclose(weighted.probability(logit), repeated.probability(logit), atol=1e-9)


def test_extreme_logits_do_not_break_the_fit() -> None:
    scaling = fit_platt([-800.0, -1.0, 1.0, 900.0, 2.0], [False, True, False, True, True])
    assert math.isfinite(scaling.slope)
    assert math.isfinite(scaling.intercept)


def test_calibration_keeps_the_order_of_the_films() -> None:
    logit = _logits(REFERENCE.probability["fine_tuned"])
    calibrated = fit_platt(logit, REFERENCE.is_pneumonia).probability(logit)
    assert auroc(calibrated, REFERENCE.is_pneumonia) == auroc(logit, REFERENCE.is_pneumonia)


def test_one_class_cannot_be_calibrated() -> None:
    with pytest.raises(HilumError, match="got 2 films with pneumonia and 0 normal"):
        fit_platt([0.1, 0.2], [True, True])


def test_equal_logits_cannot_be_calibrated() -> None:
    with pytest.raises(HilumError, match="same logit"):
        fit_platt([0.3, 0.3], [True, False])


def test_prevalence_shift_by_hand() -> None:
    # Odds 3 at a prevalence of one half become odds 3 x (1/9) at one tenth.
    shifted = probability_of(shift_prevalence(math.log(3), calibrated_at=0.5, stated=0.1))
    assert shifted == pytest.approx((1 / 3) / (1 + 1 / 3))


@given(st.floats(-20, 20), st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_prevalence_shift_can_be_undone(logit: float, first: float, second: float) -> None:
    there = shift_prevalence(logit, calibrated_at=first, stated=second)
    assert shift_prevalence(there, calibrated_at=second, stated=first) == pytest.approx(logit, abs=1e-9)


@pytest.mark.parametrize("prevalence", [0.0, 1.0, 5.0, -0.1])
def test_prevalence_is_a_fraction(prevalence: float) -> None:
    with pytest.raises(HilumError, match=r"Write 0\.05 for 5 %"):
        log_odds(prevalence)


@given(st.floats(-700, 700))
def test_probability_of_a_logit_is_symmetric(logit: float) -> None:
    assert probability_of(logit) + probability_of(-logit) == pytest.approx(1, abs=1e-15)


@both_models
def test_temperature_is_the_minimum_that_scipy_finds(model: str) -> None:
    logit, truth = _logits(REFERENCE.probability[model]), REFERENCE.is_pneumonia
    target = np.where(truth, 391 / 392, 1 / 236)
    found = optimize.minimize_scalar(lambda slope: (np.logaddexp(0, slope * logit) - target * slope * logit).sum())
    scaling = fit_temperature(logit, truth)
    assert scaling.slope == pytest.approx(found.x, abs=1e-6)
    assert scaling.intercept == 0


def test_temperature_leaves_one_half_where_it_is_and_cannot_undo_a_shift() -> None:
    logit, truth = np.array([-2.0, -1.0, 1.0, 2.0]) + 5, np.array([False, False, True, True])
    assert fit_temperature(logit, truth).probability(0.0) == 0.5
    assert fit_platt(logit, truth).probability(5.0) == pytest.approx(0.5)


def test_temperature_of_one_class_is_refused() -> None:
    with pytest.raises(HilumError, match="got 2 films with pneumonia and 0 normal"):
        fit_temperature([0.1, 0.2], [True, True])
