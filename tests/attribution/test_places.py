"""A map's places lie where the network's fields do."""

from __future__ import annotations

import numpy as np
import pytest

from hilum.attribution.evidence import EvidenceMap, at_side
from hilum.attribution.places import Places, placed


def _peak(evidence: EvidenceMap) -> tuple[float, float]:
    """The middle of gravity of a map that is high in one place, in pixels from the edge."""
    weight = np.maximum(evidence, 0).astype(np.float64)
    rows, columns = np.indices(weight.shape) + 0.5
    return float((rows * weight).sum() / weight.sum()), float((columns * weight).sum() / weight.sum())


def _one_place(row: int, column: int, size: int = 7) -> EvidenceMap:
    evidence = np.zeros((size, size), dtype=np.float32)
    evidence[row, column] = 1
    return evidence


@pytest.mark.parametrize("places", [Places(0.5, 32), Places(16, 32), Places(24.5, 16)])
def test_a_place_is_highest_where_it_looks(places: Places) -> None:
    row, column = _peak(placed(_one_place(2, 3), places, 224))
    assert row == pytest.approx(places.first_px + 2 * places.step_px, abs=0.6)
    assert column == pytest.approx(places.first_px + 3 * places.step_px, abs=0.6)


def test_places_in_the_middle_of_their_cells_are_a_map_from_edge_to_edge() -> None:
    evidence = np.random.default_rng(0).normal(size=(7, 7)).astype(np.float32)
    np.testing.assert_allclose(placed(evidence, Places(16, 32), 224), at_side(evidence, 224), atol=1e-5)


def test_beyond_the_last_place_its_value_stays() -> None:
    evidence = np.zeros((7, 7), dtype=np.float32)
    evidence[:, -1] = 2
    assert placed(evidence, Places(0.5, 32), 224)[:, -8:] == pytest.approx(2, abs=0.2)


def test_a_map_that_has_the_films_side_is_left_as_it_is() -> None:
    evidence = np.random.default_rng(0).normal(size=(64, 64)).astype(np.float32)
    np.testing.assert_array_equal(placed(evidence, Places(0.5, 32), 64), evidence)
