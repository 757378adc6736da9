"""One picture in any of the modes that Pillow decodes -> grey values from 0, black, to 255, white."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hilum.errors import HilumError
from hilum.images import tiff
from hilum.images.film import Pixels

_DEEP = frozenset({"I;16", "I;16L", "I;16B", "I;16N", "I", "F"})
_GREY = frozenset({"1", "L", "LA", "La"})
_COLOUR = frozenset({"P", "PA", "RGB", "RGBX", "RGBA", "RGBa", "CMYK"})
STRETCHED = "Values from "
"""How the note of a stretched film begins."""

_BLOCK = 2**20  # pixels stretched at a time: a 64 MP film needs 8 MB of float64 beside it, not 512


def to_grey(image: Image.Image, shown: str) -> tuple[Pixels, list[str]]:
    """(height, width) uint8 of a loaded picture, and a sentence for each thing done that a reader should know.

    Raises:
        HilumError: the mode has no agreed way to grey (CIE Lab, raw YCbCr), or a value is not finite.
    """
    if image.mode in _DEEP:
        return _stretched(image, shown)
    if image.mode not in _GREY | _COLOUR:
        raise HilumError(
            f"'{shown}' stores its colours as {image.mode}.",
            expected="grey, RGB, palette or CMYK",
            do="Convert it to PNG.",
        )
    if image.has_transparency_data:
        return np.asarray(_over_black(image)), ["Transparent parts were drawn over black."]
    if image.mode in ("P", "CMYK"):
        image = image.convert("RGB")
    return np.asarray(image.convert("L")), []


def _over_black(image: Image.Image) -> Image.Image:
    """Grey of the colour, times alpha / 255, rounded."""
    if image.mode == "La":
        image = image.convert("LA")  # Pillow knows no direct way from there to RGBA
    rgba = image.convert("RGBA")
    black = Image.new("L", rgba.size)
    black.paste(rgba.convert("L"), mask=rgba.getchannel("A"))
    return black


def _stretched(image: Image.Image, shown: str) -> tuple[Pixels, list[str]]:
    """Minimum to 0 and maximum to 255, because without a window nothing better is known."""
    values = np.asarray(image)
    if image.mode == "I" and tiff.is_unsigned(image):
        values = values.view(np.uint32)
    lowest, highest = float(values.min()), float(values.max())
    if not np.isfinite(lowest) or not np.isfinite(highest):
        raise HilumError(
            f"'{shown}' holds values that are not finite (NaN or infinity).",
            expected="a number in every pixel",
            do="Export it as 16-bit PNG.",
        )
    notes = [f"{STRETCHED}{lowest:g} to {highest:g} were stretched to 0 to 255."]
    if lowest == highest:
        notes = [f"Every pixel has the value {lowest:g}, drawn as black."]
    pixels = _scaled(values, lowest, highest)
    if tiff.is_white_zero(image) and lowest < highest:
        np.subtract(255, pixels, out=pixels)
        notes.append("Inverted, because 0 is white in this file.")
    if "transparency" in image.info:
        notes.append("The transparent grey value was ignored.")
    return pixels, notes


def _scaled(values: NDArray[np.generic], lowest: float, highest: float) -> Pixels:
    """floor((value - lowest) * 255 / (highest - lowest) + 0.5) in float64, which is exact for all whole numbers."""
    pixels = np.zeros(values.shape, np.uint8)
    if lowest == highest:
        return pixels
    rows = max(1, _BLOCK // values.shape[1])
    for start in range(0, len(values), rows):
        block = values[start : start + rows].astype(np.float64)
        pixels[start : start + rows] = np.floor((block - lowest) * 255 / (highest - lowest) + 0.5)
    return pixels
