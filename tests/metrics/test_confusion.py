from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn

from hilum.metrics import Confusion, count_outcomes, negative_predictive_value, positive_predictive_value
from hilum.metrics.arrays import Booleans, Floats
from reference_films import REFERENCE, both_models
from scored_films import scored_films


def _four(counts: Confusion) -> list[float]:
    parts = (counts.true_positives, counts.false_negatives, counts.false_positives, counts.true_negatives)
    return [float(part) for part in parts]


def test_counts_and_proportions_by_hand() -> None:
    called = [True, True, False, True, False, False, False]
    truth = [True, True, True, False, False, False, False]
    counts = count_outcomes(called, truth)
    assert _four(counts) == [2, 1, 1, 3]
    assert counts.sensitivity == pytest.approx(2 / 3)
    assert counts.specificity == pytest.approx(3 / 4)
    assert counts.precision == pytest.approx(2 / 3)
    assert counts.f1 == pytest.approx(4 / 6)
    assert counts.accuracy == pytest.approx(5 / 7)
    assert counts.balanced_accuracy == pytest.approx((2 / 3 + 3 / 4) / 2)


@both_models
def test_counts_agree_with_r(model: str) -> None:
    counts = count_outcomes(REFERENCE.probability[model] >= 0.5, REFERENCE.is_pneumonia)
    expected = REFERENCE.statistics[model]
    assert _four(counts) == [expected[name] for name in ("tp", "fn", "fp", "tn")]


@given(scored_films(both_classes=True))
def test_proportions_agree_with_scikit_learn(films: tuple[Floats, Booleans]) -> None:
    probability, truth = films
    called = probability >= 0.5
    counts = count_outcomes(called, truth)
    assert counts.sensitivity == pytest.approx(sklearn.recall_score(truth, called))
    assert counts.specificity == pytest.approx(sklearn.recall_score(~truth, ~called))
    assert counts.accuracy == pytest.approx(sklearn.accuracy_score(truth, called))
    assert counts.balanced_accuracy == pytest.approx(sklearn.balanced_accuracy_score(truth, called))
    assert counts.f1 == pytest.approx(sklearn.f1_score(truth, called))
    if called.any():
        assert counts.precision == pytest.approx(sklearn.precision_score(truth, called))


@given(scored_films(), st.integers(0, 5))
def test_weights_count_films_several_times(films: tuple[Floats, Booleans], seed: int) -> None:
    probability, truth = films
    times = np.random.default_rng(seed).integers(0, 4, (3, len(truth)))
    counts = count_outcomes(probability >= 0.5, truth, times)
    total = counts.true_positives + counts.false_negatives + counts.false_positives + counts.true_negatives
    np.testing.assert_array_equal(total, times.sum(axis=1))
    np.testing.assert_array_equal(counts.true_positives, times @ ((probability >= 0.5) & truth))


def test_what_is_not_counted_is_not_a_number() -> None:
    counts = count_outcomes([False, False], [False, False])
    assert np.isnan(counts.sensitivity)
    assert np.isnan(counts.precision)
    assert np.isnan(counts.balanced_accuracy)
    assert counts.specificity == 1


def test_predictive_values_by_hand() -> None:
    # Of 10,000 films 500 have pneumonia: 475 found, 25 missed; of 9,500 normal ones 950 are called pneumonia.
    assert positive_predictive_value(0.95, 0.90, prevalence=0.05) == pytest.approx(475 / (475 + 950))
    assert negative_predictive_value(0.95, 0.90, prevalence=0.05) == pytest.approx(8550 / (8550 + 25))


@given(scored_films(both_classes=True))
def test_ppv_at_the_prevalence_of_the_films_is_their_precision(films: tuple[Floats, Booleans]) -> None:
    probability, truth = films
    counts = count_outcomes(probability >= 0.5, truth)
    ppv = counts.positive_predictive_value(float(truth.mean()))
    np.testing.assert_allclose(ppv, counts.precision, atol=1e-12)


def test_a_test_that_calls_nothing_has_no_ppv() -> None:
    assert np.isnan(positive_predictive_value(0.0, 1.0, prevalence=0.05))
    assert negative_predictive_value(0.0, 1.0, prevalence=0.05) == pytest.approx(0.95)
