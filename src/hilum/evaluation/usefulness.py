"""What acting on the model is worth: the decision curve, and what is gained by leaving uncertain films to a person."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from hilum.evaluation.figures import Point
from hilum.evaluation.predictions import PredictionTable
from hilum.metrics import (
    Estimate,
    Resampling,
    Statistic,
    estimate,
    net_benefit,
    risk_coverage_area,
    risk_coverage_curve,
)
from hilum.metrics.arrays import Booleans, Floats
from hilum.metrics.latest import OfLatestWeights

THRESHOLDS: Final = tuple(number / 100 for number in range(1, 76))
"""Probabilities from which on one might act: from one missed pneumonia for 99 false alarms to one for a third."""

ANSWERED: Final = (1.0, 0.95, 0.9, 0.8, 0.7)
"""Shares of the films that are answered, the most certain first."""


@dataclass(frozen=True, slots=True)
class Benefit:
    """Net benefit of acting from one threshold on, in true positives a film; acting on nobody has 0."""

    threshold: float
    model: Estimate
    treat_all: float


@dataclass(frozen=True, slots=True)
class Risk:
    """Share of wrong answers where only this share of the films is answered, the most certain ones."""

    coverage: float
    risk: float


@dataclass(frozen=True, slots=True)
class Usefulness:
    """What acting on the model is worth.

    Args:
        prevalence: of pneumonia among the films, which net benefit holds for.
        benefits: at each of `THRESHOLDS`.
        point: operating point whose answers are right or wrong in the risks.
        risks: at each of `ANSWERED`.
        risk_area: mean risk over all shares answered; lower is better.
    """

    prevalence: float
    benefits: tuple[Benefit, ...]
    point: str
    risks: tuple[Risk, ...]
    risk_area: Estimate


def judge_usefulness(predictions: PredictionTable, point: Point, resampling: Resampling) -> Usefulness | None:
    """Decision curve of the calibrated probabilities on these films, and risk against coverage at an operating point.

    None where the films are of one class: neither is then defined.

    Args:
        predictions: of the judged films.
        point: whose threshold decides which answer is wrong; a film's certainty is its distance from it in log-odds.
        resampling: of the patients.
    """
    truth = predictions.is_pneumonia
    share = float(truth.mean())
    if not 0 < share < 1:
        return None
    certainty = np.abs(predictions.distance_from(point.threshold))
    is_wrong = (predictions.probability >= point.threshold) != truth
    [area] = estimate([Statistic(partial(risk_coverage_area, certainty, is_wrong))], resampling)
    return Usefulness(
        share, _benefits(predictions.probability, truth, resampling), point.name, _risks(certainty, is_wrong), area
    )


def _benefits(probability: Floats, truth: Booleans, resampling: Resampling) -> tuple[Benefit, ...]:
    curve = OfLatestWeights(partial(net_benefit, probability, truth, THRESHOLDS))

    def at(place: int) -> Statistic:
        return Statistic(lambda weights: curve(weights).model[..., place])

    found = estimate(list(map(at, range(len(THRESHOLDS)))), resampling)
    treat_all = net_benefit(probability, truth, THRESHOLDS).treat_all
    return tuple(map(Benefit, THRESHOLDS, found, treat_all.tolist()))


def _risks(certainty: Floats, is_wrong: Booleans) -> tuple[Risk, ...]:
    """The risk of the fewest films that reach each share; films of equal certainty are answered together."""
    curve = risk_coverage_curve(certainty, is_wrong)
    places = np.searchsorted(curve.coverage, np.array(ANSWERED) - 1e-12)
    return tuple(Risk(float(curve.coverage[place]), float(curve.risk[place])) for place in places)
