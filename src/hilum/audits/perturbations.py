"""Films made worse on purpose, as scanners, exports and haste make them worse: ten ways, five strengths each."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from hilum.metrics.arrays import Floats

Square = npt.NDArray[np.uint8]

_WORDS: Final = ("AP PORTABLE", "ERECT 14:05", "R", "SUPINE 70 KV", "L")


@dataclass(frozen=True, slots=True)
class Perturbation:
    """One way in which films get worse.

    Args:
        name: such as "blur".
        meaning: what is done, in words, with the unit of the strengths.
        strengths: five, from weak to strong.
        unit: how a strength is written: "{:g} %".
        change: (side, side) uint8, a strength and the film's own generator -> (side, side) uint8.
    """

    name: str
    meaning: str
    strengths: tuple[float, ...]
    unit: str
    change: Callable[[Square, float, np.random.Generator], Square]

    def label(self, strength: float) -> str:
        """The strength with its unit."""
        return self.unit.format(strength)

    def of(self, squares: Square, strength: float, seed: int, first: int = 0) -> Square:
        """(n, side, side) uint8 made worse; chance is drawn by seed and a film's number alone.

        Args:
            squares: (n, side, side) uint8.
            strength: one of `strengths`.
            seed: of whatever is drawn.
            first: number of the first of these films in the whole set.
        """
        generators = (np.random.default_rng([seed, first + number]) for number in range(len(squares)))
        return np.stack([self.change(one, strength, own) for one, own in zip(squares, generators, strict=True)])


def _gain(square: Square, factor: float) -> Square:
    return _grey(square.astype(np.float64) * factor)


def _brighter(square: Square, stops: float, _: np.random.Generator) -> Square:
    return _gain(square, 2.0**stops)


def _darker(square: Square, stops: float, _: np.random.Generator) -> Square:
    return _gain(square, 2.0**-stops)


def _contrast(square: Square, percent: float, _: np.random.Generator) -> Square:
    mean = float(square.mean())
    return _grey(np.asarray(mean + (square - mean) * (percent / 100), dtype=np.float64))


def _blur(square: Square, percent: float, _: np.random.Generator) -> Square:
    return np.array(Image.fromarray(square).filter(ImageFilter.GaussianBlur(len(square) * percent / 100)))


def _noise(square: Square, percent: float, own: np.random.Generator) -> Square:
    return _grey(square + own.normal(0, 255 * percent / 100, square.shape))


def _jpeg(square: Square, quality: float, _: np.random.Generator) -> Square:
    file = io.BytesIO()
    Image.fromarray(square).save(file, "JPEG", quality=round(quality))
    return np.array(Image.open(file))


def _rotation(square: Square, degrees: float, own: np.random.Generator) -> Square:
    angle = degrees * (1 if own.random() < 0.5 else -1)
    return np.array(Image.fromarray(square).rotate(angle, Image.Resampling.BILINEAR))


def _crop(square: Square, percent: float, _: np.random.Generator) -> Square:
    side = len(square)
    margin = side * percent / 100
    box = (margin, margin, side - margin, side - margin)
    return np.array(Image.fromarray(square).resize((side, side), Image.Resampling.BILINEAR, box=box))


def _down_sampling(square: Square, factor: float, _: np.random.Generator) -> Square:
    side = len(square)
    small = max(1, round(side / factor))
    shrunk = Image.fromarray(square).resize((small, small), Image.Resampling.BILINEAR)
    return np.array(shrunk.resize((side, side), Image.Resampling.BILINEAR))


def _text(square: Square, percent: float, own: np.random.Generator) -> Square:
    """Two words in white, each in a corner of its own."""
    side, size = len(square), len(square) * percent / 100
    picture, font = Image.fromarray(square), ImageFont.load_default(size)
    draw, edge = ImageDraw.Draw(picture), round(0.03 * side)
    corners = (
        ("la", edge, edge),
        ("ra", side - edge, edge),
        ("ld", edge, side - edge),
        ("rd", side - edge, side - edge),
    )
    for place, word in zip(own.permutation(4)[:2], own.permutation(len(_WORDS))[:2], strict=True):
        anchor, x, y = corners[place]
        draw.text((x, y), _WORDS[word], fill=255, font=font, anchor=anchor)
    return np.array(picture)


def _grey(values: Floats) -> Square:
    rounded: Square = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return rounded


PERTURBATIONS: Final = (
    Perturbation("over-exposure", "grey values doubled per stop", (0.25, 0.5, 0.75, 1, 1.5), "{:g} stops", _brighter),
    Perturbation("under-exposure", "grey values halved per stop", (0.25, 0.5, 0.75, 1, 1.5), "{:g} stops", _darker),
    Perturbation("low contrast", "contrast left about the film's mean", (80, 60, 40, 30, 20), "{:g} %", _contrast),
    Perturbation("blur", "Gaussian, deviation in % of the side", (0.25, 0.5, 1, 1.5, 2), "{:g} %", _blur),
    Perturbation("noise", "Gaussian, deviation in % of white", (1, 2, 4, 8, 16), "{:g} %", _noise),
    Perturbation("JPEG", "saved again, by quality", (50, 30, 20, 10, 5), "q {:g}", _jpeg),
    Perturbation("rotation", "to one side or the other", (2, 4, 6, 10, 15), "{:g}°", _rotation),
    Perturbation("crop", "off each edge, in % of the side", (2, 4, 6, 10, 15), "{:g} %", _crop),
    Perturbation("down-sampling", "fewer pixels, then back to size", (1.5, 2, 3, 4, 6), "1/{:g}", _down_sampling),
    Perturbation("burnt-in text", "two words, height in % of the side", (4, 6, 8, 10, 14), "{:g} %", _text),
)
"""In the order of the report."""
