"""The same film as another machine, hand or export program might have given it: what a gate must not stumble over."""

from __future__ import annotations

import io
import math

import numpy as np
from PIL import Image, ImageFilter

from hilum.images.film import Pixels

OFTEN, SOMETIMES = 0.7, 0.4


def natural_variation(pixels: Pixels, generator: np.random.Generator) -> Pixels:
    """A film turned, shifted, zoomed, exposed, blurred, sharpened, grained or compressed otherwise, all of it mildly.

    Position and exposure change in 7 of 10 films, each other trait in 4 of 10. What it draws is meant to stay a film
    that a radiographer would let pass.

    Args:
        pixels: (height, width) uint8.
        generator: decides everything; the same state gives the same film.

    Returns:
        (height, width) uint8, a new array.
    """
    film = _moved(pixels, generator) if generator.random() < OFTEN else pixels
    film = _exposed(film, generator) if generator.random() < OFTEN else film
    for change in (_blurred, _grained, _sharpened, _compressed):
        film = change(film, generator) if generator.random() < SOMETIMES else film
    return np.array(film)


def _moved(film: Pixels, generator: np.random.Generator) -> Pixels:
    """Turned by some 6 degrees, zoomed by 0.9 to 1.2, shifted by some 3 %, its aspect changed by some 6 %."""
    height, width = film.shape
    angle, stretch = math.radians(generator.normal(0, 6)), math.exp(generator.normal(0, 0.06))
    zoom, (down, right) = generator.uniform(0.82, 1.12), generator.normal(0, 0.03, 2)
    a, b = zoom * math.cos(angle) * stretch, zoom * math.sin(angle)
    d, e = -zoom * math.sin(angle), zoom * math.cos(angle) / stretch
    x, y = width / 2, height / 2
    matrix = (a, b, x - a * x - b * y + right * width, d, e, y - d * x - e * y + down * height)
    image = Image.fromarray(film)
    return np.asarray(image.transform(image.size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR))


def _exposed(film: Pixels, generator: np.random.Generator) -> Pixels:
    """Another gamma, contrast and brightness."""
    grey = (film / 255) ** math.exp(generator.normal(0, 0.25))
    grey = (grey - 0.5) * math.exp(generator.normal(0, 0.15)) + 0.5 + generator.normal(0, 0.06)
    return _to_bytes(grey * 255)


def _blurred(film: Pixels, generator: np.random.Generator) -> Pixels:
    return np.asarray(Image.fromarray(film).filter(ImageFilter.GaussianBlur(generator.uniform(0.3, 1.2))))


def _grained(film: Pixels, generator: np.random.Generator) -> Pixels:
    return _to_bytes(film + generator.normal(0, generator.uniform(1, 7), film.shape))


def _sharpened(film: Pixels, generator: np.random.Generator) -> Pixels:
    percent = int(generator.integers(20, 121))
    return np.asarray(Image.fromarray(film).filter(ImageFilter.UnsharpMask(1.5, percent, 0)))


def _compressed(film: Pixels, generator: np.random.Generator) -> Pixels:
    content = io.BytesIO()
    Image.fromarray(film).save(content, "JPEG", quality=int(generator.integers(40, 96)))
    return np.asarray(Image.open(content))


def _to_bytes(grey: np.ndarray) -> Pixels:
    pixels: Pixels = np.clip(np.round(grey), 0, 255).astype(np.uint8)
    return pixels
