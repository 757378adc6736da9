"""Figures that depend on the order of the scores alone: AUROC, AUPRC and their curves.

Every figure takes `weights` of shape (..., n) and gives one value for each row of them: the estimate (each film once)
and the bootstrap (one row a draw) come from the same lines.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hilum.metrics.arrays import Floats, ratio
from hilum.metrics.tally import tally


def auroc(score: ArrayLike, is_pneumonia: ArrayLike, weights: ArrayLike | None = None) -> Floats:
    """Chance that a film with pneumonia scores above a normal one; a tie counts half.

    Args:
        score: (n,) logit or probability.
        is_pneumonia: (n,) bool.
        weights: (..., n) how often each film counts; None counts each once.

    Returns:
        (...,) in [0, 1]; NaN where a class has no weight.

    Source: Hanley and McNeil 1982; equal to the Mann-Whitney statistic by mid-ranks.

    >>> float(auroc([0.9, 0.4, 0.4, 0.1], [True, True, False, False]))
    0.875
    """
    counted = tally(score, is_pneumonia, weights)
    below = np.cumsum(counted.normal, axis=-1) - counted.normal / 2  # (..., k) normals below, half of those beside
    pairs = counted.pneumonia.sum(axis=-1) * counted.normal.sum(axis=-1)
    return ratio((counted.pneumonia * below).sum(axis=-1), pairs)


def auprc(score: ArrayLike, is_pneumonia: ArrayLike, weights: ArrayLike | None = None) -> Floats:
    """Average precision: the precision at each threshold, weighted by the sensitivity gained there.

    Arguments as in `auroc`. A useless model scores the share of pneumonia, not 0.5. No line is drawn between the
    points of the curve, because precision is not linear between them.

    Returns:
        (...,) in [0, 1]; NaN where there is no pneumonia.

    Source: Davis and Goadrich 2006; scikit-learn's `average_precision_score`.

    >>> round(float(auprc([0.9, 0.4, 0.4, 0.1], [True, True, False, False])), 4)
    0.8333
    """
    counted = tally(score, is_pneumonia, weights)
    found = np.cumsum(counted.pneumonia[..., ::-1], axis=-1)  # (..., k) from the highest score down
    called = np.cumsum(counted.mass[..., ::-1], axis=-1)
    precision = np.divide(found, called, out=np.zeros_like(found), where=called > 0)
    return ratio((counted.pneumonia[..., ::-1] * precision).sum(axis=-1), found[..., -1])


@dataclass(frozen=True, slots=True)
class RocCurve:
    """Sensitivity against specificity, one point for each distinct score, from "none called" to "all called".

    Args:
        threshold: (k + 1,) descending, starting at infinity; a film at or above it is called pneumonia.
        sensitivity: (k + 1,) from 0 to 1.
        specificity: (k + 1,) from 1 to 0.
    """

    threshold: Floats
    sensitivity: Floats
    specificity: Floats


def roc_curve(score: ArrayLike, is_pneumonia: ArrayLike) -> RocCurve:
    """The ROC curve of (n,) scores; films with equal scores make one step, which may be slanted.

    >>> curve = roc_curve([0.9, 0.4, 0.4, 0.1], [True, True, False, False])
    >>> curve.sensitivity.tolist(), curve.specificity.tolist()
    ([0.0, 0.5, 1.0, 1.0], [1.0, 1.0, 0.5, 0.0])
    """
    counted = tally(score, is_pneumonia)
    found, alarms = (np.r_[0.0, np.cumsum(part[::-1])] for part in (counted.pneumonia, counted.normal))
    return RocCurve(
        threshold=np.r_[np.inf, counted.score[::-1]],
        sensitivity=ratio(found, found[-1]),
        specificity=ratio(alarms[-1] - alarms, alarms[-1]),
    )


@dataclass(frozen=True, slots=True)
class PrecisionRecallCurve:
    """Precision against recall (sensitivity), one point for each distinct score.

    Args:
        threshold: (k,) descending; a film at or above it is called pneumonia.
        precision: (k,).
        recall: (k,) ascending to 1.
    """

    threshold: Floats
    precision: Floats
    recall: Floats


def precision_recall_curve(score: ArrayLike, is_pneumonia: ArrayLike) -> PrecisionRecallCurve:
    """The precision-recall curve of (n,) scores; films with equal scores make one step.

    >>> precision_recall_curve([0.9, 0.4, 0.4, 0.1], [True, True, False, False]).recall.tolist()
    [0.5, 1.0, 1.0]
    """
    counted = tally(score, is_pneumonia)
    found, called = np.cumsum(counted.pneumonia[::-1]), np.cumsum(counted.mass[::-1])
    return PrecisionRecallCurve(counted.score[::-1], ratio(found, called), ratio(found, found[-1]))
