"""Films counted at each distinct score: ties are handled here once, for every metric of rank or calibration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hilum.metrics.arrays import Booleans, Floats, film_weights, require_films


@dataclass(frozen=True, slots=True)
class Tally:
    """The weight of each class at each distinct score.

    Args:
        score: (k,) distinct scores, ascending.
        pneumonia: (..., k) weight of the films with pneumonia; the leading axes are those of the weights.
        normal: (..., k) weight of the normal films.
    """

    score: Floats
    pneumonia: Floats
    normal: Floats

    @property
    def mass(self) -> Floats:
        """(..., k) weight of all films."""
        return self.pneumonia + self.normal


def tally(score: ArrayLike, is_pneumonia: ArrayLike, weights: ArrayLike | None = None) -> Tally:
    """Count films with equal scores together.

    Args:
        score: (n,) logit or probability.
        is_pneumonia: (n,) bool.
        weights: (..., n) how often each film counts, one row for each bootstrap draw; None counts each once.

    Raises:
        HilumError: the arrays are empty, differ in length, or hold what is no number.

    >>> counted = tally([0.5, 0.1, 0.5], [True, False, False])
    >>> counted.score.tolist(), counted.pneumonia.tolist(), counted.normal.tolist()
    ([0.1, 0.5], [0.0, 1.0], [1.0, 1.0])
    """
    scores, truth = require_films(score, is_pneumonia)
    order = np.argsort(scores, kind="stable")
    counted = film_weights(weights, len(scores))[..., order]
    starts = np.flatnonzero(np.r_[True, np.diff(scores[order]) > 0])  # (k,)
    return Tally(
        score=scores[order][starts],
        pneumonia=_sums(counted, truth[order], starts),
        normal=_sums(counted, ~truth[order], starts),
    )


def _sums(weights: Floats, is_counted: Booleans, starts: np.ndarray) -> Floats:
    """(..., k) weight of the counted films in each run of equal scores."""
    sums: Floats = np.add.reduceat(weights * is_counted, starts, axis=-1)
    return sums
