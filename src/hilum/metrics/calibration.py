"""Does a stated probability come true: Brier score, expected calibration error and reliability bins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hilum.errors import HilumError
from hilum.metrics.arrays import Floats, film_weights, ratio, require_probabilities
from hilum.metrics.proportions import wilson
from hilum.metrics.tally import Tally, tally

DEFAULT_BINS: Final = 15


def brier(probability: ArrayLike, is_pneumonia: ArrayLike, weights: ArrayLike | None = None) -> Floats:
    """Mean squared distance between the stated probability and what was true.

    Args:
        probability: (n,) in [0, 1].
        is_pneumonia: (n,) bool.
        weights: (..., n) how often each film counts; None counts each once.

    Returns:
        (...,) in [0, 1]; 0 is perfect; always saying the prevalence p scores p (1 - p).

    Source: Brier 1950.

    >>> float(brier([1.0, 0.5], [True, False]))
    0.125
    """
    probabilities, truth = require_probabilities(probability, is_pneumonia)
    counted = film_weights(weights, len(truth))
    return ratio(counted @ (probabilities - truth) ** 2, counted.sum(axis=-1))


def expected_calibration_error(
    probability: ArrayLike,
    is_pneumonia: ArrayLike,
    weights: ArrayLike | None = None,
    bins: int = DEFAULT_BINS,
) -> Floats:
    """Mean gap between stated probability of pneumonia and observed frequency, weighted by bin size.

    Args:
        probability: (n,) in [0, 1].
        is_pneumonia: (n,) bool.
        weights: (..., n) how often each film counts; None counts each once.
        bins: how many bins of equally many films; those with equal probabilities stay together, so sizes may differ.

    Returns:
        (...,) in [0, 1]; 0 is perfect. It is above 0 by chance also for a perfectly calibrated model, and a bootstrap
        of it is biased upward (see `Statistic.is_moved`).

    Raises:
        HilumError: no films, values outside [0, 1], or no bin.

    Source: Naeini et al. 2015 and Guo et al. 2017, in the form for one positive class.

    >>> round(float(expected_calibration_error([0.95, 1.0], [True, False], bins=1)), 3)
    0.475
    """
    require_probabilities(probability, is_pneumonia)
    counted = tally(probability, is_pneumonia, weights)
    excess = _sum_by_bin(counted.mass * counted.score - counted.pneumonia, _bin_of(counted, bins), bins)
    return ratio(np.abs(excess).sum(axis=-1), counted.mass.sum(axis=-1))


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """What was said and what was true in one bin: counts, the mean probability, and the frequency with its interval."""

    films: int
    pneumonia: int
    mean_probability: float
    frequency: float
    frequency_low: float
    frequency_high: float


def reliability_bins(
    probability: ArrayLike, is_pneumonia: ArrayLike, bins: int = DEFAULT_BINS
) -> tuple[ReliabilityBin, ...]:
    """The bins of `expected_calibration_error` that hold a film, by rising probability; Wilson intervals over films."""
    require_probabilities(probability, is_pneumonia)
    counted = tally(probability, is_pneumonia)
    bin_of = _bin_of(counted, bins)
    films, pneumonia, stated = (
        _sum_by_bin(part, bin_of, bins) for part in (counted.mass, counted.pneumonia, counted.mass * counted.score)
    )
    return tuple(
        _reliability_bin(int(films[index]), int(pneumonia[index]), float(stated[index]))
        for index in np.flatnonzero(films)
    )


def _reliability_bin(films: int, pneumonia: int, stated: float) -> ReliabilityBin:
    interval = wilson(pneumonia, films)
    return ReliabilityBin(films, pneumonia, stated / films, pneumonia / films, interval.low, interval.high)


def _bin_of(counted: Tally, bins: int) -> NDArray[np.intp]:
    """(..., k) the bin of each distinct probability: that of the middle of its share of the films."""
    if bins < 1:
        raise HilumError(f"Got {bins} bins.", expected="1 or more", do=f"The usual number is {DEFAULT_BINS}.")
    middle = np.cumsum(counted.mass, axis=-1) - counted.mass / 2
    total = counted.mass.sum(axis=-1, keepdims=True)
    # One division, so that an exact border is met exactly.
    position: Floats = np.divide(middle * bins, total, out=np.zeros_like(middle), where=total > 0)
    return np.clip(np.floor(position).astype(np.intp), 0, bins - 1)


def _sum_by_bin(values: Floats, bin_of: NDArray[np.intp], bins: int) -> Floats:
    """(..., bins) sums of (..., k) values; rows are laid end to end so that one bincount serves all draws."""
    rows = bin_of.reshape(-1, bin_of.shape[-1])
    index = rows + bins * np.arange(len(rows))[:, None]
    sums = np.bincount(index.ravel(), weights=values.ravel(), minlength=bins * len(rows)).astype(np.float64)
    return sums.reshape(*bin_of.shape[:-1], bins)
