"""A map from covering the film piece by piece: what the logit loses is what the piece had said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from hilum.attribution.controls import mean_grey
from hilum.attribution.evidence import EvidenceMap, Logits, Square, Squares
from hilum.errors import HilumError

CELLS: Final = 14
"""Places of the map along a side: 16 px of 224, a stride of the patch."""

PATCH_CELLS: Final = 2
"""Side of the patch in such places: 32 px of 224."""

_AT_ONCE: Final = 32

Edges = npt.NDArray[np.intp]


class AnswersFilms(Protocol):
    """What gives logits: an `Engine`, or a network that was put into its shape."""

    def logits(self, films: Squares) -> Logits:
        """(n,) logits of (n, side, side) uint8."""
        ...


def occlusion_map(
    engine: AnswersFilms, square: Square, cells: int = CELLS, patch_cells: int = PATCH_CELLS
) -> EvidenceMap:
    """(cells, cells) by how much the logit falls where a patch covers the place; mean over the patches that do.

    Patches are squares in the film's mean grey, a place apart; those at the edge lie half outside, so that every place
    is covered equally often. Covering what speaks for pneumonia lowers the logit and is positive.

    Args:
        engine: gives logits.
        square: (side, side) uint8.
        cells: places along a side, which is the stride of the patch.
        patch_cells: side of the patch, in places.

    Raises:
        HilumError: a film smaller than the places, or a patch without size.

    Source: Zeiler and Fergus 2014, "Visualizing and Understanding Convolutional Networks", section 4.2.
    """
    side = square.shape[0]
    require_cells(side, cells, patch_cells)
    edges = np.round(np.linspace(0, side, cells + 1)).astype(np.intp)
    starts = [(down, right) for down in range(1 - patch_cells, cells) for right in range(1 - patch_cells, cells)]
    whole = float(engine.logits(square[None])[0])
    drops = np.concatenate([whole - engine.logits(films) for films in _covered(square, edges, starts, patch_cells)])
    total, times = np.zeros((cells, cells)), np.zeros((cells, cells))
    for (down, right), drop in zip(starts, drops, strict=True):
        place = (slice(max(0, down), down + patch_cells), slice(max(0, right), right + patch_cells))
        total[place] += drop
        times[place] += 1
    return (total / times).astype(np.float32)


def require_cells(side: int, cells: int, patch_cells: int) -> None:
    """Refuse places smaller than a pixel, and a patch that is none or covers the film."""
    if not (1 <= cells <= side and 1 <= patch_cells <= cells):
        raise HilumError(
            f"Got {cells} places along a film of {side} px and a patch of {patch_cells} of them.",
            expected="places of a pixel or more, and a patch of one place up to the film",
            do=f"The usual are {CELLS} and {PATCH_CELLS}.",
        )


def _covered(square: Square, edges: Edges, starts: list[tuple[int, int]], patch: int) -> Iterator[Squares]:
    """The film with each patch over it, some films at a time."""
    grey, last = mean_grey(square), len(edges) - 1
    for first in range(0, len(starts), _AT_ONCE):
        block = starts[first : first + _AT_ONCE]
        films = np.repeat(square[None], len(block), axis=0)
        for film, (down, right) in zip(films, block, strict=True):
            rows = slice(edges[max(0, down)], edges[min(last, down + patch)])
            film[rows, edges[max(0, right)] : edges[min(last, right + patch)]] = grey
        yield films
