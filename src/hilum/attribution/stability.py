"""Whether a map stays on what it shows when the film moves by a few pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from hilum.attribution.agreement import rank_correlation
from hilum.attribution.evidence import EvidenceMap, Square, at_side

DIRECTIONS: Final = ((0, 1), (0, -1), (1, 0), (-1, 0))
_SHARE: Final = 1 / 56  # of the side: 4 px of 224


def stability(evidence_of: Callable[[Square], EvidenceMap], square: Square, evidence: EvidenceMap) -> float:
    """Mean rank correlation of a film's map with those of the film moved in four directions, moved back.

    Args:
        evidence_of: the method.
        square: (side, side) uint8.
        evidence: (h, w) its map of the film as it is.

    >>> square = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    >>> stability(lambda film: film.astype(np.float32), square, square.astype(np.float32))
    1.0
    """
    side = square.shape[0]
    by = pixels_of(side)
    still = at_side(evidence, side)
    inner = np.arange(by, side - by)  # places that all five films show
    found = []
    for down, right in DIRECTIONS:
        after = at_side(evidence_of(moved(square, by * down, by * right)), side)
        back = after[np.ix_(inner + by * down, inner + by * right)]
        found.append(rank_correlation(still[np.ix_(inner, inner)], back))
    return float(np.mean(found))


def pixels_of(side: int) -> int:
    """By how many pixels a film of this side is moved: 4 of 224."""
    return max(1, round(side * _SHARE))


def moved(square: Square, down: int, right: int) -> Square:
    """The film moved by whole pixels; the edge that it leaves goes on as it was.

    >>> moved(np.array([[1, 2], [3, 4]], dtype=np.uint8), 0, 1).tolist()
    [[1, 1], [3, 3]]
    """
    side = square.shape[0]
    rows, across = (np.clip(np.arange(side) - by, 0, side - 1) for by in (down, right))
    return square[np.ix_(rows, across)]
