"""Maps of films moved by a few pixels."""

from __future__ import annotations

import numpy as np
import pytest

from hilum.attribution.evidence import EvidenceMap, Square
from hilum.attribution.stability import moved, pixels_of, stability


def film(side: int = 64) -> Square:
    return np.random.default_rng(0).integers(0, 256, (side, side), dtype=np.uint8)


def coarse(square: Square) -> EvidenceMap:
    """Mean brightness of 8 x 8 px: it moves with the film, but in steps."""
    side = square.shape[0] // 8
    return np.asarray(square.reshape(side, 8, side, 8).mean(axis=(1, 3)), dtype=np.float32)


def test_map_that_moves_with_the_film_is_stable() -> None:
    assert stability(lambda square: -square.astype(np.float32), film(), -film().astype(np.float32)) == pytest.approx(1)


def test_map_that_never_changes_is_not_stable_on_the_film() -> None:
    """What stays where it was, wherever the film went, has left what it showed."""
    fixed = np.random.default_rng(1).normal(size=(64, 64)).astype(np.float32)
    assert abs(stability(lambda _: fixed, film(), fixed)) < 0.1


def test_random_map_is_not_stable() -> None:
    generator = np.random.default_rng(0)
    found = stability(lambda _: generator.normal(size=(8, 8)).astype(np.float32), film(), coarse(film()))
    assert abs(found) < 0.4


def test_coarse_map_of_a_smooth_film_is_nearly_stable() -> None:
    smooth = (np.add.outer(np.arange(64), np.arange(64)) * 2).astype(np.uint8)
    assert stability(coarse, smooth, coarse(smooth)) > 0.95


def test_moved_film_goes_on_at_the_edge_that_it_left() -> None:
    square = film(8)
    down = moved(square, 2, 0)
    assert np.array_equal(down[2:], square[:-2]) and np.array_equal(down[:2], square[[0, 0]])
    left = moved(square, 0, -1)
    assert np.array_equal(left[:, :-1], square[:, 1:]) and np.array_equal(left[:, -1], square[:, -1])


def test_move_grows_with_the_film() -> None:
    assert [pixels_of(side) for side in (32, 150, 224, 299)] == [1, 3, 4, 5]
