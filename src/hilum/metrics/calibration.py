"""Does a stated probability come true: Brier score and its parts, expected calibration error, reliability bins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hilum.errors import HilumError
from hilum.metrics.arrays import Floats, film_weights, ratio, require_probabilities
from hilum.metrics.proportions import wilson
from hilum.metrics.resampling import DRAWS
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


@dataclass(frozen=True, slots=True, eq=False)
class BrierParts:
    """Brier score = reliability - resolution + uncertainty + within_bins; each of shape (...,).

    Args:
        reliability: mean squared gap between stated probability and observed frequency of the bins; 0 is perfect.
        resolution: how far the frequencies of the bins lie from that of all films; more is better.
        uncertainty: p (1 - p) for the share p of pneumonia; the films' own, whatever the model.
        within_bins: what the bins hide: films of one bin do not all have its mean probability.
    """

    reliability: Floats
    resolution: Floats
    uncertainty: Floats
    within_bins: Floats


def brier_parts(
    probability: ArrayLike, is_pneumonia: ArrayLike, weights: ArrayLike | None = None, bins: int = DEFAULT_BINS
) -> BrierParts:
    """The Brier score taken apart over the bins of `expected_calibration_error`; arguments as there.

    Source: Murphy 1973; Stephenson, Coelho and Jolliffe 2008 for what lies within the bins.

    >>> parts = brier_parts([0.2, 0.4, 0.8, 0.8], [False, False, True, False], bins=2)
    >>> [round(float(one), 4) for one in (parts.reliability, parts.resolution, parts.uncertainty, parts.within_bins)]
    [0.09, 0.0625, 0.1875, 0.005]
    """
    require_probabilities(probability, is_pneumonia)
    counted = tally(probability, is_pneumonia, weights)
    bin_of = _bin_of(counted, bins)
    films, pneumonia, stated, squares, both = (
        _sum_by_bin(part, bin_of, bins)
        for part in (
            counted.mass,
            counted.pneumonia,
            counted.mass * counted.score,
            counted.mass * counted.score**2,
            counted.pneumonia * counted.score,
        )
    )  # each (..., bins)
    total = films.sum(axis=-1)
    share = ratio(pneumonia.sum(axis=-1), total)
    mean_stated, frequency = _mean(stated, films), _mean(pneumonia, films)
    within = squares - films * mean_stated**2 - 2 * (both - films * mean_stated * frequency)
    return BrierParts(
        reliability=ratio((films * (mean_stated - frequency) ** 2).sum(axis=-1), total),
        resolution=ratio((films * (frequency - share[..., None]) ** 2).sum(axis=-1), total),
        uncertainty=share * (1 - share),
        within_bins=ratio(within.sum(axis=-1), total),
    )


def _mean(sums: Floats, films: Floats) -> Floats:
    """Of each bin; 0 for an empty one, which counts for nothing."""
    means: Floats = np.divide(sums, films, out=np.zeros_like(sums), where=films > 0)
    return means


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
class PerfectEce:
    """The ECE that chance alone gives a perfectly calibrated model: mean, and the range of 95 % of the draws."""

    mean: float
    low: float
    high: float


def perfect_ece(probability: ArrayLike, draws: int = DRAWS, seed: int = 0, bins: int = DEFAULT_BINS) -> PerfectEce:
    """What `expected_calibration_error` would be if these probabilities were true.

    Each film is drawn as pneumonia with its own probability, independently of the other films of its patient: films
    that resemble each other would raise it further.

    Args:
        probability: (n,) in [0, 1].
        draws: how many sets of labels.
        seed: fixes them.
        bins: as in `expected_calibration_error`.

    Raises:
        HilumError: no films, values outside [0, 1], no bin, or no draw.

    Source: Bröcker and Smith 2007, "Increasing the reliability of reliability diagrams" (consistency resampling).

    >>> perfect_ece([0.0, 1.0, 1.0])
    PerfectEce(mean=0.0, low=0.0, high=0.0)
    """
    probabilities, _ = require_probabilities(probability, np.zeros(len(np.atleast_1d(probability)), dtype=bool))
    if draws < 1:
        raise HilumError(f"Got {draws} draws.", expected="1 or more", do=f"The usual number is {DRAWS}.")
    counted = tally(probabilities, np.zeros(len(probabilities), dtype=bool))
    films = counted.mass.astype(np.int64)
    pneumonia = np.random.default_rng(seed).binomial(films, counted.score, (draws, len(films)))
    excess = _sum_by_bin(films * counted.score - pneumonia, np.tile(_bin_of(counted, bins), (draws, 1)), bins)
    found = np.abs(excess).sum(axis=-1) / len(probabilities)
    low, high = np.quantile(found, [0.025, 0.975])
    return PerfectEce(float(found.mean()), float(low), float(high))


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
