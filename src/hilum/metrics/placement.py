"""How far AUROCs vary by chance, and together: placement values summed over the films of a patient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hilum.errors import HilumError
from hilum.metrics.arrays import Booleans, Floats, ratio, require_films
from hilum.metrics.proportions import degrees_of


@dataclass(frozen=True, slots=True, eq=False)
class AurocCovariance:
    """AUROCs of several scores on the same films, and how they vary from one set of patients to another.

    Args:
        auroc: (m,) NaN where a class has no film.
        covariance: (m, m) of these AUROCs; NaN where a class has fewer than two patients.
        patients: how many there are.
        degrees: (m,) of freedom of each variance: fewer, the more a few patients carry most films.
    """

    auroc: Floats
    covariance: Floats
    patients: int
    degrees: Floats


def auroc_covariance(scores: ArrayLike, is_pneumonia: ArrayLike, group: ArrayLike) -> AurocCovariance:
    """AUROC of each score with the covariance of all of them, for films that come in patients.

    Args:
        scores: (m, n) one row a model, on the same films.
        is_pneumonia: (n,) bool.
        group: (n,) whole number for each film's patient; a patient may have films of both classes.

    Raises:
        HilumError: no films, lengths that differ, or a score that is not a finite number.

    Source: Obuchowski 1997, "Nonparametric analysis of clustered ROC curve data", for several scores at once; where
    every patient has one film it is DeLong, DeLong and Clarke-Pearson 1988.

    >>> found = auroc_covariance([[0.9, 0.4, 0.6, 0.1]], [True, True, False, False], [0, 1, 2, 3])
    >>> found.auroc.tolist(), found.covariance.tolist()
    ([0.75], [[0.125]])
    """
    rows = np.atleast_2d(np.asarray(scores, dtype=np.float64))
    groups, truth = require_films(group, is_pneumonia)
    for row in rows:
        require_films(row, truth)
    if not len(rows):
        raise HilumError("Got no score.", expected="a row of scores for each model", do="Name one model or more.")
    _, patient = np.unique(groups, return_inverse=True)
    found = np.stack([_placements(row, truth) for row in rows])  # (m, n)
    auroc = found[:, truth].mean(axis=1) if truth.any() and not truth.all() else np.full(len(rows), np.nan)
    pneumonia, normal = (_patient_parts(found - auroc[:, None], part, patient) for part in (truth, ~truth))
    covariance, degrees = _covariance(pneumonia, normal, truth, patient), _degrees(pneumonia, normal, truth, patient)
    return AurocCovariance(auroc, covariance, int(patient.max()) + 1, degrees)


def _placements(score: Floats, truth: Booleans) -> Floats:
    """(n,) the share of the other class that a film is on the right side of; a tie counts half."""
    placement = np.full(len(score), np.nan)
    for rows, sign in ((truth, 1.0), (~truth, -1.0)):
        own, other = sign * score[rows], np.sort(sign * score[~rows])
        if len(other):
            placement[rows] = (np.searchsorted(other, own) + np.searchsorted(other, own, "right")) / (2 * len(other))
    return placement


def _patient_parts(deviation: Floats, rows: Booleans, patient: NDArray[np.intp]) -> Floats:
    """(m, G) what the films of one class add to the deviation of the AUROC, patient by patient."""
    films, patients = max(int(rows.sum()), 1), int(patient.max()) + 1
    return np.stack([np.bincount(patient[rows], one[rows], patients) / films for one in deviation])


def _covariance(pneumonia: Floats, normal: Floats, truth: Booleans, patient: NDArray[np.intp]) -> Floats:
    """(m, m) from (m, G) parts; each sum is raised by I/(I - 1), I the patients that have a part in it."""
    across = pneumonia @ normal.T
    result: Floats = (
        _small_sample(patient[truth]) * (pneumonia @ pneumonia.T)
        + _small_sample(patient[~truth]) * (normal @ normal.T)
        + (_small_sample(patient) * (across + across.T))
    )
    return result


def _degrees(pneumonia: Floats, normal: Floats, truth: Booleans, patient: NDArray[np.intp]) -> Floats:
    """(m,) by Satterthwaite's rule from (m, G) parts of both classes; that of the classes together, at the least 1."""
    of_class = [degrees_of(np.unique(patient[rows], return_counts=True)[1]) for rows in (truth, ~truth) if rows.any()]
    spread = [(part**2).sum(axis=1) for part in (pneumonia, normal)]
    inverse = sum(one**2 / degrees for one, degrees in zip(spread, of_class, strict=False))
    return np.asarray(ratio(sum(spread) ** 2, inverse))


def _small_sample(patient: NDArray[np.intp]) -> float:
    patients = len(np.unique(patient))
    return patients / (patients - 1) if patients > 1 else float("nan")
