"""The four counts of a yes-or-no decision, and the proportions made from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hilum.metrics.arrays import Floats, film_weights, ratio, require_films


@dataclass(frozen=True, slots=True)
class Confusion:
    """How many films were called what: each count has the shape of the weights without their last axis.

    Every proportion is NaN where nothing stands below the line.

    >>> counts = Confusion(*(np.array(count) for count in (385.0, 5.0, 118.0, 116.0)))
    >>> round(float(counts.sensitivity), 3), round(float(counts.specificity), 3)
    (0.987, 0.496)
    """

    true_positives: Floats
    false_negatives: Floats
    false_positives: Floats
    true_negatives: Floats

    @property
    def sensitivity(self) -> Floats:
        """Share of the films with pneumonia that were called so (recall)."""
        return ratio(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def specificity(self) -> Floats:
        """Share of the normal films that were called normal."""
        return ratio(self.true_negatives, self.true_negatives + self.false_positives)

    @property
    def precision(self) -> Floats:
        """Share of the films called pneumonia that have it: the PPV at the prevalence of these films."""
        return ratio(self.true_positives, self.true_positives + self.false_positives)

    @property
    def f1(self) -> Floats:
        """Harmonic mean of precision and sensitivity; true negatives play no part in it."""
        return ratio(2 * self.true_positives, 2 * self.true_positives + self.false_positives + self.false_negatives)

    @property
    def balanced_accuracy(self) -> Floats:
        """Mean of sensitivity and specificity."""
        return (self.sensitivity + self.specificity) / 2

    @property
    def accuracy(self) -> Floats:
        """Share of all films called right; it depends on the prevalence of the films at hand."""
        right = self.true_positives + self.true_negatives
        return ratio(right, right + self.false_positives + self.false_negatives)

    def positive_predictive_value(self, prevalence: float) -> Floats:
        """Chance of pneumonia after a call of pneumonia, where `prevalence` of the films have it."""
        return positive_predictive_value(self.sensitivity, self.specificity, prevalence)

    def negative_predictive_value(self, prevalence: float) -> Floats:
        """Chance of no pneumonia after a call of normal, where `prevalence` of the films have it."""
        return negative_predictive_value(self.sensitivity, self.specificity, prevalence)


def count_outcomes(is_called: ArrayLike, is_pneumonia: ArrayLike, weights: ArrayLike | None = None) -> Confusion:
    """Count the films called pneumonia or not against the truth.

    Args:
        is_called: (n,) bool, True where the film was called pneumonia.
        is_pneumonia: (n,) bool.
        weights: (..., n) how often each film counts; None counts each once.

    Raises:
        HilumError: the arrays are empty or differ in length.
    """
    called, truth = require_films(is_called, is_pneumonia)
    calls = called > 0
    outcomes = np.stack([calls & truth, ~calls & truth, calls & ~truth, ~calls & ~truth], axis=-1)  # (n, 4)
    counts = film_weights(weights, len(truth)) @ outcomes.astype(np.float64)  # (..., 4)
    return Confusion(counts[..., 0], counts[..., 1], counts[..., 2], counts[..., 3])


def positive_predictive_value(sensitivity: ArrayLike, specificity: ArrayLike, prevalence: float) -> Floats:
    """PPV by Bayes' rule; NaN where nothing would be called pneumonia.

    >>> round(float(positive_predictive_value(0.95, 0.90, prevalence=0.05)), 3)
    0.333
    """
    found = np.asarray(sensitivity, dtype=float) * prevalence
    alarms = (1 - np.asarray(specificity, dtype=float)) * (1 - prevalence)
    return ratio(found, found + alarms)


def negative_predictive_value(sensitivity: ArrayLike, specificity: ArrayLike, prevalence: float) -> Floats:
    """NPV by Bayes' rule; NaN where nothing would be called normal.

    >>> round(float(negative_predictive_value(0.95, 0.90, prevalence=0.05)), 3)
    0.997
    """
    cleared = np.asarray(specificity, dtype=float) * (1 - prevalence)
    missed = (1 - np.asarray(sensitivity, dtype=float)) * prevalence
    return ratio(cleared, cleared + missed)
