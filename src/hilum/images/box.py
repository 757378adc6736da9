"""A box on a film as shares of its sides, and the one that stands for the lungs."""

from __future__ import annotations

from typing import Final

from hilum.errors import HilumError

Box = tuple[float, float, float, float]
"""Left, top, right and bottom as shares of width and height."""

LUNG_BOX: Final[Box] = (0.1, 0.1, 0.9, 0.9)
"""Where lungs lie on films that show the chest from edge to edge."""


def require_box(box: Box) -> None:
    """Refuse a box that lies outside the film or has no inside.

    Raises:
        HilumError: names the four numbers.
    """
    left, top, right, bottom = box
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise HilumError(
            f"The lung box {left:g} {top:g} {right:g} {bottom:g} has no inside.",
            expected="left, top, right and bottom as shares from 0 to 1",
            do="The usual is: --lung-box " + " ".join(f"{end:g}" for end in LUNG_BOX),
        )


def area(box: Box) -> float:
    """The share of the film that the box covers.

    >>> round(area(LUNG_BOX), 2)
    0.64
    """
    left, top, right, bottom = box
    return (right - left) * (bottom - top)


def slices(box: Box, height: int, width: int) -> tuple[slice, slice]:
    """Rows and columns of a picture that lie in the box, to the nearest pixel."""
    left, top, right, bottom = box
    return slice(round(top * height), round(bottom * height)), slice(round(left * width), round(right * width))
