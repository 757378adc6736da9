"""Maps that know nothing of a model."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from film_edges import film_edges
from hilum.attribution.controls import blurred, centre_blob, mean_grey, moved_at_random


def test_random_map_has_the_values_of_the_map_in_other_places() -> None:
    evidence = np.random.default_rng(0).normal(size=(7, 7)).astype(np.float32)
    moved = moved_at_random(evidence, np.random.default_rng(1))
    assert not np.array_equal(moved, evidence)
    assert np.array_equal(np.sort(moved, axis=None), np.sort(evidence, axis=None))


def test_random_map_is_as_coarse_as_the_map() -> None:
    """Neighbours stay neighbours: noise would put a network out of action wherever it lies."""
    evidence = centre_blob(32)
    moved = moved_at_random(evidence, np.random.default_rng(2))
    assert np.abs(np.diff(moved, axis=0)).max() < 0.1


def test_places_of_random_maps_are_even_over_the_film() -> None:
    evidence = np.zeros((4, 4), np.float32)
    evidence[1, 2] = 1
    generator = np.random.default_rng(0)
    total = sum(moved_at_random(evidence, generator) for _ in range(3200))
    assert total == pytest.approx(200, abs=60)  # four standard deviations


def test_blob_is_highest_in_the_centre_and_the_same_all_around() -> None:
    blob = centre_blob(33)
    assert blob[16, 16] == blob.max() == 1
    assert np.array_equal(blob, blob[::-1]) and np.array_equal(blob, blob.T)


def test_edges_are_those_of_sobels_operator() -> None:
    square = np.random.default_rng(0).integers(0, 256, (20, 20), dtype=np.uint8)
    grey = square.astype(np.float64)
    expected = np.hypot(ndimage.sobel(grey, 0, mode="nearest"), ndimage.sobel(grey, 1, mode="nearest"))
    assert film_edges(square) == pytest.approx(expected, rel=1e-5)


def test_blurred_film_keeps_its_brightness_and_loses_its_structure() -> None:
    square = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    soft = blurred(square)
    assert abs(mean_grey(soft) - mean_grey(square)) <= 2
    assert soft.std() < square.std() / 5
