"""How far AUROCs vary by chance, and together: placement values summed over the films of a patient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hilum.errors import HilumError
from hilum.metrics.arrays import Booleans, Floats, ratio, require_films
from hilum.metrics.proportions import degrees_of


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """What the I patients of one class add to the deviations of the AUROCs.

    Args:
        films: (I,) of each patient, in this class.
        sums: (m, I) over the films of a patient.
        alone: (m, m) products summed film by film, as though each were a patient's only one.
    """

    films: Floats
    sums: Floats
    alone: Floats

    def spread(self, contrast: Floats) -> float:
        """Of a contrast (m,) of the AUROCs: the squares of its parts, summed over patients."""
        return float(((contrast @ self.sums) ** 2).sum())

    def degrees(self, contrast: Floats) -> float:
        """Of freedom of that spread, 1 at the least: the more alike a patient's films are, the more a crowd counts."""
        alone = float(contrast @ self.alone @ contrast)
        pairs, films = float((self.films * (self.films - 1)).sum()), float(self.films.sum())
        alike = (self.spread(contrast) - alone) / pairs * films / alone if pairs and alone > 0 else 0.0
        variance = self.films * (1 + (self.films - 1) * min(1.0, max(0.0, alike)))  # (I,) of a patient's sum
        return max(1.0, float(variance.sum() ** 2 / (variance**2).sum() - 1))


@dataclass(frozen=True, slots=True, eq=False)
class AurocCovariance:
    """AUROCs of several scores on the same films, and how they vary from one set of patients to another.

    Args:
        auroc: (m,) NaN where a class has no film.
        covariance: (m, m) of these AUROCs; NaN where a class has fewer than two patients.
        patients: how many there are.
        degrees: (m,) of freedom of each variance: fewer, the more a few patients carry most films.
        parts: of each class that has films, what its patients add.
    """

    auroc: Floats
    covariance: Floats
    patients: int
    degrees: Floats
    parts: tuple[Parts, ...]

    def degrees_of(self, contrast: ArrayLike) -> float:
        """Degrees of freedom of the variance of a contrast (m,) of the AUROCs; NaN where it has no variance.

        `degrees` takes the films of a patient for copies. Two models on the same films differ by less than that, so
        how alike the films of a patient are is seen from the contrast's own placement values.

        Source: Satterthwaite 1946; the variance of a patient's sum by its design effect, Kish 1965.

        >>> found = auroc_covariance([[0.9, 0.4, 0.6, 0.1]], [True, True, False, False], [0, 1, 2, 3])
        >>> round(found.degrees_of([1]), 6)
        2.0
        """
        weights = np.asarray(contrast, dtype=np.float64)
        spreads = [one.spread(weights) for one in self.parts]
        inverse = sum(spread**2 / one.degrees(weights) for spread, one in zip(spreads, self.parts, strict=True))
        return float(ratio(sum(spreads) ** 2, inverse))


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
    deviation = found - auroc[:, None]
    pneumonia, normal = (_patient_parts(deviation, part, patient) for part in (truth, ~truth))
    covariance, degrees = _covariance(pneumonia, normal, truth, patient), _degrees(pneumonia, normal, truth, patient)
    parts = tuple(_parts(deviation[:, rows], patient[rows]) for rows in (truth, ~truth) if rows.any())
    return AurocCovariance(auroc, covariance, int(patient.max()) + 1, degrees, parts)


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


def _parts(deviation: Floats, patient: NDArray[np.intp]) -> Parts:
    """From (m, k) deviations of the films of one class, and the patient of each."""
    _, own, films = np.unique(patient, return_inverse=True, return_counts=True)
    sums = _patient_parts(deviation, np.ones(len(own), dtype=bool), own)
    return Parts(films.astype(np.float64), sums, deviation @ deviation.T / len(own) ** 2)


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
