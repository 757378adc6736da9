"""The map that the graph itself gives with its answer."""

from __future__ import annotations

from typing import Final

from hilum.attribution.evidence import EvidenceMap, Square
from hilum.engine import Engine

ACTIVATION_MAP: Final = "activation_map"
"""The graph's output."""


def graph_map(engine: Engine, square: Square) -> EvidenceMap:
    """(h, w) of one (side, side) square, as coarse as the last feature maps; `placed` lays it over the film."""
    evidence: EvidenceMap = engine.run(square[None], (ACTIVATION_MAP,))[ACTIVATION_MAP][0]
    return evidence
