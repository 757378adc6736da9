"""How colourful a picture is, before it becomes grey: a film is grey, or of one tint."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_CELLS = 64
"""The picture is averaged to about this many cells on its shorter side first, which takes JPEG's colour noise away."""

_SHARE = 0.1
_MARKED_SHARE = 0.2


def colourfulness(image: Image.Image) -> float:
    """Grey levels by which at least a tenth of a picture strays from one tint, or a fifth from grey; 0 for grey.

    A film that was scanned or exported with a blue or brown tint has, at each brightness, one colour: its channels
    are smooth functions of its brightness, and what a parabola leaves of them is near 0. A coloured photograph has
    many colours of one brightness. A tenth, so that a coloured letter or arrow on a film does not count. A
    grey film may bear a coloured bar beside it, which would bend the parabola: the smaller of the two figures holds.

    Args:
        image: a loaded picture in any mode; those without colour give 0.
    """
    if image.mode in ("P", "PA", "CMYK", "RGBa", "RGBX"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    if image.mode not in ("RGB", "RGBA"):
        return 0.0
    reduced = image.reduce(max(1, min(image.size) // _CELLS)).convert("RGB")
    colours = np.asarray(reduced, dtype=np.float64).reshape(-1, 3)
    return _beyond_grey_or_one_tint(colours[:: max(1, len(colours) // 10_000)])


def _beyond_grey_or_one_tint(colours: NDArray[np.float64]) -> float:
    brightness = colours.mean(axis=1)
    chroma = colours[:, [0, 2]] - brightness[:, None]  # (m, 2) red and blue beside the brightness
    powers = np.stack([np.ones_like(brightness), brightness / 255, (brightness / 255) ** 2], axis=1)
    from_grey = float(np.quantile(np.linalg.norm(chroma, axis=1), 1 - _MARKED_SHARE))
    fitted = powers @ np.linalg.lstsq(powers, chroma, rcond=None)[0]
    return min(from_grey, float(np.quantile(np.linalg.norm(chroma - fitted, axis=1), 1 - _SHARE)))
