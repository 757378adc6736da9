"""A figure with its 95 % interval: the same function of weights gives the value and every bootstrap draw."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from hilum.metrics.arrays import Booleans, Floats
from hilum.metrics.proportions import Interval, normal_quantile, root, wilson
from hilum.metrics.resampling import Resampling

_TAIL: Final = 0.025
_WIDTH: Final = 1e-12  # draws nearer to each other than this differ by rounding only


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure, the ends of its 95 % interval, and how that was made.

    Args:
        value: None where the figure is not defined on these films; `method` then says why.
        low: None where there is no interval; `method` then says why.
        high: likewise.
        method: how the interval was made, or the reason why something is missing.
    """

    value: float | None
    low: float | None
    high: float | None
    method: str

    def text(self, digits: int = 3) -> str:
        """Value and interval for a table.

        >>> Estimate(0.9561, 0.9403, 0.9702, "bootstrap").text()
        '0.956 [0.940, 0.970]'
        """
        if self.value is None:
            return "not defined"
        if self.low is None or self.high is None:
            return f"{self.value:.{digits}f} [no interval]"
        return f"{self.value:.{digits}f} [{self.low:.{digits}f}, {self.high:.{digits}f}]"


@dataclass(frozen=True, slots=True, eq=False)
class Statistic:
    """A figure to be estimated.

    Args:
        of_weights: gives (...,) figures for (..., n) weights, NaN where not defined.
        undefined: why it may not be defined, in words.
        without_width: the interval for a value whose bootstrap draws are all the same; None where none is known.
        is_moved: True for a figure that every draw raises by its own noise, such as the ECE: its draws are then moved
            by their mean distance from the value, so that the interval lies about the value.
    """

    of_weights: Callable[[Floats], Floats]
    undefined: str = "nothing was counted"
    without_width: Callable[[float], Interval | None] = lambda _value: None
    is_moved: bool = False


def estimate(statistics: Sequence[Statistic], resampling: Resampling) -> tuple[Estimate, ...]:
    """Each statistic on the films as they are, with a percentile interval over patients drawn again.

    All statistics see the same draws, so their differences may be taken draw by draw.
    """
    films = np.ones(len(resampling.group))
    values = [float(statistic.of_weights(films)) for statistic in statistics]
    draws = draw(statistics, resampling)
    return tuple(
        _estimate(statistic, value, draws[:, column], resampling)
        for column, (statistic, value) in enumerate(zip(statistics, values, strict=True))
    )


def draw(statistics: Sequence[Statistic], resampling: Resampling) -> Floats:
    """(draws, statistics) every statistic in every draw; NaN where a draw leaves it undefined."""
    return np.concatenate(
        [np.stack([one.of_weights(weights) for one in statistics], axis=-1) for weights in resampling.blocks()]
    )


def wilson_over_patients(resampling: Resampling, is_counted: Booleans) -> Callable[[float], Interval | None]:
    """For a proportion of 0 or 1: Wilson's interval with patients, not films, as trials.

    A bootstrap of 0 or 100 % has no width. How alike the films of one patient are cannot be seen there, so the patients
    among the counted films (n,) are taken for the trials: wide enough if their films are copies of each other.
    """
    patients = len(np.unique(resampling.group[is_counted]))

    def interval(value: float) -> Interval | None:
        if value not in (0.0, 1.0) or not patients:
            return None
        ends = wilson(value * patients, patients)
        return Interval(ends.low, ends.high, f"Wilson over {patients:,} patients, because the bootstrap has no width")

    return interval


def newcombe_over_patients(resampling: Resampling, is_pneumonia: Booleans) -> Callable[[float], Interval | None]:
    """For an AUROC of 0 or 1: Newcombe's score interval with patients, not films, as trials.

    Source: Newcombe 2006, "Confidence intervals for an effect size measure based on the Mann-Whitney statistic", part
    2, method 5.
    """
    pneumonia, normal = (len(np.unique(resampling.group[part])) for part in (is_pneumonia, ~is_pneumonia))

    def interval(value: float) -> Interval | None:
        if value not in (0.0, 1.0):
            return None
        words = f"Newcombe's score interval over {pneumonia + normal:,} patients, because the bootstrap has no width"
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


def _estimate(statistic: Statistic, value: float, draws: Floats, resampling: Resampling) -> Estimate:
    if math.isnan(value):
        return Estimate(None, None, None, f"not defined: {statistic.undefined}")
    defined = draws[~np.isnan(draws)]
    missing = 1 - len(defined) / len(draws)
    if missing > _TAIL:
        return Estimate(value, None, None, f"no interval: {statistic.undefined} in {missing:.1%} of the draws")
    if np.ptp(defined) < _WIDTH:
        return _estimate_without_width(statistic, value)
    if resampling.smallest_stratum < 2:
        return Estimate(value, None, None, "no interval: one patient alone shows no spread")
    method = resampling.method
    if missing:
        method += f"; {len(draws) - len(defined)} draws without the figure left out"
    if statistic.is_moved:
        defined = np.clip(defined - (defined.mean() - value), 0, 1)
        method += "; moved by its mean distance from the figure, because such a bootstrap is biased upward"
    low, high = np.quantile(defined, [_TAIL, 1 - _TAIL])
    return Estimate(value, float(low), float(high), method)


def _estimate_without_width(statistic: Statistic, value: float) -> Estimate:
    interval = statistic.without_width(value)
    if interval is None:
        return Estimate(value, None, None, "no interval: every draw gives the same figure")
    return Estimate(value, interval.low, interval.high, interval.method)
