"""A map drawn over its film: evidence for pneumonia in orange, against it in blue, with a colour bar."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
_TEXT: Final = (225, 225, 225)
_FULL_COLOUR_SHARE: Final = 0.995
_PATCHES: Final = 28
PNG_LEVEL: Final = 3
"""Compression of such pictures: measured on one of 2 million pixels, a third of the time of the usual 6, 7 % larger."""
_GAP_SEEN_FROM_PX: Final = 20
"""One space of the font cannot be seen in smaller writing; two can."""


def draw_map(
    film: Pixels,
    activation_map: Map,
    scale: float | None = None,
    geometry: str = "squash",
    caption: Sequence[str] = (),
) -> Image.Image:
    """The film with its map over it, a colour bar to the right, at the film's own resolution.

    Args:
        film: (height, width) uint8, at its own resolution.
        activation_map: (h, w) evidence by place of the square that the network saw.
        scale: evidence that is drawn in full colour; the largest of this map if not given. Maps are comparable
            with each other only when drawn at one scale.
        geometry: how the film became that square.
        caption: lines that stand below the film, such as the method and its layer; long ones are folded.
    """
    limit = scale or float(np.abs(activation_map).max()) or 1.0
    drawn = _with_colour_bar(overlay(film, activation_map, limit, geometry), limit)
    return _with_caption(drawn, caption) if caption else drawn


def overlay(film: Pixels, evidence: Map, limit: float, geometry: str = "squash") -> Image.Image:
    """The film with its map over it and nothing beside it; full colour from `limit` on."""
    height, width = film.shape
    strength = np.clip(at_film(evidence, height, width, geometry) / limit, -1, 1)
    return Image.fromarray(_blend(np.repeat(film[..., None], 3, axis=2), strength))


def at_film(evidence: Map, height: int, width: int, geometry: str = "squash") -> Map:
    """(height, width) evidence at the film's own resolution, from the (h, w) of the square, bicubic.

    The borders that the geometry "pad" puts around a film are left out.
    """
    rows, columns = evidence.shape
    longer = max(height, width) if geometry == "pad" else 0
    left = (1 - width / longer) / 2 * columns if longer else 0.0
    top = (1 - height / longer) / 2 * rows if longer else 0.0
    box = (left, top, columns - left, rows - top)
    picture = Image.fromarray(evidence.astype(np.float32))
    return np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC, box))


def in_patches(evidence: Map) -> Map:
    """The evidence of single pixels, summed over patches, about 28 along a side: pixels alone nobody can see.

    What the patches have together is what the pixels have together.
    """
    rows, columns = evidence.shape
    edges = [np.linspace(0, length, min(length, _PATCHES) + 1).astype(int)[:-1] for length in (rows, columns)]
    summed: Map = np.add.reduceat(np.add.reduceat(evidence, edges[0], axis=0), edges[1], axis=1)
    return summed


def strength_of(evidence: Map) -> float:
    """What one place in 200 of a map reaches, for or against: a film's share in the scale of all.

    Of a coarse map with fewer places that is the largest value. Of one that is placed over the square, or as fine by
    itself, it is less: the strongest 0.5 % of the square count as one strength, so that a few stray pixels do not make
    all others pale. A place of 7 x 7 covers 2 % of the square and its peak is cut by about a tenth; one of 28 x 28
    covers 0.13 %, and a single one that stands out is drawn as the four or so next to it in strength are. Measured on
    noise, placed at 224 px: 0.88 of the largest value for 7 x 7 places, 0.79 for 14 x 14, 0.69 for 28 x 28.
    """
    return float(np.quantile(np.abs(evidence), _FULL_COLOUR_SHARE, method="higher"))


def full_colour_at(strengths: Iterable[float]) -> float:
    """The evidence from which on maps that are to be compared are drawn in full colour: that of the strongest film.

    Args:
        strengths: of each film's map, see `strength_of`; evidence beyond is drawn no stronger.
    """
    return max(strengths, default=0.0) or 1.0


def two_digits(evidence: float) -> str:
    """The end of a colour bar.

    >>> two_digits(187.2), two_digits(0.00261), two_digits(5.0)
    ('190', '0.0026', '5')
    """
    return f"{float(f'{evidence:.2g}'):g}"


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
    end = two_digits(limit)
    labels = [f"+{end}  for", "0", f"-{end}  against"]
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
        draw.text((left + _BAR_WIDTH_PX + _MARGIN_PX // 2, y), label, fill=_TEXT, font=font, anchor=anchor)
    return canvas


def _with_caption(picture: Image.Image, caption: Sequence[str]) -> Image.Image:
    """The picture with lines of text below it, folded to its width."""
    size = max(11, picture.height // 40)
    font = ImageFont.load_default(size)
    room = picture.width - 2 * _MARGIN_PX
    gap = "  " if size < _GAP_SEEN_FROM_PX else " "
    lines = [part for line in caption for part in _folded(line, font, room, gap)]
    step = round(1.4 * size)
    canvas = Image.new("RGB", (picture.width, picture.height + step * len(lines) + 2 * _MARGIN_PX))
    canvas.paste(picture, (0, 0))
    draw = ImageDraw.Draw(canvas)
    for number, line in enumerate(lines):
        place = (_MARGIN_PX, picture.height + _MARGIN_PX + number * step)
        draw.text(place, line, fill=_TEXT, font=font, anchor="la")
    return canvas


def _folded(line: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, room: float, gap: str) -> Iterator[str]:
    """The line in parts that are no wider than the room, broken between words, or inside one that fits nowhere."""
    part = ""
    for word in line.split():
        longer = f"{part}{gap}{word}".strip()
        if part and font.getlength(longer) > room:
            yield part
            longer = word
        while font.getlength(longer) > room and len(longer) > 1:
            fits = next(
                end for end in range(len(longer) - 1, 0, -1) if end == 1 or font.getlength(longer[:end]) <= room
            )
            yield longer[:fits]
            longer = longer[fits:]
        part = longer
    if part:
        yield part
