"""Sets of answers that hold the truth with a stated chance: split conformal prediction by class, over patients."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hilum.errors import HilumError
from hilum.metrics.arrays import Booleans, Floats, require_films

ALPHA: Final = 0.05
"""Chance, for each class, that the set of a film does not hold its class."""


@dataclass(frozen=True, slots=True)
class ConformalSets:
    """Which answers a logit leaves open.

    Where films and patients are exchangeable with those that calibrated, a film of pneumonia has pneumonia in its set
    with a chance of at least 1 - alpha, and a normal film normal in its. Under a shift that promise does not hold.

    Args:
        alpha: chance of an error, for each class.
        pneumonia_from: the lowest logit at which pneumonia is left open; None leaves it open always.
        normal_to: the highest logit at which normal is left open; None leaves it open always.
        pneumonia_patients: that the first was chosen on.
        normal_patients: likewise.
    """

    alpha: float
    pneumonia_from: float | None
    normal_to: float | None
    pneumonia_patients: int
    normal_patients: int

    def holds_pneumonia(self, logit: ArrayLike) -> Booleans:
        """Where pneumonia is in the set, any shape."""
        return np.asarray(logit) >= (-math.inf if self.pneumonia_from is None else self.pneumonia_from)

    def holds_normal(self, logit: ArrayLike) -> Booleans:
        """Where normal is in the set, any shape."""
        return np.asarray(logit) <= (math.inf if self.normal_to is None else self.normal_to)

    def answers(self, logit: float) -> tuple[str, ...]:
        """The set of one film: one answer, both or none; the last two mean "I do not know".

        >>> ConformalSets(0.05, -1.0, 2.0, 40, 30).answers(0.5)
        ('pneumonia', 'normal')
        """
        held = (("pneumonia", self.holds_pneumonia(logit)), ("normal", self.holds_normal(logit)))
        return tuple(answer for answer, is_held in held if is_held)


def fewest_patients(alpha: float) -> int:
    """Patients of a class below which no threshold keeps the promise, so that its answer is always left open.

    >>> fewest_patients(0.05), fewest_patients(0.1)
    (19, 9)
    """
    return math.ceil(1 / alpha - 1e-9) - 1


def conformal_sets(
    logit: ArrayLike, is_pneumonia: ArrayLike, patient: ArrayLike, alpha: float = ALPHA
) -> ConformalSets:
    """The sets that calibrate patients give.

    The films of a patient are no independent draws. Each patient counts once, his films of the class sharing his
    weight equally: the hierarchical version, which promises its coverage for one film, drawn at random, of the next
    patient, and uses every film. Where each patient has one film it is the usual split conformal prediction.

    Args:
        logit: (n,) of the calibrate films, which trained nothing.
        is_pneumonia: (n,) bool.
        patient: (n,) a key each.
        alpha: chance of an error for each class, above 0 and below 1.

    Raises:
        HilumError: arrays that differ in length, or another alpha.

    Source: Vovk 2012, "Conditional validity of inductive conformal predictors", for the classes; Lee, Barber and
    Willett 2023, "Distribution-free inference with hierarchical data", for the patients.
    """
    logits, truth = require_films(logit, is_pneumonia)
    patients = np.asarray(patient)
    if not 0 < alpha < 1 or patients.shape != logits.shape:
        raise HilumError(
            f"Got alpha {alpha:g} and {len(patients)} patients for {len(logits)} films.",
            expected="a chance above 0 and below 1, and a patient for each film",
            do="Take 0.05 and the patients of the same table.",
        )
    of_pneumonia, of_normal = (len(np.unique(patients[rows])) for rows in (truth, ~truth))
    lowest = largest_score(-logits[truth], patients[truth], alpha)
    highest = largest_score(logits[~truth], patients[~truth], alpha)
    return ConformalSets(alpha, None if lowest is None else -lowest, highest, of_pneumonia, of_normal)


def largest_score(score: Floats, patient: NDArray[np.generic], alpha: float) -> float | None:
    """A score that a film of the next patient exceeds with a chance of at most alpha; None where patients are too few.

    The smallest that enough of the patients' weight lies at or below. The next patient has a weight of his own, at
    infinity: with K patients, all together have K + 1.

    Args:
        score: (n,) of the films of one class; large where a film fits the class badly.
        patient: (n,) a key each.
        alpha: above 0 and below 1.
    """
    _, owner, films = np.unique(patient, return_inverse=True, return_counts=True)
    patients = len(films)
    if patients < fewest_patients(alpha):
        return None
    order = np.argsort(score, kind="stable")
    weight = np.cumsum(1 / films[owner[order]])
    enough = np.flatnonzero(weight >= (1 - alpha) * (patients + 1) - 1e-9)
    return float(score[order[enough[0]]]) if len(enough) else None
