"""A figure with its 95 % interval: the same function of weights gives the value and every bootstrap draw."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from hilum.metrics.arrays import Booleans, Floats
from hilum.metrics.bca import bca_levels
from hilum.metrics.proportions import Interval, clustered_wilson
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
        without_draws: gives the interval of a value where one is known without drawing patients again; None where not.
        is_moved: True for a figure that every draw raises by its own noise, such as the ECE: its draws are then moved
            by their mean distance from the value, so that the interval lies about the value.
    """

    of_weights: Callable[[Floats], Floats]
    undefined: str = "nothing was counted"
    without_draws: Callable[[float], Interval | None] = lambda _value: None
    is_moved: bool = False


def share_over_patients(is_counted: Booleans, group: ArrayLike, none: str, unit: str = "patients") -> Estimate:
    """The share of the films (n,) that count, with its interval over patients.

    Args:
        is_counted: (n,) bool.
        group: (n,) number of each film's patient.
        none: what there is none of, where there is no film: "no normal film".
        unit: what a group is, in words.
    """
    if not len(is_counted):
        return Estimate(None, None, None, f"not defined: {none}")
    interval = clustered_wilson(is_counted, group, unit)
    return Estimate(float(is_counted.mean()), interval.low, interval.high, interval.method)


def estimate(statistics: Sequence[Statistic], resampling: Resampling) -> tuple[Estimate, ...]:
    """Each statistic on the films as they are with its 95 % interval: its own, or a BCa bootstrap over patients.

    All statistics see the same draws, so their differences may be taken draw by draw.

    Source: Efron 1987, "Better bootstrap confidence intervals"; Davison and Hinkley 1997, section 5.3, for strata.
    """
    films = np.ones(len(resampling.group))
    values = [float(statistic.of_weights(films)) for statistic in statistics]
    known = [_without_draws(statistic, value) for statistic, value in zip(statistics, values, strict=True)]
    asked = [statistic for statistic, found in zip(statistics, known, strict=True) if found is None]
    if not asked:
        return tuple(found for found in known if found is not None)
    draws, left_out = draw(asked, resampling), _of_blocks(asked, resampling.left_out())
    drawn = iter(zip(draws.T, left_out.T, strict=True))
    return tuple(
        found or _from_draws(statistic, value, *next(drawn), resampling)
        for statistic, value, found in zip(statistics, values, known, strict=True)
    )


def draw(statistics: Sequence[Statistic], resampling: Resampling) -> Floats:
    """(draws, statistics) every statistic in every draw; NaN where a draw leaves it undefined."""
    return _of_blocks(statistics, resampling.blocks())


def _of_blocks(statistics: Sequence[Statistic], blocks: Iterable[Floats]) -> Floats:
    """(rows, statistics) every statistic for every row of the blocks of weights."""
    return np.concatenate([np.stack([one.of_weights(weights) for one in statistics], axis=-1) for weights in blocks])


def _without_draws(statistic: Statistic, value: float) -> Estimate | None:
    if math.isnan(value):
        return Estimate(None, None, None, f"not defined: {statistic.undefined}")
    interval = statistic.without_draws(value)
    return None if interval is None else Estimate(value, interval.low, interval.high, interval.method)


def _from_draws(
    statistic: Statistic, value: float, draws: Floats, left_out: Floats, resampling: Resampling
) -> Estimate:
    defined = draws[~np.isnan(draws)]
    missing = 1 - len(defined) / len(draws)
    if missing > _TAIL:
        return Estimate(value, None, None, f"no interval: {statistic.undefined} in {missing:.1%} of the draws")
    if np.ptp(defined) < _WIDTH:
        return Estimate(value, None, None, "no interval: every draw gives the same figure")
    if resampling.smallest_stratum < 2:
        return Estimate(value, None, None, "no interval: one patient alone shows no spread")
    method = resampling.method
    if missing:
        method += f"; {len(draws) - len(defined)} draws without the figure left out"
    if statistic.is_moved:
        low, high = np.quantile(np.clip(defined - (defined.mean() - value), 0, 1), [_TAIL, 1 - _TAIL])
        words = "moved by its mean distance from the figure, because such a bootstrap is biased upward"
        return Estimate(value, float(low), float(high), f"percentile {method}; {words}")
    below = float(np.mean(defined < value - _WIDTH) + np.mean(np.abs(defined - value) <= _WIDTH) / 2)
    low, high = np.quantile(defined, bca_levels(below, len(defined), left_out, resampling.part_strata, _TAIL))
    return Estimate(value, float(low), float(high), f"BCa {method}")
