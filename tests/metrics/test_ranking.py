from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn

from hilum.metrics import auprc, auroc, precision_recall_curve, roc_curve
from hilum.metrics.arrays import Booleans, Floats
from reference_films import REFERENCE, both_models
from scored_films import scored_films

Films = tuple[Floats, Booleans]


def test_auroc_counts_a_tie_half() -> None:
    # By hand: of 2 x 2 pairs, 0.9 wins twice, 0.4 wins against 0.1 and ties with 0.4.
    assert auroc([0.9, 0.4, 0.4, 0.1], [True, True, False, False]) == 3.5 / 4


def test_auprc_by_hand() -> None:
    # Thresholds 0.9, 0.4 (three films at or above), 0.1: precision 1, 2/3; each gains half the sensitivity.
    assert auprc([0.9, 0.4, 0.4, 0.1], [True, True, False, False]) == pytest.approx((1 + 2 / 3) / 2)


def test_useless_scores_give_one_half_and_the_share_of_pneumonia() -> None:
    assert auroc([0.3] * 4, [True, False, False, False]) == 0.5
    assert auprc([0.3] * 4, [True, False, False, False]) == 0.25


@pytest.mark.parametrize("truth", [[True, True], [False, False]])
def test_one_class_leaves_auroc_undefined(truth: list[bool]) -> None:
    assert np.isnan(auroc([0.1, 0.9], truth))


def test_no_pneumonia_leaves_auprc_undefined() -> None:
    assert np.isnan(auprc([0.1, 0.9], [False, False]))


@given(scored_films(both_classes=True))
def test_auroc_agrees_with_scikit_learn(films: Films) -> None:
    probability, truth = films
    assert auroc(probability, truth) == pytest.approx(sklearn.roc_auc_score(truth, probability), abs=1e-12)


@given(scored_films(both_classes=True))
def test_auprc_agrees_with_scikit_learn(films: Films) -> None:
    probability, truth = films
    assert auprc(probability, truth) == pytest.approx(sklearn.average_precision_score(truth, probability), abs=1e-12)


@both_models
def test_auroc_agrees_with_r(model: str) -> None:
    auroc_here = auroc(REFERENCE.probability[model], REFERENCE.is_pneumonia)
    assert auroc_here == pytest.approx(REFERENCE.statistics[model]["auroc"], abs=1e-12)


@given(scored_films(both_classes=True))
def test_turning_scores_around_turns_auroc_around(films: Films) -> None:
    probability, truth = films
    assert auroc(probability, truth) + auroc(-probability, truth) == pytest.approx(1, abs=1e-12)


@given(scored_films(), st.data())
def test_a_weight_of_k_is_k_copies_of_the_film(films: Films, data: st.DataObject) -> None:
    probability, truth = films
    times = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(truth), max_size=len(truth))))
    if not times.any():
        times[0] = 1
    for figure in (auroc, auprc):
        copied = figure(np.repeat(probability, times), np.repeat(truth, times))
        np.testing.assert_allclose(figure(probability, truth, times), copied, atol=1e-12)


@given(scored_films())
def test_rows_of_weights_are_judged_apart(films: Films) -> None:
    probability, truth = films
    weights = np.random.default_rng(0).integers(0, 3, (3, len(truth)))
    for figure in (auroc, auprc):
        together = figure(probability, truth, weights)
        np.testing.assert_array_equal(together, [figure(probability, truth, row) for row in weights])


@given(scored_films(both_classes=True))
def test_area_under_the_roc_curve_is_the_auroc(films: Films) -> None:
    probability, truth = films
    curve = roc_curve(probability, truth)
    area = np.trapezoid(curve.sensitivity, 1 - curve.specificity)
    assert area == pytest.approx(float(auroc(probability, truth)), abs=1e-12)
    assert (curve.sensitivity[0], curve.specificity[0]) == (0, 1)
    assert (curve.sensitivity[-1], curve.specificity[-1]) == (1, 0)


@both_models
def test_roc_curve_agrees_with_scikit_learn(model: str) -> None:
    probability = REFERENCE.probability[model]
    curve = roc_curve(probability, REFERENCE.is_pneumonia)
    false_alarms, sensitivity, threshold = sklearn.roc_curve(
        REFERENCE.is_pneumonia, probability, drop_intermediate=False
    )
    np.testing.assert_allclose(1 - curve.specificity, false_alarms, atol=1e-12)
    np.testing.assert_allclose(curve.sensitivity, sensitivity, atol=1e-12)
    np.testing.assert_array_equal(curve.threshold, threshold)


@both_models
def test_precision_recall_curve_agrees_with_scikit_learn(model: str) -> None:
    probability = REFERENCE.probability[model]
    curve = precision_recall_curve(probability, REFERENCE.is_pneumonia)
    precision, recall, threshold = sklearn.precision_recall_curve(REFERENCE.is_pneumonia, probability)
    np.testing.assert_allclose(curve.precision, precision[:-1][::-1], atol=1e-12)
    np.testing.assert_allclose(curve.recall, recall[:-1][::-1], atol=1e-12)
    np.testing.assert_array_equal(curve.threshold, threshold[::-1])
