"""Figures from arrays, in NumPy alone: no files, no models, no frames.

    arrays, tally      what every metric takes: scores, truth and weights; ties counted together
    confusion          the four counts at a threshold and their proportions, PPV and NPV at a prevalence
    ranking            AUROC, AUPRC and their curves
    calibration        Brier score and its parts, expected calibration error, reliability bins
    calibration_line   slope and intercept that would calibrate
    platt, logistic    logit -> calibrated probability (Platt, temperature); shift to another prevalence
    thresholds         operating points chosen for a goal
    net_benefit        decision curves
    selective          error against the share of films answered
    proportions        Wilson and Clopper-Pearson intervals, and Wilson's for films that come in patients
    predictive_values  intervals of PPV and NPV, from those of sensitivity and specificity
    placement          variance and covariance of AUROCs over patients
    auroc_interval     the interval of an AUROC over patients
    resampling, bca    the bootstrap over patients, as weights on films, and where its draws are cut
    estimates          a figure with its 95 % interval
    quantiles          of the normal and of Student's distribution

Every figure is a function of weights, (..., n) -> (...): the estimate and the bootstrap use the same lines.
"""

from hilum.metrics.auroc_interval import auroc_over_patients
from hilum.metrics.calibration import (
    DEFAULT_BINS,
    BrierParts,
    PerfectEce,
    ReliabilityBin,
    brier,
    brier_parts,
    expected_calibration_error,
    perfect_ece,
    reliability_bins,
)
from hilum.metrics.calibration_line import (
    CalibrationLine,
    CalibrationLineEstimate,
    calibration_line,
    estimate_calibration_line,
)
from hilum.metrics.confusion import Confusion, count_outcomes, negative_predictive_value, positive_predictive_value
from hilum.metrics.estimates import Estimate, Statistic, draw, estimate, share_over_patients
from hilum.metrics.net_benefit import NetBenefit, net_benefit
from hilum.metrics.placement import AurocCovariance, auroc_covariance
from hilum.metrics.platt import PlattScaling, fit_platt, fit_temperature, log_odds, probability_of, shift_prevalence
from hilum.metrics.proportions import Interval, clopper_pearson, clustered_wilson, wilson
from hilum.metrics.ranking import PrecisionRecallCurve, RocCurve, auprc, auroc, precision_recall_curve, roc_curve
from hilum.metrics.resampling import DRAWS, Resampling, resample_patients
from hilum.metrics.selective import RiskCoverageCurve, risk_coverage_area, risk_coverage_curve
from hilum.metrics.thresholds import GOALS, PRIMARY, OperatingPoint, choose_operating_points

__all__ = [
    "DEFAULT_BINS",
    "DRAWS",
    "GOALS",
    "PRIMARY",
    "AurocCovariance",
    "BrierParts",
    "CalibrationLine",
    "CalibrationLineEstimate",
    "Confusion",
    "Estimate",
    "Interval",
    "NetBenefit",
    "OperatingPoint",
    "PerfectEce",
    "PlattScaling",
    "PrecisionRecallCurve",
    "ReliabilityBin",
    "Resampling",
    "RiskCoverageCurve",
    "RocCurve",
    "Statistic",
    "auprc",
    "auroc",
    "auroc_covariance",
    "auroc_over_patients",
    "brier",
    "brier_parts",
    "calibration_line",
    "choose_operating_points",
    "clopper_pearson",
    "clustered_wilson",
    "count_outcomes",
    "draw",
    "estimate",
    "estimate_calibration_line",
    "expected_calibration_error",
    "fit_platt",
    "fit_temperature",
    "log_odds",
    "negative_predictive_value",
    "net_benefit",
    "perfect_ece",
    "positive_predictive_value",
    "precision_recall_curve",
    "probability_of",
    "reliability_bins",
    "resample_patients",
    "risk_coverage_area",
    "risk_coverage_curve",
    "roc_curve",
    "share_over_patients",
    "shift_prevalence",
    "wilson",
]
