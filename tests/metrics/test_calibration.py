from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn
from sklearn.calibration import calibration_curve

from hilum.errors import HilumError
from hilum.metrics import brier, brier_parts, expected_calibration_error, perfect_ece, reliability_bins
from hilum.metrics.arrays import Booleans, Floats
from reference_films import REFERENCE, both_models
from scored_films import scored_films

Films = tuple[Floats, Booleans]


def test_brier_by_hand() -> None:
    assert brier([1.0, 0.5, 0.0], [True, False, True]) == pytest.approx((0 + 0.25 + 1) / 3)


@given(scored_films(both_classes=True))
def test_brier_agrees_with_scikit_learn(films: Films) -> None:
    probability, truth = films
    assert brier(probability, truth) == pytest.approx(sklearn.brier_score_loss(truth, probability), abs=1e-12)


@both_models
def test_brier_agrees_with_r(model: str) -> None:
    brier_here = brier(REFERENCE.probability[model], REFERENCE.is_pneumonia)
    assert brier_here == pytest.approx(REFERENCE.statistics[model]["brier"], abs=1e-12)


def test_calibration_error_of_two_equal_bins_by_hand() -> None:
    error = expected_calibration_error([0.1, 0.3, 0.6, 1.0], [False, True, True, True], bins=2)
    assert error == pytest.approx((abs(0.4 - 1) + abs(1.6 - 2)) / 4)


def test_films_with_equal_probabilities_share_a_bin() -> None:
    # Cut apart in the middle, the order of the films would decide: 0 or 0.5.
    error = expected_calibration_error([0.5, 0.5, 0.5, 0.5], [True, True, False, False], bins=2)
    assert error == 0
    assert len(reliability_bins([0.5, 0.5, 0.5, 0.5], [True, True, False, False], bins=2)) == 1


@given(scored_films(), st.integers(1, 20))
def test_calibration_error_is_a_fraction(films: Films, bins: int) -> None:
    error = expected_calibration_error(*films, bins=bins)
    assert 0 <= error <= 1 + 1e-12


@given(scored_films(), st.integers(1, 20))
def test_doubling_every_film_changes_no_calibration_error(films: Films, bins: int) -> None:
    once = expected_calibration_error(*films, bins=bins)
    twice = expected_calibration_error(*films, np.full(len(films[0]), 2.0), bins=bins)
    assert twice == pytest.approx(float(once), abs=1e-12)


@given(scored_films())
def test_rows_of_weights_are_calibrated_apart(films: Films) -> None:
    weights = np.random.default_rng(0).integers(0, 3, (3, len(films[0])))
    together = expected_calibration_error(*films, weights)
    np.testing.assert_array_equal(together, [expected_calibration_error(*films, row) for row in weights])


def test_equal_mass_agrees_with_splitting_the_sorted_films() -> None:
    # 624 films do not divide by 15; 16 bins of 39 are the same for every definition. No cut falls on a tie here.
    order = np.argsort(REFERENCE.probability["fine_tuned"])
    parts = np.split(order, 16)
    gaps = [abs((REFERENCE.probability["fine_tuned"][part] - REFERENCE.is_pneumonia[part]).sum()) for part in parts]
    error = expected_calibration_error(REFERENCE.probability["fine_tuned"], REFERENCE.is_pneumonia, bins=16)
    assert error == pytest.approx(sum(gaps) / 624, abs=1e-12)


def test_reliability_bins_agree_with_scikit_learn() -> None:
    frequency, stated = calibration_curve(
        REFERENCE.is_pneumonia, REFERENCE.probability["fine_tuned"], n_bins=16, strategy="quantile"
    )
    bins = reliability_bins(REFERENCE.probability["fine_tuned"], REFERENCE.is_pneumonia, 16)
    np.testing.assert_allclose([one.frequency for one in bins], frequency, atol=1e-12)
    np.testing.assert_allclose([one.mean_probability for one in bins], stated, atol=1e-12)


@given(scored_films(), st.integers(1, 20))
def test_reliability_bins_hold_every_film_once(films: Films, bins: int) -> None:
    found = reliability_bins(*films, bins=bins)
    assert sum(one.films for one in found) == len(films[0])
    assert sum(one.pneumonia for one in found) == films[1].sum()
    assert all(one.frequency_low <= one.frequency <= one.frequency_high for one in found)


def test_equal_mass_bins_differ_by_one_film_at_most() -> None:
    sizes = [one.films for one in reliability_bins(np.linspace(0, 1, 624), np.arange(624) % 2 == 0)]
    assert len(sizes) == 15
    assert set(sizes) == {41, 42}


def test_bins_that_do_not_exist_are_refused() -> None:
    with pytest.raises(HilumError, match="Got 0 bins"):
        expected_calibration_error([0.5], [True], bins=0)


@given(scored_films(), st.integers(1, 20))
def test_the_parts_of_the_brier_score_add_up(films: Films, bins: int) -> None:
    parts = brier_parts(*films, bins=bins)
    total = parts.reliability - parts.resolution + parts.uncertainty + parts.within_bins
    assert total == pytest.approx(float(brier(*films)), abs=1e-12)
    assert parts.reliability >= 0
    assert 0 <= parts.resolution <= parts.uncertainty + 1e-12


def test_bins_of_one_probability_hide_nothing() -> None:
    parts = brier_parts([0.2, 0.2, 0.8, 0.8], [False, True, True, True], bins=2)
    assert parts.within_bins == pytest.approx(0)
    assert parts.reliability == pytest.approx((0.3**2 + 0.2**2) / 2)
    assert parts.resolution == pytest.approx(0.25**2)


def test_a_perfect_model_has_the_calibration_error_that_chance_gives() -> None:
    """Against labels drawn one after the other and judged by the figure itself."""
    probability = REFERENCE.probability["fine_tuned"]
    generator = np.random.default_rng(1)
    drawn = [expected_calibration_error(probability, generator.random(624) < probability) for _ in range(400)]
    found = perfect_ece(probability)
    assert found.mean == pytest.approx(np.mean(drawn), abs=0.0015)
    assert (found.low, found.high) == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=0.004)
    assert found.mean == pytest.approx(0.029, abs=0.001)
