"""How alike two maps are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.lib.stride_tricks import sliding_window_view
from scipy.stats import spearmanr

from hilum.attribution.agreement import at_coarser, rank_correlation, structural_similarity

MAPS = arrays(np.float32, (4, 4), elements=st.integers(-3, 3).map(float))


@given(MAPS, MAPS)
def test_rank_correlation_is_spearmans_with_ties(first: np.ndarray, second: np.ndarray) -> None:
    if np.ptp(first) and np.ptp(second):
        expected = spearmanr(first.ravel(), second.ravel()).statistic
        assert rank_correlation(first, second) == pytest.approx(expected, abs=1e-9)
    else:
        assert rank_correlation(first, second) == 0


def test_rank_correlation_by_hand() -> None:
    """Ranks 0 1 2 3 against 1 0 3 2: 1 - 6 * 4 / (4 * 15)."""
    first = np.array([[1, 2], [3, 4]], np.float32)
    second = np.array([[20, 10], [40, 30]], np.float32)
    assert rank_correlation(first, second) == pytest.approx(0.6)


def test_maps_are_compared_at_the_coarser_resolution() -> None:
    coarse = np.random.default_rng(0).normal(size=(7, 7)).astype(np.float32)
    fine = np.kron(coarse, np.ones((8, 8), np.float32))
    one, other = at_coarser(coarse, fine)
    assert one.shape == other.shape == (7, 7)
    assert rank_correlation(coarse, fine) > 0.95


def test_same_structure_is_one_whatever_its_size_or_sign() -> None:
    evidence = np.random.default_rng(0).normal(size=(14, 14)).astype(np.float32)
    assert structural_similarity(evidence, evidence * 40) == pytest.approx(1)
    assert structural_similarity(evidence, -evidence) == pytest.approx(1)


def test_unrelated_structures_are_far_from_one() -> None:
    generator = np.random.default_rng(0)
    pairs = generator.normal(size=(20, 2, 14, 14)).astype(np.float32)
    assert np.mean([structural_similarity(one, other) for one, other in pairs]) < 0.2


def test_flat_map_is_like_nothing() -> None:
    flat, evidence = np.full((7, 7), 3, np.float32), np.random.default_rng(0).normal(size=(7, 7)).astype(np.float32)
    assert structural_similarity(flat, evidence) == 0 == rank_correlation(evidence, flat)


def test_structure_is_that_of_wang_over_every_window() -> None:
    """The formula window by window, on maps that need no other size."""
    generator = np.random.default_rng(0)
    first, second = generator.uniform(-1, 1, (2, 48, 48)).astype(np.float32)
    first[0, 0] = second[5, 5] = 1  # the largest values, so that nothing is scaled
    one, other = (sliding_window_view(values.astype(np.float64), (8, 8)) for values in (first, second))
    mean_1, mean_2 = one.mean(axis=(2, 3)), other.mean(axis=(2, 3))
    together = (one * other).mean(axis=(2, 3)) - mean_1 * mean_2
    expected = (2 * mean_1 * mean_2 + 0.0004) * (2 * together + 0.0036)
    expected /= (mean_1**2 + mean_2**2 + 0.0004) * (one.var(axis=(2, 3)) + other.var(axis=(2, 3)) + 0.0036)
    assert structural_similarity(first, first * 0.5 + second * 0.5) > structural_similarity(first, second)
    assert structural_similarity(first, second) == pytest.approx(expected.mean())
