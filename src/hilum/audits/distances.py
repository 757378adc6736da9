"""Three distances from the fit films, compared: does any of them tell an evaluation set from films held back?

Mahalanobis is what a model folder's gate uses; nearest neighbours and energy stand beside it so that the choice can be
seen. Nothing is learned from the evaluation set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from hilum.audits.features import Seen
from hilum.metrics.arrays import Floats

NEIGHBOURS: Final = 10
_AT_ONCE: Final = 256


@dataclass(frozen=True, slots=True, eq=False)
class FitFilms:
    """What the distances are measured from.

    Args:
        mean: (d,) of the fit films' features.
        whitening: (d, d) so that the squared length of a whitened difference is the Mahalanobis distance.
        directions: (n, d) float32, the fit films' features at length 1.
    """

    mean: Floats
    whitening: Floats
    directions: npt.NDArray[np.float32]


def describe(features: npt.NDArray[np.float32]) -> FitFilms:
    """The fit films as the distances need them; the covariance is shrunk as Ledoit and Wolf say.

    Source: Lee et al. 2018 (Mahalanobis, here with one class); Sun et al. 2022 (nearest neighbours at length 1).
    """
    from sklearn.covariance import ledoit_wolf

    exact = features.astype(np.float64)
    covariance, _ = ledoit_wolf(exact)
    variances, axes = np.linalg.eigh(covariance)
    whitening: Floats = axes / np.sqrt(np.maximum(variances, 1e-12))
    return FitFilms(exact.mean(axis=0), whitening, _at_length_one(features))


def distances(fit: FitFilms, seen: Seen) -> dict[str, Floats]:
    """(n,) by method: how far each film is from the fit films; larger is further."""
    return {
        "Mahalanobis": (((seen.features - fit.mean) @ fit.whitening) ** 2).sum(axis=1),
        "nearest neighbours": _to_neighbours(fit, seen.features),
        "energy": -np.logaddexp(seen.logit / 2, -seen.logit / 2),
    }


def _to_neighbours(fit: FitFilms, features: npt.NDArray[np.float32]) -> Floats:
    """(n,) distance to the tenth nearest fit film, all features at length 1."""
    nearest, number = list[Floats](), min(NEIGHBOURS, len(fit.directions))
    for start in range(0, len(features), _AT_ONCE):
        likeness = _at_length_one(features[start : start + _AT_ONCE]) @ fit.directions.T
        nearest.append(-np.partition(likeness, -number, axis=1)[:, -number].astype(np.float64))
    return np.sqrt(np.maximum(2 + 2 * np.concatenate(nearest), 0))


def _at_length_one(features: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    length = np.linalg.norm(features, axis=1, keepdims=True)
    result: npt.NDArray[np.float32] = (features / np.maximum(length, 1e-12)).astype(np.float32)
    return result
