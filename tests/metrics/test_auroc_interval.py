from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from hilum.metrics import Estimate, Statistic, auroc, auroc_over_patients, estimate, resample_patients
from hilum.metrics.arrays import Booleans, Floats
from reference_films import REFERENCE, both_models


def _estimate(score: Floats, truth: Booleans, group: np.ndarray) -> Estimate:
    resampling = resample_patients(group, truth)
    own = auroc_over_patients(resampling, score, truth)
    return estimate([Statistic(partial(auroc, score, truth), without_draws=own)], resampling)[0]


@both_models
def test_singletons_agree_with_the_delong_interval_of_r(model: str) -> None:
    expected = REFERENCE.statistics[model]
    found = _estimate(REFERENCE.probability[model], REFERENCE.is_pneumonia, np.arange(624))
    assert found.value == pytest.approx(expected["auroc"], abs=1e-12)
    # The same variance on the logit scale, by the delta method, with Student's t for many degrees of freedom.
    reach = 1.96 * expected["delong_variance"] ** 0.5 / (expected["auroc"] * (1 - expected["auroc"]))
    middle = np.log(expected["auroc"] / (1 - expected["auroc"]))
    assert (found.low, found.high) == pytest.approx(1 / (1 + np.exp([reach - middle, -reach - middle])), abs=2e-4)


def test_an_interval_near_1_stays_below_1_and_reaches_farther_down() -> None:
    found = _estimate(REFERENCE.probability["fine_tuned"], REFERENCE.is_pneumonia, REFERENCE.patient)
    assert found.value is not None and found.low is not None and found.high is not None
    assert 0 < found.high - found.value < found.value - found.low
    assert found.high < 1
    assert found.method == "Obuchowski's variance over 428 patients, logit scale"


def test_a_perfect_auroc_gets_newcombes_interval() -> None:
    score, truth = np.array([0.1, 0.2, 0.3, 0.7, 0.8, 0.9]), np.arange(6) > 2
    found = _estimate(score, truth, np.arange(6))
    assert found.low is not None
    assert (found.value, found.high) == (1, 1)
    # The bound solves 1 - A = 1.96 sqrt(A (1 - A) (1 + 2 ((1 - A)/(2 - A) + A/(1 + A))) / 9), by definition.
    a = found.low
    reach = 1.959964 * np.sqrt(a * (1 - a) * (1 + 2 * ((1 - a) / (2 - a) + a / (1 + a))) / 9)
    assert 1 - a == pytest.approx(reach, abs=1e-6)
    assert 0.4 < a < 0.8


def test_a_worthless_order_has_the_mirrored_interval() -> None:
    score, truth = np.array([0.1, 0.2, 0.3, 0.7, 0.8, 0.9]), np.arange(6) > 2
    best, worst = _estimate(score, truth, np.arange(6)), _estimate(-score, truth, np.arange(6))
    assert best.low is not None and worst.high is not None
    assert (worst.value, worst.low) == (0, 0)
    assert worst.high == pytest.approx(1 - best.low)


def test_one_patient_of_a_class_shows_no_spread() -> None:
    found = _estimate(np.array([0.9, 0.4, 0.5, 0.1]), np.array([True, True, False, False]), np.array([0, 0, 1, 2]))
    assert (found.value, found.low) == (0.75, None)
    assert found.method == "no interval: one patient alone shows no spread"
