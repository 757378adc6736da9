"""A map at the film's own resolution."""

from __future__ import annotations

import numpy as np
import pytest

from hilum.attribution.evidence import at_side


def test_map_at_the_films_resolution_stays_as_it_is() -> None:
    evidence = np.random.default_rng(0).normal(size=(8, 8)).astype(np.float32)
    assert at_side(evidence, 8) is evidence


def test_highest_place_of_a_coarse_map_lies_in_the_same_corner_of_the_film() -> None:
    evidence = np.zeros((7, 7), np.float32)
    evidence[0, 6] = 2
    drawn = at_side(evidence, 224)
    down, right = np.unravel_index(drawn.argmax(), drawn.shape)
    assert drawn.shape == (224, 224) and drawn.dtype == np.float32
    assert down < 32 and right >= 192


def test_even_map_stays_even() -> None:
    assert at_side(np.full((7, 7), -1.5, np.float32), 50) == pytest.approx(-1.5)
