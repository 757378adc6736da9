"""What every metric takes: a score and a truth for each film, and the weights with which films are counted."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hilum.errors import HilumError

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]


def require_films(score: ArrayLike, is_pneumonia: ArrayLike) -> tuple[Floats, Booleans]:
    """Both as arrays of one length, or a refusal: one finite score and one truth for each film, one film at least.

    Raises:
        HilumError: nothing to count, lengths that differ, or a score that is not a finite number.
    """
    scores, truth = np.asarray(score, dtype=np.float64), np.asarray(is_pneumonia, dtype=bool)
    if scores.ndim != 1 or scores.shape != truth.shape or not len(scores):
        raise HilumError(
            f"Got scores of shape {scores.shape} and labels of shape {truth.shape}.",
            expected="one of each for every film, and at least one film",
            do="Pass both from the same table of predictions.",
        )
    if not np.isfinite(scores).all():
        raise HilumError(
            f"{int((~np.isfinite(scores)).sum())} of {len(scores)} scores are not finite numbers.",
            expected="a number for every film",
            do="Leave out the films without a prediction, and say how many they are.",
        )
    return scores, truth


def require_probabilities(probability: ArrayLike, is_pneumonia: ArrayLike) -> tuple[Floats, Booleans]:
    """As `require_films`, and every score a probability.

    Raises:
        HilumError: as there, or a value outside [0, 1] (a logit, perhaps).
    """
    probabilities, truth = require_films(probability, is_pneumonia)
    if probabilities.min() < 0 or probabilities.max() > 1:
        raise HilumError(
            f"Probabilities lie between {probabilities.min():.6g} and {probabilities.max():.6g}.",
            expected="values in [0, 1]",
            do="Turn logits into probabilities first (PlattScaling.probability).",
        )
    return probabilities, truth


def film_weights(weights: ArrayLike | None, films: int) -> Floats:
    """The weights as (..., films); without any, each film counts once.

    Raises:
        HilumError: the last axis does not match the films.
    """
    counted = np.ones(films) if weights is None else np.asarray(weights, dtype=np.float64)
    if counted.ndim < 1 or counted.shape[-1] != films:
        raise HilumError(
            f"Got weights of shape {counted.shape} for {films} films.",
            expected="a last axis as long as the films",
            do="Make the weights from the same table of predictions.",
        )
    return counted


def ratio(part: ArrayLike, whole: ArrayLike) -> Floats:
    """Part over whole, and NaN where the whole is nothing: an undefined figure is never shown as 0 or 0.5.

    >>> ratio([1.0, 1.0], [4.0, 0.0]).tolist()
    [0.25, nan]
    """
    numerator, denominator = np.broadcast_arrays(np.asarray(part, dtype=float), np.asarray(whole, dtype=float))
    result: Floats = np.divide(numerator, denominator, out=np.full(numerator.shape, np.nan), where=denominator > 0)
    return result
