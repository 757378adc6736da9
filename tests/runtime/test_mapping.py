"""The map over its film."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from hilum.runtime import draw_map


def test_film_without_evidence_is_drawn_as_it_is() -> None:
    film = np.random.default_rng(0).integers(0, 256, (90, 120), dtype=np.uint8)
    drawn = np.asarray(draw_map(film, np.zeros((7, 7), np.float32)))
    assert np.array_equal(drawn[:, :120], np.repeat(film[..., None], 3, axis=2))


def test_evidence_for_is_orange_and_against_is_blue_where_it_lies() -> None:
    film = np.full((80, 80), 100, np.uint8)
    evidence = np.zeros((8, 8), np.float32)
    evidence[1, 1], evidence[6, 6] = 2.0, -2.0
    drawn = np.asarray(draw_map(film, evidence)).astype(int)
    red, blue = drawn[..., 0], drawn[..., 2]
    assert red[15, 15] > blue[15, 15] + 60
    assert blue[65, 65] > red[65, 65] + 20
    assert abs(red[40, 40] - blue[40, 40]) < 5


def rows_with_text(height_px: int) -> list[bool]:
    """For each row of the picture, whether the text beside the colour bar reaches it."""
    drawn = np.asarray(draw_map(np.zeros((height_px, 60), np.uint8), np.ones((3, 3), np.float32)))
    return [bool(row.any()) for row in drawn[:, 60 + 12 + 14 + 3 :]]


@pytest.mark.parametrize(("height_px", "labels"), [(60, 2), (128, 3), (400, 3), (1024, 3)])
def test_labels_of_the_colour_bar_stand_apart(height_px: int, labels: int) -> None:
    rows = rows_with_text(height_px)
    assert sum(after and not before for before, after in pairwise([False, *rows])) == labels


def test_number_and_word_of_a_label_are_two_words() -> None:
    drawn = np.asarray(draw_map(np.zeros((128, 60), np.uint8), np.ones((3, 3), np.float32)))
    columns = drawn[: 128 // 3, 60 + 12 + 14 + 3 :].any(axis=(0, 2))
    written = np.flatnonzero(columns)
    assert np.diff(written).max() >= 5
