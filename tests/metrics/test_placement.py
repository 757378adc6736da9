from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hilum.errors import HilumError
from hilum.metrics import auroc, auroc_covariance
from hilum.metrics.arrays import Booleans, Floats
from reference_films import REFERENCE, both_models
from scored_films import scored_films

BOTH = np.stack([REFERENCE.probability["fine_tuned"], REFERENCE.probability["frozen_linear"]])


def _by_all_pairs(scores: Floats, truth: Booleans, group: np.ndarray) -> Floats:
    """Obuchowski's formulas as printed, film by film and patient by patient, in O(mn)."""
    patients = np.unique(group)
    pneumonia, normal = np.flatnonzero(truth), np.flatnonzero(~truth)
    m, n = len(pneumonia), len(normal)
    sums = []
    for score in scores:
        above = (score[pneumonia][:, None] > score[normal]) + (score[pneumonia][:, None] == score[normal]) / 2
        area = above.mean()
        own_x = [(above.mean(axis=1)[group[pneumonia] == one] - area).sum() for one in patients]
        own_y = [(above.mean(axis=0)[group[normal] == one] - area).sum() for one in patients]
        sums.append((np.array(own_x), np.array(own_y)))
    i10, i01 = len(np.unique(group[truth])), len(np.unique(group[~truth]))
    both = len(patients)
    found = np.zeros((len(scores), len(scores)))
    for r, (x_r, y_r) in enumerate(sums):
        for s, (x_s, y_s) in enumerate(sums):
            s10 = i10 / ((i10 - 1) * m) * (x_r * x_s).sum()
            s01 = i01 / ((i01 - 1) * n) * (y_r * y_s).sum()
            s11 = both / (both - 1) * ((x_r * y_s).sum() + (x_s * y_r).sum()) / 2
            found[r, s] = s10 / m + s01 / n + 2 * s11 / (m * n)
    return found


@both_models
def test_singletons_have_the_delong_variance_of_r(model: str) -> None:
    found = auroc_covariance([REFERENCE.probability[model]], REFERENCE.is_pneumonia, np.arange(624))
    assert found.covariance[0, 0] == pytest.approx(REFERENCE.statistics[model]["delong_variance"], abs=1e-12)
    assert found.auroc[0] == pytest.approx(REFERENCE.statistics[model]["auroc"], abs=1e-12)


def test_paired_singletons_have_the_delong_test_of_r() -> None:
    found = auroc_covariance(BOTH, REFERENCE.is_pneumonia, np.arange(624))
    variance = found.covariance[0, 0] + found.covariance[1, 1] - 2 * found.covariance[0, 1]
    z = (found.auroc[1] - found.auroc[0]) / np.sqrt(variance)
    assert z == pytest.approx(REFERENCE.statistics["paired_delong"]["z"], abs=1e-9)


def test_patients_agree_with_all_pairs_on_the_official_test() -> None:
    found = auroc_covariance(BOTH, REFERENCE.is_pneumonia, REFERENCE.patient)
    expected = _by_all_pairs(BOTH, REFERENCE.is_pneumonia, REFERENCE.patient)
    np.testing.assert_allclose(found.covariance, expected, atol=1e-10)
    np.testing.assert_allclose(found.covariance, expected, rtol=1e-10)
    assert found.patients == 428


@given(scored_films(both_classes=True), st.integers(0, 2**32 - 1))
def test_patients_with_films_of_both_classes_agree_with_all_pairs(films: tuple[Floats, Booleans], seed: int) -> None:
    score, truth = films
    generator = np.random.default_rng(seed)
    group = generator.integers(0, max(2, len(truth) // 2), len(truth))
    scores = np.stack([score, generator.permutation(score)])
    if min(len(np.unique(group[truth])), len(np.unique(group[~truth]))) < 2:
        return
    found = auroc_covariance(scores, truth, group)
    np.testing.assert_allclose(found.covariance, _by_all_pairs(scores, truth, group), atol=1e-10)
    np.testing.assert_allclose(found.auroc, [auroc(one, truth) for one in scores], atol=1e-12)


def test_four_films_by_hand() -> None:
    # Placements 1 and 1/2 of the films with pneumonia, 1/2 and 1 of the normal ones: variances 1/8 over 2 films each.
    found = auroc_covariance([[0.9, 0.4, 0.6, 0.1]], [True, True, False, False], [5, 6, 7, 8])
    assert found.covariance.tolist() == [[0.125]]
    assert found.patients == 4


def test_copies_of_a_film_of_the_same_patient_change_nothing() -> None:
    once = auroc_covariance(BOTH, REFERENCE.is_pneumonia, np.arange(624))
    films = np.repeat(np.arange(624), 3)
    thrice = auroc_covariance(BOTH[:, films], REFERENCE.is_pneumonia[films], films)
    np.testing.assert_allclose(thrice.covariance, once.covariance, rtol=1e-9)
    np.testing.assert_allclose(thrice.degrees, once.degrees, rtol=1e-9)


def test_few_patients_with_most_films_leave_few_degrees_of_freedom() -> None:
    generator = np.random.default_rng(0)
    truth = np.arange(80) < 40
    score = generator.normal(truth * 1.5, 1)
    alone = auroc_covariance([score], truth, np.arange(80))
    crowded = auroc_covariance(
        [score], truth, np.r_[np.zeros(20), np.arange(1, 21), np.full(20, 21), np.arange(22, 42)]
    )
    assert 60 < alone.degrees[0] < 80
    assert crowded.degrees[0] < 3


def test_a_contrast_has_the_degrees_of_its_own_films() -> None:
    generator = np.random.default_rng(0)
    truth, films = np.arange(80) < 40, np.r_[np.zeros(20), np.arange(1, 21), np.full(20, 21), np.arange(22, 42)]
    alike = generator.normal(size=42)[films.astype(int)]
    scores = truth + 2 * alike + generator.normal(size=(2, 80))
    found = auroc_covariance(scores, truth, films)
    assert found.degrees_of([1, 0]) < 5  # the crowds count as copies
    assert found.degrees_of([1, -1]) > 2 * found.degrees_of([1, 0])  # what the models differ by is each film's own
    alone = auroc_covariance(scores, truth, np.arange(80))
    for contrast in ([1, 0], [1, -1]):
        assert 39 <= alone.degrees_of(contrast) <= 78
    assert alone.degrees_of([1, 0]) == pytest.approx(alone.degrees[0])
    assert np.isnan(found.degrees_of([0, 0]))


@pytest.mark.parametrize("truth", [[True, True], [True, False]])
def test_too_little_to_see_a_variance_is_not_a_number(truth: list[bool]) -> None:
    assert np.isnan(auroc_covariance([[0.1, 0.2]], truth, [0, 1]).covariance).all()


def test_scores_of_other_films_are_refused() -> None:
    with pytest.raises(HilumError, match="Got scores of shape"):
        auroc_covariance([[0.1, 0.2, 0.3]], [True, False], [0, 1])
    with pytest.raises(HilumError, match="Got no score"):
        auroc_covariance(np.zeros((0, 2)), [True, False], [0, 1])
