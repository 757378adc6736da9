"""A map from covering the film piece by piece, on a model whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from hilum.attribution.evidence import Logits, Squares
from hilum.attribution.occlusion import occlusion_map
from hilum.errors import HilumError


class WeighsPixels:
    """The logit is a weighted sum of pixels."""

    def __init__(self, weights: np.ndarray) -> None:
        self.weights = weights

    def logits(self, films: Squares) -> Logits:
        return np.asarray((films * self.weights).sum(axis=(1, 2)), dtype=np.float64)


def film(side: int) -> np.ndarray:
    square = np.zeros((side, side), np.uint8)
    square[: side // 2] = 200  # the mean is 100
    return square


def test_each_place_says_what_the_patches_over_it_take_from_the_logit() -> None:
    """By hand: one pixel weighs 1 and is 200; covered by the mean of 100 the logit falls by 100."""
    weights = np.zeros((8, 8))
    weights[0, 5] = 1
    found = occlusion_map(WeighsPixels(weights), film(8), cells=4, patch_cells=1)
    expected = np.zeros((4, 4))
    expected[0, 2] = 100
    assert found == pytest.approx(expected)


def test_patches_of_two_places_are_averaged() -> None:
    weights = np.zeros((8, 8))
    weights[0, 5] = 1
    found = occlusion_map(WeighsPixels(weights), film(8), cells=4, patch_cells=2)
    assert found[0, 2] == pytest.approx(100)  # all four patches over it cover the pixel
    assert found[0, 1] == found[0, 3] == found[1, 2] == pytest.approx(50)  # two of its four
    assert found[1, 1] == pytest.approx(25) and found[3, 0] == 0


def test_what_speaks_against_pneumonia_is_negative() -> None:
    weights = np.zeros((8, 8))
    weights[0, 0] = -1
    found = occlusion_map(WeighsPixels(weights), film(8), cells=4, patch_cells=1)
    assert found[0, 0] == pytest.approx(-100) and np.count_nonzero(found) == 1


def test_film_stays_as_it_is_and_need_not_divide_by_the_places() -> None:
    square = film(30)
    before = square.copy()
    found = occlusion_map(WeighsPixels(np.ones((30, 30))), square)
    assert found.shape == (14, 14) and found.dtype == np.float32
    assert np.array_equal(square, before)
    assert (found[:6] > 0).all() and (found[8:] < 0).all()  # bright places count, dark ones lack


@pytest.mark.parametrize(("cells", "patch"), [(0, 1), (9, 1), (4, 0), (4, 5)])
def test_places_without_a_pixel_are_refused(cells: int, patch: int) -> None:
    with pytest.raises(HilumError, match="places along a film of 8 px"):
        occlusion_map(WeighsPixels(np.ones((8, 8))), film(8), cells, patch)
