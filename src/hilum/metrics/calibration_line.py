"""The straight line on the logit scale that would calibrate: slope 1 and intercept 0 where nothing is to be done."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hilum.metrics.arrays import Booleans, Floats, film_weights, require_films
from hilum.metrics.estimates import Estimate
from hilum.metrics.logistic import fit_logistic
from hilum.metrics.platt import probability_of
from hilum.metrics.proportions import degrees_of
from hilum.metrics.quantiles import student_quantile


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationLine:
    """Log-odds of pneumonia as they are = slope x stated logit + intercept; each figure has the shape (...,).

    Args:
        slope: below 1, stated probabilities are too extreme; above, too cautious.
        intercept: of the line.
        in_the_large: the intercept where the slope is held at 1: above 0, pneumonia is more frequent than stated.
    """

    slope: Floats
    intercept: Floats
    in_the_large: Floats


def calibration_line(logit: ArrayLike, is_pneumonia: ArrayLike, weights: ArrayLike | None = None) -> CalibrationLine:
    """Logistic regression of the truth on the stated logit.

    Args:
        logit: (n,) calibrated logits, finite.
        is_pneumonia: (n,) bool.
        weights: (..., n) how often each film counts; None counts each once.

    Returns:
        Figures of shape (...,); NaN where the classes are apart, one has no weight, or all logits are equal.

    Source: Cox 1958, "Two further applications of a model for binary regression"; Van Calster et al. 2019.

    >>> line = calibration_line([-1.0, -1.0, -1.0, 1.0, 1.0, 1.0], [True, False, False, True, True, False])
    >>> round(float(line.slope), 4)  # two of three are odds of 2, and log 2 = 0.6931
    0.6931
    """
    logits, truth = require_films(logit, is_pneumonia)
    counted, target = film_weights(weights, len(truth)), truth.astype(np.float64)
    centre, spread = float(logits.mean()), float(logits.std())
    shift, is_found = fit_logistic(np.ones((1, len(logits))), target, counted, logits)
    in_the_large = np.where(is_found, shift[..., 0], np.nan)
    if spread == 0:
        nothing = np.full(counted.shape[:-1], np.nan)
        return CalibrationLine(nothing, nothing, in_the_large)
    # Standardised, so that Newton's steps behave.
    line, is_found = fit_logistic(np.stack([(logits - centre) / spread, np.ones_like(logits)]), target, counted)
    slope = np.where(is_found, line[..., 0] / spread, np.nan)
    return CalibrationLine(slope, line[..., 1] - slope * centre, in_the_large)


@dataclass(frozen=True, slots=True)
class CalibrationLineEstimate:
    """The three figures of a `CalibrationLine`, each with its 95 % interval over patients."""

    slope: Estimate
    intercept: Estimate
    in_the_large: Estimate


def estimate_calibration_line(
    logit: ArrayLike, is_pneumonia: ArrayLike, group: ArrayLike, unit: str = "patients"
) -> CalibrationLineEstimate:
    """The calibration line with intervals from the spread of the patients' scores, with Student's t.

    Args:
        logit: (n,) calibrated logits, finite.
        is_pneumonia: (n,) bool.
        group: (n,) whole number for each film's patient.
        unit: what a group is, in words.

    Raises:
        HilumError: no films, lengths that differ, or a logit that is not a finite number.

    Source: Liang and Zeger 1986 (the variance robust to films of one patient being alike).
    """
    logits, truth = require_films(logit, is_pneumonia)
    _, patient = np.unique(require_films(group, truth)[0], return_inverse=True)
    line = calibration_line(logits, truth)
    design, ones = np.stack([logits, np.ones_like(logits)]), np.ones((1, len(logits)))
    stated = [float(figure) for figure in (line.slope, line.intercept, line.in_the_large)]
    errors = _standard_errors(design, line.slope * logits + line.intercept, truth, patient)
    errors += _standard_errors(ones, line.in_the_large + logits, truth, patient)
    reach = student_quantile(degrees_of(np.bincount(patient)))
    words = f"variance over {unit} (Liang and Zeger 1986), Student's t"
    return CalibrationLineEstimate(
        *(_around(figure, reach * error, words) for figure, error in zip(stated, errors, strict=True))
    )


def _standard_errors(design: Floats, logit: Floats, truth: Booleans, patient: NDArray[np.intp]) -> list[float]:
    """Of each of the k coefficients of (k, n) columns, at the fitted logits; NaN where they are not defined."""
    patients = int(patient.max()) + 1
    if patients < 2 or not np.isfinite(logit).all():
        return [float("nan")] * len(design)
    probability = probability_of(logit)
    curvature = (design * (probability * (1 - probability))) @ design.T
    residual = truth - probability
    of_patient = np.stack([np.bincount(patient, column * residual, patients) for column in design])  # (k, G)
    inverse = np.linalg.inv(curvature)
    variance = patients / (patients - 1) * inverse @ (of_patient @ of_patient.T) @ inverse
    return [float(one) for one in np.sqrt(np.diag(variance))]


def _around(value: float, reach: float, words: str) -> Estimate:
    if np.isnan(value):
        return Estimate(None, None, None, "not defined: the classes are apart, or there is one only")
    if np.isnan(reach):
        return Estimate(value, None, None, "no interval: one patient alone shows no spread")
    return Estimate(value, value - reach, value + reach, words)
