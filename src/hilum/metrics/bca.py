"""The levels at which the draws of a bootstrap are cut: bias-corrected and accelerated (BCa)."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from hilum.metrics.arrays import Floats


def bca_levels(
    below: float, draws: int, left_out: Floats, stratum: NDArray[np.intp], tail: float = 0.025
) -> tuple[float, float]:
    """The two levels of the draws, in place of `tail` and 1 - `tail`.

    Args:
        below: share of the draws below the figure, those equal to it counted half.
        draws: how many there are; a share of 0 or 1 is held half a draw away from there.
        left_out: (P,) the figure without one part of the patients; NaN where it is not defined.
        stratum: (P,) the stratum of that part.
        tail: of the interval, on each side.

    Source: Efron 1987, "Better bootstrap confidence intervals".

    >>> [round(level, 4) for level in bca_levels(0.4, 2000, np.array([1.0, 2.0, 3.0]), np.array([0, 0, 0]))]
    [0.0068, 0.9269]
    """
    normal = NormalDist()
    bias = normal.inv_cdf(min(max(below, 0.5 / draws), 1 - 0.5 / draws))
    curve = acceleration(left_out, stratum)
    low, high = (_level(bias, bias + normal.inv_cdf(level), curve) for level in (tail, 1 - tail))
    return low, high


def _level(bias: float, end: float, curve: float) -> float:
    """Where an end, in standard errors, cuts the draws; at the pole of the formula and past it, at the last of them."""
    room = 1 - curve * end
    if room <= 0:  # past the pole the sign turns, and the levels would change places
        return 0.0 if end < 0 else 1.0
    return NormalDist().cdf(bias + end / room)


def acceleration(left_out: Floats, stratum: NDArray[np.intp]) -> float:
    """How fast the spread of a figure changes with the figure, from the jackknife; 1/6 at the most.

    Source: Davison and Hinkley 1997, "Bootstrap methods and their application", section 5.3.2, for strata.
    """
    influence = np.zeros(len(left_out))
    for one in np.unique(stratum):
        rows = (stratum == one) & ~np.isnan(left_out)
        parts = max(int(rows.sum()), 1)
        influence[rows] = (parts - 1) / parts * (left_out[rows].sum() / parts - left_out[rows])
    spread = float((influence**2).sum())
    return float((influence**3).sum()) / (6 * spread**1.5) if spread > 0 else 0.0
