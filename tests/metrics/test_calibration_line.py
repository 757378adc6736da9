from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from hilum.metrics import calibration_line, estimate_calibration_line, probability_of, resample_patients
from reference_films import REFERENCE, both_models

TRUTH = REFERENCE.is_pneumonia


def _logit(model: str) -> np.ndarray:
    return np.log(REFERENCE.probability[model] / (1 - REFERENCE.probability[model]))


@both_models
def test_the_line_is_the_most_likely_one_by_scipy(model: str) -> None:
    logit = _logit(model)
    line = calibration_line(logit, TRUTH)

    def loss(slope: float, intercept: float) -> float:
        shifted = slope * logit + intercept
        return float((np.logaddexp(0, shifted) - TRUTH * shifted).sum())

    found = optimize.minimize(lambda both: loss(*both), [1.0, 0.0], options={"gtol": 1e-8})
    assert [line.slope, line.intercept] == pytest.approx(found.x, abs=1e-4)
    alone = optimize.minimize_scalar(lambda shift: loss(1.0, shift), (-1, 1))
    assert line.in_the_large == pytest.approx(alone.x, abs=1e-5)


@both_models
def test_intervals_are_those_of_the_clustered_variance_of_statsmodels(model: str) -> None:
    statsmodels = pytest.importorskip("statsmodels.api", reason="statsmodels is not installed")
    logit = _logit(model)
    theirs = statsmodels.Logit(TRUTH * 1.0, statsmodels.add_constant(logit)).fit(
        disp=0, tol=1e-10, cov_type="cluster", cov_kwds={"groups": REFERENCE.patient}
    )
    found = estimate_calibration_line(logit, TRUTH, REFERENCE.patient)
    slope, intercept = found.slope, found.intercept
    assert [intercept.value, slope.value] == pytest.approx(theirs.params, abs=1e-6)
    reach = [one.high - one.value for one in (intercept, slope) if one.high is not None and one.value is not None]
    # statsmodels raises the variance by (n - 1)/(n - k) too; Student's t is the same for both.
    ratio = np.array(reach) / (theirs.bse * np.sqrt(622 / 623))
    assert ratio[0] == pytest.approx(ratio[1], rel=1e-6)
    assert 1.96 < ratio[0] < 2.02


def test_a_calibrated_model_has_slope_1_and_intercept_0_within_its_intervals() -> None:
    generator = np.random.default_rng(0)
    logit = generator.normal(0, 2, 3000)
    truth = generator.random(3000) < probability_of(logit)
    found = estimate_calibration_line(logit, truth, np.arange(3000))
    for one, right in ((found.slope, 1), (found.intercept, 0), (found.in_the_large, 0)):
        assert one.low is not None and one.high is not None
        assert one.low < right < one.high


def test_rows_of_weights_are_fitted_apart() -> None:
    logit = _logit("fine_tuned")
    weights = next(resample_patients(REFERENCE.patient, TRUTH, draws=5).blocks())
    together, alone = calibration_line(logit, TRUTH, weights), [calibration_line(logit, TRUTH, row) for row in weights]
    np.testing.assert_allclose(together.slope, [one.slope for one in alone], atol=1e-7)
    np.testing.assert_allclose(together.in_the_large, [one.in_the_large for one in alone], atol=1e-7)


@pytest.mark.parametrize("truth", [[False, False, True, True], [True, True, True, True]])
def test_classes_that_are_apart_have_no_line(truth: list[bool]) -> None:
    found = estimate_calibration_line([-2.0, -1.0, 1.0, 2.0], truth, [0, 1, 2, 3])
    assert found.slope.value is None
    assert found.slope.method.startswith("not defined")


def test_equal_logits_have_no_slope_but_a_shift() -> None:
    line = calibration_line([0.0, 0.0, 0.0], [True, True, False])
    assert np.isnan(line.slope)
    assert line.in_the_large == pytest.approx(np.log(2))
