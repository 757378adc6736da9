"""What the graph's own activation map is worth saying of a model: exact, or only a gradient's first guess."""

from __future__ import annotations

from typing import Final

import numpy as np

from hilum.attribution.evidence import EvidenceMap
from hilum.errors import HilumError
from hilum.modelfolder.schema import Manifest, MapKind

# In folders without `map_kind` the first sentence alone tells the two kinds of map apart: it stays as it is.
EXACT_EVIDENCE: Final = "the head's weights over the last feature maps; exact for a linear head on average-pooled maps"
GRADIENT_EVIDENCE: Final = "gradient x activation on the last feature maps"

ONE_LOGIT: Final = "The network has one logit, so the map for normal is the same with the signs exchanged."


def has_exact_map(manifest: Manifest) -> bool:
    """True where the map is the logit's own decomposition over places: one affine layer on average-pooled maps.

    Its mean over places is then the logit, up to a constant. Behind flattened maps, a maximum or a hidden layer no map
    of the last feature maps is that.
    """
    return (manifest.map_kind or map_kind_of(manifest.activation_map)) == "exact"


def map_kind_of(evidence_in_words: str) -> MapKind:
    """What kind of map a head makes that describes it in these words."""
    return "exact" if evidence_in_words == EXACT_EVIDENCE else "gradient"


def require_exact_map(manifest: Manifest) -> None:
    """Refuse to call a map exact that is none.

    Raises:
        HilumError: the model's head is another; the method that serves it is named.
    """
    if not has_exact_map(manifest):
        raise HilumError(
            f"The model '{manifest.name}' has no exact map: its head is not one linear layer on average-pooled maps.",
            expected="a method that follows the gradient through such a head",
            do="Ask for Grad-CAM: --method gradcam",
        )


def level_of_normal(manifest: Manifest) -> EvidenceMap:
    """(h, w) what each place says of normal films, for the method `above-normal`.

    Raises:
        HilumError: the folder has no such map.
    """
    if manifest.normal_map is None:
        raise HilumError(
            f"The model '{manifest.name}' has no mean map of normal films, which its own is to be held against.",
            expected="a model folder that keeps one",
            do="Have it made from the training films with `hilum model finish`, or ask for --method map.",
        )
    return np.array(manifest.normal_map.rows, dtype=np.float32)


def beyond_normal(evidence: EvidenceMap, level: EvidenceMap) -> EvidenceMap:
    """The graph's map of a film minus what its places say of normal films.

    Raises:
        HilumError: they are of different shapes, so not of one model.
    """
    if evidence.shape != level.shape:
        ours, theirs = (" x ".join(map(str, one.shape)) for one in (evidence, level))
        raise HilumError(
            f"The graph's map has {ours} places, the mean map of normal films in the manifest has {theirs}.",
            expected="graph and manifest of one model",
            do="Copy or export the model again.",
        )
    return evidence - level
