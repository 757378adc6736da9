"""The one way from a film to the square that a network sees: pixel cache, validation and prediction alike."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

from hilum.errors import HilumError, nearest
from hilum.images.film import Pixels

LARGEST_SIDE_PX = 4096


def to_square(pixels: Pixels, side: int, geometry: str = "squash") -> Pixels:
    """The film as a side x side square, resized with Pillow's antialiased bilinear filter.

    docs/reference/preprocessing.md describes the arithmetic so that another language can repeat it bit by bit.

    Args:
        pixels: (height, width) uint8.
        side: 1 to 4096 px.
        geometry: "squash" ignores the aspect ratio. That is the rule, because in the Kermany data the aspect ratio
            gives the label away (median 1.23 for normal, 1.50 for pneumonia). "pad" keeps it and centres the film
            between black borders.

    Returns:
        (side, side) uint8, a new array.

    Raises:
        HilumError: the geometry is unknown, the side out of range, or `pixels` no uint8 image.

    >>> to_square(np.array([[0, 100, 200]], dtype=np.uint8), 2).tolist()
    [[38, 163], [38, 163]]
    """
    if geometry not in _GEOMETRIES:
        raise HilumError(
            f"There is no geometry '{geometry}'.",
            expected=" or ".join(f"'{name}'" for name in GEOMETRIES),
            do=nearest(geometry, list(GEOMETRIES)),
        )
    if not 1 <= side <= LARGEST_SIDE_PX:
        raise HilumError(
            f"A square of {side} px was asked for.", expected=f"1 to {LARGEST_SIDE_PX} px", do="Correct the side."
        )
    require_grey(pixels)
    return _GEOMETRIES[geometry](pixels, side)


def require_grey(pixels: Pixels) -> None:
    """Refuse an array that is no (height, width) uint8 image with at least one pixel."""
    if pixels.ndim != 2 or pixels.dtype != np.uint8 or not pixels.size:
        raise HilumError(
            f"Got an array of {pixels.dtype} with shape {pixels.shape}.",
            expected="uint8 with shape (height, width)",
            do="Read the file with hilum.images.read_film.",
        )


def _squash(pixels: Pixels, side: int) -> Pixels:
    return _resized(pixels, side, side)


def _pad(pixels: Pixels, side: int) -> Pixels:
    height, width = pixels.shape
    longer = max(height, width)
    new_height, new_width = (max(1, (2 * length * side + longer) // (2 * longer)) for length in (height, width))
    top, left = (side - new_height) // 2, (side - new_width) // 2
    square = np.zeros((side, side), np.uint8)
    square[top : top + new_height, left : left + new_width] = _resized(pixels, new_width, new_height)
    return square


def _resized(pixels: Pixels, width: int, height: int) -> Pixels:
    # One call an axis: asked for both, Pillow 12 always takes the rows first and Pillow 13 whatever is cheaper, which
    # differs by a grey level here and there (in 7 % of the pixels of noise 300 px wide and 2,000 px high).
    # No reducing_gap and no draft decode either: those differ by up to 32 grey levels.
    rows_done = Image.fromarray(pixels).resize((width, pixels.shape[0]), Image.Resampling.BILINEAR)
    return np.array(rows_done.resize((width, height), Image.Resampling.BILINEAR))


_GEOMETRIES: dict[str, Callable[[Pixels, int], Pixels]] = {"squash": _squash, "pad": _pad}
GEOMETRIES = tuple(_GEOMETRIES)
