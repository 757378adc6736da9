"""How much of a map lies where it should."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hilum.attribution.inside import (
    intersection_over_union,
    points_into,
    share_for_in_box,
    share_in_box,
    share_in_mask,
)
from hilum.errors import HilumError

LEFT_HALF = (0.0, 0.0, 0.5, 1.0)


def signed() -> np.ndarray:
    """For pneumonia 3 in the left half, against it 1 in the right half."""
    evidence = np.zeros((4, 4), np.float32)
    evidence[:, 0], evidence[:, 3] = 3, -1
    return evidence


def test_share_counts_evidence_for_and_against_alike() -> None:
    assert share_in_box(signed(), LEFT_HALF, 4) == pytest.approx(0.75)


def test_share_for_counts_evidence_for_pneumonia_alone() -> None:
    assert share_for_in_box(signed(), LEFT_HALF, 4) == 1.0
    assert math.isnan(share_for_in_box(-np.abs(signed()), LEFT_HALF, 4))


def test_even_map_has_the_share_of_the_boxs_area() -> None:
    assert share_in_box(np.ones((7, 7), np.float32), (0.1, 0.1, 0.9, 0.9), 100) == pytest.approx(0.64)


def test_pointing_asks_for_the_highest_place_of_the_drawn_map() -> None:
    mask = np.zeros((8, 8), np.bool_)
    mask[:4, :4] = True
    evidence = np.zeros((2, 2), np.float32)
    evidence[0, 0] = 1
    assert points_into(evidence, mask) and not points_into(-evidence, mask)


def test_intersection_over_union_by_hand() -> None:
    """Two columns of evidence, two of mask, one in common: 4 of 12 pixels."""
    evidence, mask = np.zeros((4, 4), np.float32), np.zeros((4, 4), np.bool_)
    evidence[:, :2], mask[:, 1:3] = 1, True
    assert intersection_over_union(evidence, mask) == pytest.approx(4 / 12)
    assert intersection_over_union(-evidence, mask) == 0


def test_level_decides_what_counts() -> None:
    evidence, mask = np.zeros((4, 4), np.float32), np.zeros((4, 4), np.bool_)
    evidence[:, 0], evidence[:, 1], mask[:, 0] = 1, 0.4, True
    assert intersection_over_union(evidence, mask, 0.5) == 1
    assert intersection_over_union(evidence, mask, 0.3) == 0.5


def test_share_in_a_mask_is_of_evidence_for_pneumonia() -> None:
    mask = np.zeros((4, 4), np.bool_)
    mask[:2, 0] = True
    assert share_in_mask(signed(), mask) == 0.5


@pytest.mark.parametrize("mask", [np.ones((4, 5), np.bool_), np.ones((4, 4), np.uint8)])
def test_mask_of_another_kind_is_refused(mask: np.ndarray) -> None:
    with pytest.raises(HilumError, match="Got a mask of the shape"):
        points_into(signed(), mask)


def test_level_outside_its_range_is_refused() -> None:
    with pytest.raises(HilumError, match="Got the level 0"):
        intersection_over_union(signed(), np.ones((4, 4), np.bool_), 0)
