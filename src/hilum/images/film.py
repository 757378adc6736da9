"""What reading one image file gives back, and how much a file may ask for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".tif", ".tiff", ".bmp"})
"""Lower-case file name endings that are taken for images when a folder is walked; the content decides what they are."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a file and its picture may be; both are checked before anything is decoded."""

    bytes: int = 64 * 1024 * 1024
    pixels: int = 64_000_000


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """One radiograph as a viewer shows it: upright, grey, 0 for black.

    Attributes:
        pixels: (height, width) uint8, read-only.
        source_format: "JPEG", "PNG", "TIFF" or "BMP", by content.
        mode: how the file stores a pixel, in Pillow's words: "L", "RGB", "I;16", "CMYK", ...
        notes: what was changed or ignored on the way, one sentence each; empty for most films.
        colourfulness: grey levels by which a tenth of the file's picture strays from one tint, or a fifth from grey,
            whichever is less; 0 for a grey file.
    """

    pixels: Pixels
    source_format: str
    mode: str
    notes: tuple[str, ...] = ()
    colourfulness: float = 0.0

    @property
    def width_px(self) -> int:
        """Columns of the upright film."""
        return int(self.pixels.shape[1])

    @property
    def height_px(self) -> int:
        """Rows of the upright film."""
        return int(self.pixels.shape[0])
