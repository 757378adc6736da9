"""The interval of an AUROC over patients, without drawing them again."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from hilum.metrics.arrays import Booleans
from hilum.metrics.placement import auroc_covariance
from hilum.metrics.proportions import Interval
from hilum.metrics.quantiles import normal_quantile, root, student_quantile
from hilum.metrics.resampling import Resampling


def auroc_over_patients(
    resampling: Resampling, score: ArrayLike, is_pneumonia: Booleans
) -> Callable[[float], Interval | None]:
    """For the AUROC of these scores (n,): its 95 % interval by Obuchowski's variance, on the logit scale.

    Of the intervals tried on simulated patients (bench/coverage.py) it covers best. An AUROC of 0 or 1 has no variance
    and gets Newcombe's score interval with patients, not films, as trials. There is none where a class has fewer than
    two patients and the AUROC is not 0 or 1.

    Source: Obuchowski 1997, "Nonparametric analysis of clustered ROC curve data"; Student's t by Satterthwaite's rule.
    """

    without_variance = _newcombe_over_patients(resampling, is_pneumonia)

    def interval(value: float) -> Interval | None:
        if value in (0.0, 1.0):
            return without_variance(value)
        found = auroc_covariance(np.atleast_2d(score), is_pneumonia, resampling.group)
        variance, degrees = float(found.covariance[0, 0]), found.degrees[0]
        if not variance > 0:
            return None
        reach = student_quantile(int(degrees + 1e-9)) * math.sqrt(variance) / (value * (1 - value))
        middle = math.log(value / (1 - value))
        low, high = (1 / (1 + math.exp(-end)) for end in (middle - reach, middle + reach))
        return Interval(low, high, f"Obuchowski's variance over {found.patients:,} {resampling.unit}, logit scale")

    return interval


def _newcombe_over_patients(resampling: Resampling, is_pneumonia: Booleans) -> Callable[[float], Interval | None]:
    """For an AUROC of 0 or 1: Newcombe's score interval with patients, not films, as trials.

    Source: Newcombe 2006, "Confidence intervals for an effect size measure based on the Mann-Whitney statistic", part
    2, method 5.
    """
    pneumonia, normal = (len(np.unique(resampling.group[part])) for part in (is_pneumonia, ~is_pneumonia))

    def interval(value: float) -> Interval | None:
        if value not in (0.0, 1.0):
            return None
        words = f"Newcombe's score interval over {pneumonia + normal:,} patients, because no spread among them is seen"
        reach = _newcombe_reach(pneumonia, normal)
        return Interval(1 - reach, 1.0, words) if value == 1.0 else Interval(0.0, reach, words)

    return interval


def _newcombe_reach(pneumonia: int, normal: int) -> float:
    """How far below 1 an AUROC may lie of which 1 was observed."""

    def deviation(auroc: float) -> float:
        others = (pneumonia + normal) / 2 - 1
        shape = 1 + others * ((1 - auroc) / (2 - auroc) + auroc / (1 + auroc))
        return auroc - 1 + normal_quantile(0.95) * math.sqrt(auroc * (1 - auroc) * shape / (pneumonia * normal))

    # Between the bound and 1 the observed value is within reach; the deviation is below zero on the other side of it.
    return 1 - root(deviation, 0.0, 1.0)
