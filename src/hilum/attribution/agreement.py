"""How alike two maps are: by the order of their places, and by structure."""

from __future__ import annotations

from typing import Final

import numpy as np

from hilum.attribution.evidence import EvidenceMap, at_side
from hilum.metrics.arrays import Floats

_SIDE, _WINDOW = 48, 8  # of maps when their structure is compared: six windows side by side
_STEADY: Final = ((0.01 * 2) ** 2, (0.03 * 2) ** 2)  # Wang's constants for values from -1 to 1
_FLAT: Final = 1e-12


def rank_correlation(first: EvidenceMap, second: EvidenceMap) -> float:
    """Spearman's correlation of two maps, -1 to 1, at the resolution of the coarser; 0 where one is flat.

    Source: Spearman 1904; equal places share their mean rank.

    >>> ramp = np.arange(9, dtype=np.float32).reshape(3, 3)
    >>> rank_correlation(ramp, ramp**3), rank_correlation(ramp, -ramp)
    (1.0, -1.0)
    """
    one, other = (ranks(values) for values in at_coarser(first, second))
    one, other = one - one.mean(), other - other.mean()
    scale = float(np.sqrt((one @ one) * (other @ other)))
    return round(float(one @ other) / scale, 12) if scale > _FLAT else 0.0


def structural_similarity(first: EvidenceMap, second: EvidenceMap) -> float:
    """The structural similarity of two maps, up to 1; their signs are left aside, and 0 is given where one is flat.

    Both are brought to one size and to a largest value of 1. The larger of the similarities with the other map and
    with its negative counts.

    Source: Wang, Bovik, Sheikh and Simoncelli 2004, equation 13, with even windows; as in Adebayo et al. 2018.
    """
    one, other = (_scaled(values) for values in (first, second))
    if not one.any() or not other.any():
        return 0.0
    return _ssim(one, other)


def at_coarser(first: EvidenceMap, second: EvidenceMap) -> tuple[EvidenceMap, EvidenceMap]:
    """Both maps at the resolution of the coarser; where it is finer, evidence is averaged over each place."""
    if first.shape == second.shape:
        return first, second
    side = min(*first.shape, *second.shape)
    return at_side(first, side), at_side(second, side)


def ranks(values: EvidenceMap) -> Floats:
    """(places,) each value's rank from 0 on, equal ones their mean rank.

    >>> ranks(np.array([[3.0, 1.0, 3.0]], dtype=np.float32)).tolist()
    [1.5, 0.0, 1.5]
    """
    _, number, times = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(times)
    return ((last - 1) - (times - 1) / 2)[number.ravel()].astype(np.float64)


def _scaled(values: EvidenceMap) -> Floats:
    small = at_side(values, _SIDE).astype(np.float64)
    largest = float(np.abs(small).max())
    is_flat = np.ptp(small) <= _FLAT * max(largest, 1.0)
    return np.zeros_like(small) if is_flat else small / largest


def _ssim(one: Floats, other: Floats) -> float:
    """Mean over all windows of two maps with values from -1 to 1; the larger of that with `other` and with -`other`."""
    mean_1, mean_2 = _in_windows(one), _in_windows(other)
    variance_1, variance_2 = _in_windows(one**2) - mean_1**2, _in_windows(other**2) - mean_2**2
    both, together = mean_1 * mean_2, _in_windows(one * other) - mean_1 * mean_2
    light, contrast = _STEADY
    scale = (mean_1**2 + mean_2**2 + light) * (variance_1 + variance_2 + contrast)
    return max(float(((light + s * 2 * both) * (contrast + s * 2 * together) / scale).mean()) for s in (1, -1))


def _in_windows(values: Floats) -> Floats:
    """Mean of each window, from the sums of all rectangles that begin in the upper left corner."""
    sums = np.pad(values.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    rows = sums[_WINDOW:] - sums[:-_WINDOW]
    return np.asarray((rows[:, _WINDOW:] - rows[:, :-_WINDOW]) / _WINDOW**2)
