"""How far a film lies from others: Mahalanobis's distance under a covariance that is shrunk to what its films bear."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hilum.errors import HilumError
from hilum.metrics.arrays import Floats
from hilum.metrics.conformal import largest_score
from hilum.metrics.quantiles import student_quantile

FEWEST_FOR_A_LIMIT = 5
"""Patients without which `upper_limit` gives none: fewer say too little about their spread."""


@dataclass(frozen=True, slots=True, eq=False)
class FeatureDistance:
    """Distance of features from those that it was fitted on.

    Args:
        centre: (d,) their mean.
        whitening: (d, d); (features - centre) @ whitening has the identity as covariance on the fitted films.
        shrinkage: 0 to 1, how far the covariance was drawn towards that of independent features.
    """

    centre: Floats
    whitening: Floats
    shrinkage: float

    def __call__(self, features: ArrayLike) -> Floats:
        """(n,) distances of (n, d) features; about 1 for the fitted films, whatever the number of features."""
        whitened = (np.asarray(features, dtype=np.float64) - self.centre) @ self.whitening
        distance: Floats = np.sqrt(np.square(whitened).sum(axis=1))
        return distance


def fit_distance(features: ArrayLike) -> FeatureDistance:
    """Mahalanobis's distance, divided by the root of the number of features.

    Each feature is first brought to a spread of 1, because the shrinkage draws the covariance towards a multiple of
    the identity; one that is the same in all films keeps its own scale, so that a film where it differs is far.

    Args:
        features: (n, d) of the films, two at least.

    Raises:
        HilumError: fewer than two films, or a feature that is no finite number.

    Source: Ledoit and Wolf 2004, "A well-conditioned estimator for large-dimensional covariance matrices".
    """
    values = np.asarray(features, dtype=np.float64)
    if values.ndim != 2 or len(values) < 2 or not np.isfinite(values).all():
        raise HilumError(
            f"Got features of the shape {values.shape}.",
            expected="finite numbers, one row a film, for at least two films",
            do="Take them from the same graph for all films.",
        )
    centre, spread = values.mean(axis=0), values.std(axis=0)
    scale = np.where(spread > 1e-6, spread, 1.0)
    covariance, shrinkage = ledoit_wolf((values - centre) / scale)
    inverse = np.linalg.cholesky(np.linalg.inv(covariance))  # lower triangular, and its product the inverse
    return FeatureDistance(centre, inverse / scale[:, None] / np.sqrt(values.shape[1]), shrinkage)


def ledoit_wolf(centred: Floats) -> tuple[Floats, float]:
    """The (d, d) covariance of (n, d) centred features, shrunk, and by how much.

    >>> covariance, shrinkage = ledoit_wolf(np.array([[1.0, 1.0], [-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0]]))
    >>> covariance.tolist(), shrinkage
    ([[1.0, 0.0], [0.0, 1.0]], 1.0)
    """
    films, features = centred.shape
    sample = centred.T @ centred / films
    mean = float(np.trace(sample)) / features
    squares = float(np.square(sample).sum())
    away = squares / features - mean**2  # of the sample from the multiple of the identity
    error = (float(np.square(np.square(centred).sum(axis=1)).sum()) / films - squares) / films / features
    shrinkage = min(1.0, error / away) if away > 1e-12 else 1.0
    shrunk: Floats = (1 - shrinkage) * sample + shrinkage * max(mean, 1e-12) * np.eye(features)
    return shrunk, shrinkage


def upper_limit(values: ArrayLike, patient: ArrayLike, share: float) -> float | None:
    """A limit that a film of the next patient exceeds with a chance of at most `share`.

    Counted among the values, each patient as one, where there are enough patients for that (99 for a share of 1 %).
    From fewer it is the upper end of a prediction interval of the patients' mean logarithms, which holds as far as
    these are normal.

    Args:
        values: (n,) positive, of films that come from the same source as the next.
        patient: (n,) a key each.
        share: above 0 and below 1.

    Returns:
        The limit, or None for fewer than `FEWEST_FOR_A_LIMIT` patients.

    Source: as of `conformal.largest_score` for the count.

    >>> patients = np.arange(1, 100)
    >>> upper_limit(patients / 10, patients, 0.01), upper_limit([1.0, 2.0], [1, 2], 0.01)
    (9.9, None)
    """
    distances, patients = np.asarray(values, dtype=np.float64), np.asarray(patient)
    counted = largest_score(distances, patients, share)
    _, owner, films = np.unique(patients, return_inverse=True, return_counts=True)
    count = len(films)
    if counted is not None or count < FEWEST_FOR_A_LIMIT:
        return counted
    logarithms = np.bincount(owner, weights=np.log(np.maximum(distances, 1e-12))) / films
    reach = student_quantile(count - 1, 1 - 2 * share) * logarithms.std(ddof=1) * np.sqrt(1 + 1 / count)
    return float(np.exp(logarithms.mean() + reach))
