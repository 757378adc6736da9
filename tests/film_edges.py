"""A map that shows the film and nothing of a model: what the randomisation test must fail."""

from __future__ import annotations

import numpy as np

from hilum.attribution.evidence import EvidenceMap, Square


def film_edges(square: Square) -> EvidenceMap:
    """(side, side) how steep the film's grey levels are.

    Source: Sobel's operator, as Adebayo et al. 2018 use an edge detector; size of the gradient.
    """
    grey = np.pad(square.astype(np.float32), 1, mode="edge")
    down = grey[2:] - grey[:-2]
    across = grey[:, 2:] - grey[:, :-2]
    vertical = down[:, :-2] + 2 * down[:, 1:-1] + down[:, 2:]
    horizontal = across[:-2] + 2 * across[1:-1] + across[2:]
    steepness: EvidenceMap = np.hypot(vertical, horizontal)
    return steepness
