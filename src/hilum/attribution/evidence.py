"""The map of a method as a value: evidence by place, signed, at the method's own resolution."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

Square = npt.NDArray[np.uint8]
"""(side, side) the film as the graph takes it."""

Squares = npt.NDArray[np.uint8]
"""(n, side, side) several of them."""

EvidenceMap = npt.NDArray[np.float32]
"""(h, w) at the method's own resolution; positive speaks for pneumonia, negative against it."""

Logits = npt.NDArray[np.float64]
"""(n,) one a film."""


def at_side(evidence: EvidenceMap, side: int) -> EvidenceMap:
    """The map as (side, side), with the bicubic filter that also draws it over a film.

    >>> at_side(np.array([[0, 1], [0, 1]], dtype=np.float32), 4).shape
    (4, 4)
    """
    if evidence.shape == (side, side):
        return evidence
    resized = Image.fromarray(evidence.astype(np.float32)).resize((side, side), Image.Resampling.BICUBIC)
    return np.array(resized, dtype=np.float32)
