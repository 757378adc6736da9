"""From logit to calibrated probability: Platt scaling, temperature scaling, and the shift to another prevalence."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hilum.errors import HilumError
from hilum.metrics.arrays import Booleans, Floats, film_weights, require_films
from hilum.metrics.logistic import fit_logistic


@dataclass(frozen=True, slots=True)
class PlattScaling:
    """A straight line on the logit scale; slope 1 and intercept 0 leave everything as it was.

    >>> PlattScaling(slope=2.0, intercept=-1.0).logit(np.array([0.5])).tolist()
    [0.0]
    """

    slope: float
    intercept: float

    def logit(self, logit: ArrayLike) -> Floats:
        """The calibrated logit of a raw one, any shape."""
        return self.slope * np.asarray(logit, dtype=np.float64) + self.intercept

    def probability(self, logit: ArrayLike) -> Floats:
        """The calibrated probability of pneumonia of a raw logit, any shape."""
        return probability_of(self.logit(logit))


def probability_of(logit: ArrayLike) -> Floats:
    """The logistic function, exact for large logits of either sign.

    >>> probability_of([0.0, -1000.0, 1000.0]).tolist()
    [0.5, 0.0, 1.0]
    """
    result: Floats = np.exp(-np.logaddexp(0.0, -np.asarray(logit, dtype=np.float64)))
    return result


def log_odds(probability: float) -> float:
    """The logit of one probability.

    Raises:
        HilumError: it is not strictly between 0 and 1.

    >>> log_odds(0.5)
    0.0
    """
    if not 0 < probability < 1:
        raise HilumError(
            f"Got {probability:g} as a prevalence.", expected="a fraction above 0 and below 1", do="Write 0.05 for 5 %."
        )
    return math.log(probability / (1 - probability))


def shift_prevalence(logit: ArrayLike, calibrated_at: float, stated: float) -> Floats:
    """Calibrated logits moved from the prevalence they were calibrated at to the stated one.

    Right as far as the films of each class look alike in both places and only the mix of the classes differs.

    Raises:
        HilumError: a prevalence is not strictly between 0 and 1.

    Source: Saerens et al. 2002.

    >>> round(float(probability_of(shift_prevalence(0.0, calibrated_at=0.5, stated=0.05))), 3)
    0.05
    """
    return np.asarray(logit, dtype=np.float64) + (log_odds(stated) - log_odds(calibrated_at))


def fit_platt(logit: ArrayLike, is_pneumonia: ArrayLike, weight: ArrayLike | None = None) -> PlattScaling:
    """The line through the logits that makes the films most likely, with Platt's smoothed targets.

    Args:
        logit: (n,) raw logits of films that trained nothing.
        is_pneumonia: (n,) bool.
        weight: (n,) how much each film counts; None counts each once.

    Raises:
        HilumError: one class only, or every logit the same.

    Source: Platt 1999 with the targets (n + 1)/(n + 2) and 1/(n + 2), which keep the slope finite where the classes
    are apart; solved by Newton's method as in Lin, Lin and Weng 2007.
    """
    logits, truth = require_films(logit, is_pneumonia)
    weights = film_weights(weight, len(logits))
    centre, spread = _centre_and_spread(logits, weights)
    _require_two_classes(weights, truth, spread)
    standard = np.stack([(logits - centre) / spread, np.ones_like(logits)])  # (2, n)
    (slope, intercept), _ = fit_logistic(standard, _smoothed_targets(weights, truth), weights)
    return PlattScaling(float(slope / spread), float(intercept - slope * centre / spread))


def fit_temperature(logit: ArrayLike, is_pneumonia: ArrayLike, weight: ArrayLike | None = None) -> PlattScaling:
    """Temperature scaling: the slope alone, which is one over the temperature; the intercept stays 0.

    It cannot undo class weights or another prevalence, which move all logits by a constant; `fit_platt` can. Arguments,
    targets and errors as there.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", section 4.2.

    >>> fit_temperature([1.0, -1.0, 2.0, -2.0], [True, False, True, False]).intercept
    0.0
    """
    logits, truth = require_films(logit, is_pneumonia)
    weights = film_weights(weight, len(logits))
    _require_two_classes(weights, truth, _centre_and_spread(logits, weights)[1])
    unit = float(np.abs(logits).max())
    [slope], _ = fit_logistic(logits[None] / unit, _smoothed_targets(weights, truth), weights)
    return PlattScaling(float(slope / unit), 0.0)


def _centre_and_spread(logits: Floats, weights: Floats) -> tuple[float, float]:
    """Weighted mean and standard deviation: Newton's steps are well behaved on standardised logits."""
    total = weights.sum()
    centre = float(weights @ logits / total) if total > 0 else 0.0
    variance = float(weights @ (logits - centre) ** 2 / total) if total > 0 else 0.0
    return centre, math.sqrt(variance)


def _require_two_classes(weights: Floats, truth: Booleans, spread: float) -> None:
    if weights[truth].sum() <= 0 or weights[~truth].sum() <= 0:
        raise HilumError(
            f"Calibration got {int(truth.sum())} films with pneumonia and {int((~truth).sum())} normal ones.",
            expected="films of both classes",
            do="Give the calibration more patients.",
        )
    if spread == 0:
        raise HilumError(
            "Every film for calibration has the same logit.",
            expected="a model that tells films apart",
            do="Look at the training losses: the model has learned nothing, or it has diverged.",
        )


def _smoothed_targets(weights: Floats, truth: Booleans) -> Floats:
    pneumonia, normal = weights[truth].sum(), weights[~truth].sum()
    targets: Floats = np.where(truth, (pneumonia + 1) / (pneumonia + 2), 1 / (normal + 2))
    return targets
