"""The activation map drawn over its film: evidence for pneumonia in orange, against it in blue, with a colour bar."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

Pixels = npt.NDArray[np.uint8]
Map = npt.NDArray[np.float32]

# Orange and blue stay apart for every common kind of colour blindness (Wong 2011, "Points of view: Color blindness").
EVIDENCE_FOR: Final = np.array([230.0, 97.0, 1.0])
EVIDENCE_AGAINST: Final = np.array([64.0, 132.0, 214.0])
_BAR_WIDTH_PX, _MARGIN_PX = 14, 12
_LARGEST_OPACITY = 0.62


def draw_map(film: Pixels, activation_map: Map, scale: float | None = None) -> Image.Image:
    """The film with its map over it, a colour bar to the right, at the film's own resolution.

    Args:
        film: (height, width) uint8, at its own resolution.
        activation_map: (h, w) evidence by place; its mean is the logit without the head's bias.
        scale: evidence that is drawn in full colour; the largest of this map if not given. Maps are comparable
            with each other only when drawn at one scale.
    """
    height, width = film.shape
    limit = scale or float(np.abs(activation_map).max()) or 1.0
    evidence = np.asarray(
        Image.fromarray(activation_map.astype(np.float32)).resize((width, height), Image.Resampling.BICUBIC)
    )
    drawn = Image.fromarray(_blend(np.repeat(film[..., None], 3, axis=2), np.clip(evidence / limit, -1, 1)))
    return _with_colour_bar(drawn, limit)


def _blend(grey: Pixels, strength: npt.NDArray[np.floating]) -> Pixels:
    """Colour over (height, width, 3) grey; strength of -1 to 1 chooses the colour and how much of it."""
    colour = np.where(strength[..., None] > 0, EVIDENCE_FOR, EVIDENCE_AGAINST)
    opacity = _LARGEST_OPACITY * np.abs(strength)[..., None]
    blended: Pixels = np.round(grey * (1 - opacity) + colour * opacity).astype(np.uint8)
    return blended


def _with_colour_bar(picture: Image.Image, limit: float) -> Image.Image:
    """The picture with a bar from "against" (bottom) to "for" (top) and the evidence at its ends."""
    size = max(11, picture.height // 32)
    font = ImageFont.load_default(size)
    # Two spaces: one of this font cannot be seen at small sizes.
    labels = [f"+{limit:.1f}  for", "0", f"-{limit:.1f}  against"]
    text_width = max(int(font.getlength(label)) for label in labels)
    canvas = Image.new("RGB", (picture.width + 3 * _MARGIN_PX + _BAR_WIDTH_PX + text_width, picture.height))
    canvas.paste(picture, (0, 0))
    left, top, bottom = picture.width + _MARGIN_PX, _MARGIN_PX, picture.height - _MARGIN_PX
    strength = np.linspace(1, -1, max(2, bottom - top))[:, None].repeat(_BAR_WIDTH_PX, axis=1)
    canvas.paste(Image.fromarray(_blend(np.full((*strength.shape, 3), 40, np.uint8), strength)), (left, top))
    draw = ImageDraw.Draw(canvas)
    for label, y, anchor in zip(labels, (top, (top + bottom) // 2, bottom), ("la", "lm", "ld"), strict=True):
        if label == "0" and bottom - top < 4 * size:
            continue  # it would stand in the other two
        draw.text((left + _BAR_WIDTH_PX + _MARGIN_PX // 2, y), label, fill=(225, 225, 225), font=font, anchor=anchor)
    return canvas
