"""What is gained by leaving the least certain films to a person: error against the share of films answered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hilum.metrics.arrays import Floats, ratio
from hilum.metrics.tally import tally


@dataclass(frozen=True, slots=True, eq=False)
class RiskCoverageCurve:
    """One point for each distinct certainty, from the most certain films alone to all of them.

    Args:
        certainty: (k,) descending; films at or above it are answered.
        coverage: (k,) share of the films that are answered, up to 1.
        risk: (k,) share of these that are answered wrongly.
    """

    certainty: Floats
    coverage: Floats
    risk: Floats


def risk_coverage_curve(certainty: ArrayLike, is_wrong: ArrayLike) -> RiskCoverageCurve:
    """The curve of (n,) films; those of equal certainty are answered together.

    Args:
        certainty: (n,) any number that grows with certainty, such as the distance of the logit from the threshold's.
        is_wrong: (n,) bool, the answer would be wrong.

    Raises:
        HilumError: no films, lengths that differ, or a certainty that is not a finite number.

    Source: El-Yaniv and Wiener 2010, "On the foundations of noise-free selective classification".

    >>> curve = risk_coverage_curve([3.0, 2.0, 1.0, 1.0], [False, True, False, True])
    >>> curve.coverage.tolist(), curve.risk.tolist()
    ([0.25, 0.5, 1.0], [0.0, 0.5, 0.5])
    """
    counted = tally(certainty, is_wrong)
    answered, wrong = np.cumsum(counted.mass[::-1]), np.cumsum(counted.pneumonia[::-1])
    return RiskCoverageCurve(counted.score[::-1], ratio(answered, answered[-1]), ratio(wrong, answered))


def risk_coverage_area(certainty: ArrayLike, is_wrong: ArrayLike, weights: ArrayLike | None = None) -> Floats:
    """Area under the risk-coverage curve: the mean risk over all shares of films answered.

    Args:
        certainty: (n,) as in `risk_coverage_curve`.
        is_wrong: (n,) bool.
        weights: (..., n) how often each film counts; None counts each once.

    Returns:
        (...,) in [0, 1]; certainties that say nothing score the share of wrong answers.

    Source: Geifman, Uziel and El-Yaniv 2019, "Bias-reduced uncertainty estimation for deep neural classifiers".

    >>> float(risk_coverage_area([3.0, 2.0, 1.0, 1.0], [False, True, False, True]))
    0.375
    """
    counted = tally(certainty, is_wrong, weights)
    mass = counted.mass[..., ::-1]
    answered, wrong = np.cumsum(mass, axis=-1), np.cumsum(counted.pneumonia[..., ::-1], axis=-1)
    risk = np.divide(wrong, answered, out=np.zeros_like(wrong), where=answered > 0)
    return ratio((mass * risk).sum(axis=-1), answered[..., -1])
