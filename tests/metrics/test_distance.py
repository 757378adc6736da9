"""How far a film lies from others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.covariance import LedoitWolf

from hilum.errors import HilumError
from hilum.metrics.distance import FEWEST_FOR_A_LIMIT, fit_distance, ledoit_wolf, upper_limit


@pytest.mark.parametrize("shape", [(40, 5), (12, 30), (300, 3)])
def test_shrinkage_is_that_of_scikit_learn(shape: tuple[int, int]) -> None:
    generator = np.random.default_rng(sum(shape))
    values = generator.normal(size=shape) @ generator.normal(size=(shape[1], shape[1]))
    values -= values.mean(axis=0)
    reference = LedoitWolf(assume_centered=True).fit(values)
    covariance, shrinkage = ledoit_wolf(values)
    np.testing.assert_allclose(covariance, reference.covariance_, rtol=1e-9)
    assert shrinkage == pytest.approx(reference.shrinkage_, abs=1e-12)


def test_distance_of_one_feature_is_its_score_over_the_root_of_their_number() -> None:
    values = np.array([[0.0], [2.0], [4.0]])  # mean 2, spread sqrt(8/3)
    distance = fit_distance(values)
    assert distance([[6.0]]) == pytest.approx([4 / np.sqrt(8 / 3)])


@settings(deadline=None)
@given(st.floats(0.1, 100), st.floats(-50, 50))
def test_unit_and_origin_of_a_feature_change_no_distance(unit: float, origin: float) -> None:
    values = np.random.default_rng(0).normal(size=(30, 4))
    other = values.copy()
    other[:, 1] = origin + unit * other[:, 1]
    np.testing.assert_allclose(fit_distance(other)(other), fit_distance(values)(values), rtol=1e-5)


def test_feature_that_never_changed_makes_a_film_far_where_it_does() -> None:
    values = np.random.default_rng(0).normal(size=(100, 3))
    values[:, 2] = 0
    usual, strange = fit_distance(values)([[0, 0, 0], [0, 0, 1]])
    assert strange > usual + 2


@pytest.mark.parametrize("values", [[[1.0, 2.0]], [[1.0], [np.nan]], [1.0, 2.0]])
def test_films_that_say_nothing_are_refused(values: object) -> None:
    with pytest.raises(HilumError, match="features of the shape"):
        fit_distance(values)  # type: ignore[arg-type]


def test_limit_is_exceeded_as_seldom_as_it_says() -> None:
    generator = np.random.default_rng(1)
    for patients in (20, 150, 400):  # of these, the first is too few for counting
        draws = np.exp(generator.normal(0, 0.3, (1000, patients + 1)))
        limits = [upper_limit(row[:-1], np.arange(patients), 0.01) for row in draws]
        assert np.mean(draws[:, -1] > np.array(limits, dtype=float)) < 0.02


def test_patient_with_many_films_counts_as_one() -> None:
    patient = np.r_[np.arange(99), np.full(500, 99)]
    values = np.r_[np.ones(99), np.full(500, 9.0)]
    assert upper_limit(values, patient, 0.01) == 9.0
    assert upper_limit(values, patient, 0.02) == 1.0  # by films, five sixths lie above it


def test_too_few_patients_give_no_limit() -> None:
    few = np.arange(FEWEST_FOR_A_LIMIT - 1)
    assert upper_limit(few + 1.0, few, 0.01) is None
    one_more = np.arange(FEWEST_FOR_A_LIMIT)
    limit = upper_limit(one_more + 1.0, one_more, 0.01)
    assert limit is not None and limit > FEWEST_FOR_A_LIMIT
