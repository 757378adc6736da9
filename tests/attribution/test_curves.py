"""Deletion and insertion on a model whose answer rests on one known corner of the film."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hilum.attribution.curves import SHARES, area, changed, film_curves, order_of
from hilum.attribution.evidence import EvidenceMap, Squares
from hilum.metrics.arrays import Floats

SIDE = 20


def corner_is_bright(squares: Squares) -> Floats:
    """Probability of pneumonia: the brightness of the upper left quarter, and nothing else of the film."""
    return np.asarray(squares[:, : SIDE // 2, : SIDE // 2].mean(axis=(1, 2)) / 255)


def film() -> np.ndarray:
    """Bright in that quarter, else black."""
    square = np.zeros((SIDE, SIDE), np.uint8)
    square[: SIDE // 2, : SIDE // 2] = 255
    return square


def pointing_at(rows: slice, across: slice) -> EvidenceMap:
    evidence = np.zeros((SIDE, SIDE), np.float32)
    evidence[rows, across] = 1
    return evidence


def test_true_map_is_better_than_a_false_one_in_both_curves() -> None:
    lower, upper = slice(SIDE // 2, SIDE), slice(0, SIDE // 2)
    true = film_curves(corner_is_bright, film(), pointing_at(upper, upper), is_pneumonia=True)
    false = film_curves(corner_is_bright, film(), pointing_at(lower, lower), is_pneumonia=True)
    assert true.deletion_area < false.deletion_area - 0.1
    assert true.insertion_area > false.insertion_area + 0.05


def test_deletion_ends_in_the_mean_grey_and_insertion_in_the_film() -> None:
    found = film_curves(corner_is_bright, film(), pointing_at(slice(0, 3), slice(0, 3)), is_pneumonia=True)
    assert found.deletion[0] == found.insertion[-1] == 1.0
    assert found.deletion[-1] == pytest.approx(64 / 255)  # a quarter of the film is 255
    assert len(found.deletion) == len(found.insertion) == len(SHARES)


def test_quarter_of_the_film_is_covered_before_all_else() -> None:
    """By hand: at 10 % two fifths of the quarter are grey (64), at 20 % four fifths, from 30 % on all of it."""
    found = film_curves(corner_is_bright, film(), pointing_at(slice(0, 10), slice(0, 10)), is_pneumonia=True)
    grey = 64 / 255
    assert found.deletion == pytest.approx([1, 0.6 + 0.4 * grey, 0.2 + 0.8 * grey, *[grey] * 8])


def test_answer_normal_is_followed_by_its_own_probability() -> None:
    dark = 255 - film()
    found = film_curves(corner_is_bright, dark, pointing_at(slice(0, 10), slice(0, 10)), is_pneumonia=False)
    assert found.deletion[0] == 1.0 and found.deletion[-1] == pytest.approx(1 - 191 / 255)


def test_places_of_equal_evidence_favour_no_edge() -> None:
    order = order_of(np.zeros((7, 7), np.float32), 70)
    assert order[:35].mean() == pytest.approx(order[35:].mean(), abs=0.02)
    assert not np.array_equal(order, order_of(np.zeros((7, 7), np.float32), 70, seed=1))


@given(st.integers(0, 2**32 - 1), st.integers(2, 12))
def test_order_gives_every_pixel_a_place_and_the_highest_the_first(seed: int, side: int) -> None:
    evidence = np.random.default_rng(seed).normal(size=(side, side)).astype(np.float32)
    order = order_of(evidence, side)
    assert np.array_equal(np.sort(order, axis=None), np.arange(side * side) / side**2)
    assert order.flat[evidence.argmax()] == 0


def test_changed_films_lead_from_one_film_to_the_other() -> None:
    start, end = np.zeros((10, 10), np.uint8), np.full((10, 10), 200, np.uint8)
    films = changed(start, end, order_of(np.random.default_rng(0).normal(size=(10, 10)).astype(np.float32), 10))
    assert [int((one == 200).sum()) for one in films] == [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]


def test_area_under_a_constant_is_the_constant() -> None:
    assert area(np.full(len(SHARES), 0.7)) == pytest.approx(0.7)
