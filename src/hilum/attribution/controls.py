"""Maps that know nothing of a model, and films with nothing to see on them: what a method is held against."""

from __future__ import annotations

from typing import Final

import numpy as np
from PIL import Image, ImageFilter

from hilum.attribution.evidence import EvidenceMap, Square

BLOB_WIDTH: Final = 0.25
"""Standard deviation of the blob in the centre, as a share of the film's side."""

BLUR_WIDTH: Final = 0.1
"""Standard deviation of the blur in which a film has nothing to see on it, as a share of its side."""


def moved_at_random(evidence: EvidenceMap, generator: np.random.Generator) -> EvidenceMap:
    """The map turned, perhaps mirrored, and rolled over its edges by chance.

    A random map with the same values, as coarse as the map itself. Maps of independent noise would be no fair control:
    pixels covered one by one all over a film put a network out of action wherever they lie.
    """
    turned = np.rot90(evidence, int(generator.integers(4)))
    mirrored = turned[:, ::-1] if generator.integers(2) else turned
    height, width = mirrored.shape
    by = (int(generator.integers(height)), int(generator.integers(width)))
    return np.ascontiguousarray(np.roll(mirrored, by, axis=(0, 1)))


def centre_blob(side: int) -> EvidenceMap:
    """(side, side) a bell in the centre of the film, where chest films show the chest: what every film has in common.

    >>> blob = centre_blob(9)
    >>> float(blob[4, 4]), float(blob[0, 0]) < 0.05
    (1.0, True)
    """
    across = (np.arange(side) - (side - 1) / 2) / (BLOB_WIDTH * side)
    bell = np.exp(-(across**2) / 2)
    return np.outer(bell, bell).astype(np.float32)


def blurred(square: Square) -> Square:
    """The film so blurred that only its broad lights and darks are left."""
    return np.array(Image.fromarray(square).filter(ImageFilter.GaussianBlur(BLUR_WIDTH * square.shape[0])))


def mean_grey(square: Square) -> int:
    """The grey that stands for nothing in a film: its own mean, so that covering changes no exposure."""
    return round(float(square.mean()))
