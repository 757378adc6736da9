"""The map over its film."""

from __future__ import annotations

import numpy as np

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
