"""Where on the film the places of a coarse map look.

A map of 7 x 7 places is usually stretched over a film from edge to edge. But a padded convolution of stride 2 looks
around its first pixel, not around the middle of its first two; five of them put the first place of such a map on the
film's corner, half a place further up and left than the stretched map shows it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from hilum.attribution.evidence import EvidenceMap, at_side


@dataclass(frozen=True, slots=True)
class Places:
    """Place i of a map, along either axis, looks at a field whose middle is `first_px + i * step_px`.

    Pixels are counted from the film's edge: the middle of the first is 0.5.
    """

    first_px: float
    step_px: float


def placed(evidence: EvidenceMap, places: Places | None, side: int) -> EvidenceMap:
    """The map as (side, side), each place where it looks: bicubic between them, the outermost values beyond them.

    Args:
        evidence: (h, w), or (side, side) already.
        places: None where they are not known: the map is then stretched from edge to edge.
        side: of the square that the network saw, in pixels.
    """
    if places is None or evidence.shape == (side, side):
        return at_side(evidence, side)
    start, end = ((edge - places.first_px) / places.step_px + 0.5 for edge in (0, side))  # in places, from its edge
    beyond = math.ceil(max(0.0, -start, end - min(evidence.shape)))
    picture = Image.fromarray(np.pad(evidence.astype(np.float32), beyond, mode="edge"))
    box = (start + beyond, start + beyond, end + beyond, end + beyond)
    return np.array(picture.resize((side, side), Image.Resampling.BICUBIC, box), dtype=np.float32)
