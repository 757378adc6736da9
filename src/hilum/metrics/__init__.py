"""Figures from arrays, in NumPy alone: no files, no models, no frames.

    arrays, tally   what every metric takes: scores, truth and weights; ties counted together
    confusion       the four counts at a threshold and their proportions, PPV and NPV at a prevalence
    ranking         AUROC, AUPRC and their curves
    calibration     Brier score, expected calibration error, reliability bins
    platt           logit -> calibrated probability; shift to another prevalence
    thresholds      operating points chosen for a goal
    proportions     Wilson and Clopper-Pearson intervals
    resampling      the bootstrap over patients, as weights on films
    estimates       a figure with its 95 % interval

Every figure is a function of weights, (..., n) -> (...): the estimate and the bootstrap use the same lines.
"""

from hilum.metrics.calibration import (
    DEFAULT_BINS,
    ReliabilityBin,
    brier,
    expected_calibration_error,
    reliability_bins,
)
from hilum.metrics.confusion import Confusion, count_outcomes, negative_predictive_value, positive_predictive_value
from hilum.metrics.estimates import Estimate, Statistic, draw, estimate, newcombe_over_patients, wilson_over_patients
from hilum.metrics.platt import PlattScaling, fit_platt, log_odds, probability_of, shift_prevalence
from hilum.metrics.proportions import Interval, clopper_pearson, wilson
from hilum.metrics.ranking import PrecisionRecallCurve, RocCurve, auprc, auroc, precision_recall_curve, roc_curve
from hilum.metrics.resampling import DRAWS, Resampling, resample_patients
from hilum.metrics.thresholds import GOALS, PRIMARY, OperatingPoint, choose_operating_points

__all__ = [
    "DEFAULT_BINS",
    "DRAWS",
    "GOALS",
    "PRIMARY",
    "Confusion",
    "Estimate",
    "Interval",
    "OperatingPoint",
    "PlattScaling",
    "PrecisionRecallCurve",
    "ReliabilityBin",
    "Resampling",
    "RocCurve",
    "Statistic",
    "auprc",
    "auroc",
    "brier",
    "choose_operating_points",
    "clopper_pearson",
    "count_outcomes",
    "draw",
    "estimate",
    "expected_calibration_error",
    "fit_platt",
    "log_odds",
    "negative_predictive_value",
    "newcombe_over_patients",
    "positive_predictive_value",
    "precision_recall_curve",
    "probability_of",
    "reliability_bins",
    "resample_patients",
    "roc_curve",
    "shift_prevalence",
    "wilson",
    "wilson_over_patients",
]
