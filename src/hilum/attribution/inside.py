"""How much of a map lies where it should, and whether its highest place does."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hilum.attribution.evidence import EvidenceMap, at_side
from hilum.errors import HilumError
from hilum.images.box import Box, slices

Mask = npt.NDArray[np.bool_]
"""(side, side) True where something lies."""


def share_in_box(evidence: EvidenceMap, box: Box, side: int) -> float:
    """The share of a map's evidence in a box, for and against taken as sizes; NaN for a map without any.

    An even map has there the share of the film that the box covers.

    Args:
        evidence: (h, w).
        box: left, top, right and bottom as shares of the film.
        side: of the film in pixels, at which the box is drawn.

    >>> round(share_in_box(np.ones((4, 4), np.float32), (0.25, 0.25, 0.75, 0.75), 8), 6)
    0.25
    """
    return _share(np.abs(at_side(evidence, side)), slices(box, side, side))


def share_for_in_box(evidence: EvidenceMap, box: Box, side: int) -> float:
    """The same of the evidence for pneumonia alone; NaN for a map without any."""
    return _share(np.maximum(at_side(evidence, side), 0), slices(box, side, side))


def share_in_mask(evidence: EvidenceMap, mask: Mask) -> float:
    """The share of the evidence for pneumonia that lies in a mask of the film's size; NaN for a map without any."""
    require_mask(mask)
    strength = np.maximum(at_side(evidence, mask.shape[0]), 0)
    total = float(strength.sum())
    return float(strength[mask].sum()) / total if total > 0 else float("nan")


def points_into(evidence: EvidenceMap, mask: Mask) -> bool:
    """True where the place that speaks most for pneumonia lies in the mask: one round of the pointing game.

    Source: Zhang, Lin, Brandt, Shen and Sclaroff 2018, "Top-Down Neural Attention by Excitation Backprop",
    section 4.3, without its margin.

    Raises:
        HilumError: the mask is not square.
    """
    require_mask(mask)
    drawn = at_side(evidence, mask.shape[0])
    return bool(mask.flat[int(drawn.argmax())])


def intersection_over_union(evidence: EvidenceMap, mask: Mask, level: float = 0.5) -> float:
    """How far the places that reach a share of the highest evidence and the mask cover each other; 0 to 1.

    Args:
        evidence: (h, w).
        mask: (side, side) bool.
        level: share of the highest evidence for pneumonia from which on a place counts.

    Raises:
        HilumError: the mask is not square, or the level lies outside 0 to 1.
    """
    require_mask(mask)
    if not 0 < level <= 1:
        raise HilumError(f"Got the level {level:g}.", expected="a share above 0, up to 1", do="Take 0.5.")
    drawn = at_side(evidence, mask.shape[0])
    highest = float(drawn.max())
    shown = drawn >= level * highest if highest > 0 else np.zeros_like(mask)
    union = int((shown | mask).sum())
    return int((shown & mask).sum()) / union if union else 0.0


def require_mask(mask: Mask) -> None:
    """Refuse a mask that is no (side, side) bool."""
    if mask.ndim != 2 or mask.shape[0] != mask.shape[1] or mask.dtype != np.bool_:
        raise HilumError(
            f"Got a mask of the shape {mask.shape} and type {mask.dtype}.",
            expected="(side, side) and bool",
            do="Draw it on the square that the network sees.",
        )


def _share(strength: EvidenceMap, inner: tuple[slice, slice]) -> float:
    total = float(strength.sum())
    return float(strength[inner].sum()) / total if total > 0 else float("nan")
