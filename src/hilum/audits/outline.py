"""What the outline of a film tells: its border, its four corners, and how bright the whole is."""

from __future__ import annotations

from typing import Final

import numpy as np

from hilum.audits.columns import Columns, columns_of
from hilum.metrics.arrays import Floats

SIDE_PX: Final = 128
"""Side of the squares that outline and grey levels are taken from."""
BORDER_PX: Final = 5
"""Width of the border on that square: 4 % of the side."""
CORNER_PX: Final = 16
"""Side of a corner: an eighth of the side, so that the four make 6 % of the film."""
_AT_ONCE: Final = 256  # films whose squares are held as numbers at a time
_PIECES: Final = 8
_CELLS: Final = 4


def outline_columns(squares: np.ndarray) -> dict[str, Columns]:
    """By probe: the columns of border, corners and mean brightness of (n, 128, 128) uint8 squares."""
    parts = [
        (_border(block), _corners(block), block.mean(axis=(1, 2)))
        for start in range(0, len(squares), _AT_ONCE)
        for block in [np.asarray(squares[start : start + _AT_ONCE], dtype=np.float64)]
    ]
    border, corners, brightness = (np.concatenate(of_part) for of_part in zip(*parts, strict=True))
    return {
        "border": Columns(_border_names(), border),
        "corners": Columns(_corner_names(), corners),
        "mean brightness": columns_of({"mean brightness": brightness}),
    }


def mean_square(squares: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """(side, side) uint8: the mean of the squares at `rows`."""
    total = np.zeros(squares.shape[1:])
    for start in range(0, len(rows), _AT_ONCE):
        total += squares[rows[start : start + _AT_ONCE]].sum(axis=0, dtype=np.float64)
    mean: np.ndarray = np.round(total / max(1, len(rows))).astype(np.uint8)
    return mean


def _border(films: Floats) -> Floats:
    """(n, 64): mean and deviation of eight pieces of each edge."""
    strips = (
        films[:, :BORDER_PX],
        films[:, -BORDER_PX:],
        films[:, :, :BORDER_PX].swapaxes(1, 2),
        films[:, :, -BORDER_PX:].swapaxes(1, 2),
    )
    parts = list[Floats]()
    for strip in strips:  # each (n, 5, 128), along the edge
        pieces = strip.reshape(len(films), BORDER_PX, _PIECES, -1)
        parts += [pieces.mean(axis=(1, 3)), pieces.std(axis=(1, 3))]
    return np.hstack(parts)


def _border_names() -> tuple[str, ...]:
    edges, kinds = ("top", "bottom", "left", "right"), ("grey", "contrast")
    return tuple(
        f"{kind} of the {edge} edge, piece {n + 1}" for edge in edges for kind in kinds for n in range(_PIECES)
    )


def _corners(films: Floats) -> Floats:
    """(n, 76): 4 x 4 cells of each corner, and its deviation, darkest and brightest grey."""
    low, high = slice(None, CORNER_PX), slice(-CORNER_PX, None)
    parts = list[Floats]()
    for rows in (low, high):
        for across in (low, high):
            corner = films[:, rows, across]
            cells = corner.reshape(len(films), _CELLS, CORNER_PX // _CELLS, _CELLS, CORNER_PX // _CELLS)
            parts.append(cells.mean(axis=(2, 4)).reshape(len(films), -1))
            flat = corner.reshape(len(films), -1)
            parts.append(np.stack([flat.std(axis=1), flat.min(axis=1), flat.max(axis=1)], axis=1))
    return np.hstack(parts)


def _corner_names() -> tuple[str, ...]:
    kinds = [f"cell {n + 1}" for n in range(_CELLS**2)] + ["contrast", "darkest grey", "brightest grey"]
    corners = ("top left", "top right", "bottom left", "bottom right")
    return tuple(f"{kind}, {corner} corner" for corner in corners for kind in kinds)
