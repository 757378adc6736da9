"""How true the stated probabilities are: raw, calibrated, and moved to the prevalence of the judged films."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from hilum.evaluation.predictions import PredictionTable
from hilum.metrics import (
    Estimate,
    PerfectEce,
    Resampling,
    Statistic,
    brier,
    brier_parts,
    estimate,
    estimate_calibration_line,
    expected_calibration_error,
    perfect_ece,
    probability_of,
    shift_prevalence,
)
from hilum.metrics.arrays import Booleans, Floats
from hilum.metrics.latest import OfLatestWeights


@dataclass(frozen=True, slots=True)
class Stated:
    """How true the probabilities of one kind are.

    Args:
        name: which: "raw", "calibrated" or "calibrated and moved".
        prevalence: of pneumonia that they are made for; None for raw ones, which nobody made for any.
        ece: expected calibration error.
        perfect: what chance alone would make of it, if exactly these probabilities were true.
        slope: of the line that would calibrate them; 1 is perfect.
        intercept: with the slope held at 1, in log-odds; 0 is perfect, above it pneumonia is more frequent than stated.
        brier: mean squared distance of probability and truth.
    """

    name: str
    prevalence: float | None
    ece: Estimate
    perfect: PerfectEce
    slope: Estimate
    intercept: Estimate
    brier: Estimate


@dataclass(frozen=True, slots=True)
class BrierShares:
    """The Brier score of the calibrated probabilities = reliability - resolution + uncertainty + within_bins."""

    reliability: Estimate
    resolution: Estimate
    uncertainty: Estimate
    within_bins: Estimate


@dataclass(frozen=True, slots=True)
class Probabilities:
    """Every kind of probability, and the calibrated ones' Brier score taken apart."""

    stated: tuple[Stated, ...]
    shares: BrierShares


def judge_probabilities(
    predictions: PredictionTable, calibrated_at: float, resampling: Resampling, seed: int
) -> Probabilities:
    """Raw, calibrated and moved probabilities against the truth.

    The last are moved by the difference of log-odds to the share of pneumonia in these very films, which nobody knows
    beforehand: they show what knowing the prevalence is worth, and how much of the miscalibration is of another kind.

    Args:
        predictions: of the judged films.
        calibrated_at: prevalence that the model was calibrated at.
        resampling: of the patients.
        seed: of the draws behind the ECE of a perfect model.
    """
    truth, calibrated = predictions.is_pneumonia, predictions.calibrated_logit
    share = float(truth.mean())
    kinds: list[tuple[str, float | None, Floats]] = [
        ("raw", None, predictions.logit),
        ("calibrated", calibrated_at, calibrated),
    ]
    if 0 < share < 1:
        kinds.append(("calibrated and moved", share, shift_prevalence(calibrated, calibrated_at, share)))
    return Probabilities(
        stated=tuple(_stated(name, prevalence, logit, truth, resampling, seed) for name, prevalence, logit in kinds),
        shares=_shares(predictions.probability, truth, resampling),
    )


def _stated(
    name: str, prevalence: float | None, logit: Floats, truth: Booleans, resampling: Resampling, seed: int
) -> Stated:
    probability = probability_of(logit)
    ece, score = estimate(
        [
            Statistic(partial(expected_calibration_error, probability, truth), is_moved=True),
            Statistic(partial(brier, probability, truth)),
        ],
        resampling,
    )
    line = estimate_calibration_line(logit, truth, resampling.group, resampling.unit)
    perfect = perfect_ece(probability, resampling.draws, seed)
    return Stated(name, prevalence, ece, perfect, line.slope, line.in_the_large, score)


def _shares(probability: Floats, truth: Booleans, resampling: Resampling) -> BrierShares:
    parts = OfLatestWeights(partial(brier_parts, probability, truth))
    reliability, resolution, uncertainty, within = estimate(
        [
            # Like the ECE, both are raised by every draw's own noise.
            Statistic(lambda weights: parts(weights).reliability, is_moved=True),
            Statistic(lambda weights: parts(weights).resolution, is_moved=True),
            Statistic(lambda weights: parts(weights).uncertainty),
            Statistic(lambda weights: parts(weights).within_bins),
        ],
        resampling,
    )
    return BrierShares(reliability, resolution, uncertainty, within)
