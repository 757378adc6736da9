"""Is one model better than another on the same films: paired tests over patients, Holm, and how many it would take."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hilum.errors import HilumError
from hilum.metrics.arrays import Floats, require_films
from hilum.metrics.estimates import Estimate
from hilum.metrics.placement import AurocCovariance
from hilum.metrics.proportions import clustered_wilson, wilson
from hilum.metrics.quantiles import normal_quantile, student_quantile

ALPHA: Final = 0.05
"""Two-sided, over all comparisons together."""

POWER: Final = 0.8
"""The chance of telling a true difference at which a number of patients is stated."""

FEW: Final = 25
"""With fewer patients judged differently, every assignment of their signs is counted instead of the chi-square."""

MANY_DEGREES: Final = 1000
"""Of freedom, that stand for any larger number, as in `student_quantile`."""

_ROUNDING: Final = 1e-9
_NODES: Final = 200  # of Gauss and Legendre: twelve digits up to 1,000 degrees


@dataclass(frozen=True, slots=True)
class PairedTest:
    """Whether a difference on the same films may be chance.

    Args:
        z: above 0 where the first is better; its square is the chi-square; None where nothing can be tested.
        p: two-sided, for this comparison alone; None likewise.
        method: the test in words, or why there is none.
    """

    z: float | None
    p: float | None
    method: str


def compare_aurocs(found: AurocCovariance, contrast: ArrayLike) -> tuple[Estimate, PairedTest]:
    """A difference of AUROCs with its interval and test, from how they vary together.

    Args:
        found: m AUROCs on the same films.
        contrast: (m,) the weight of each: 1 and -1 for two models, 1/k for each of k seeds that are averaged.

    Source: DeLong, DeLong and Clarke-Pearson 1988; Obuchowski 1997 for patients with several films; Student's t with
    Satterthwaite's degrees of freedom, because a normal test errs where a few patients carry most films.

    >>> from hilum.metrics.placement import auroc_covariance
    >>> scores = [[0.9, 0.4, 0.6, 0.1], [0.9, 0.7, 0.6, 0.1]]
    >>> estimate, test = compare_aurocs(auroc_covariance(scores, [True, True, False, False], [0, 1, 2, 3]), [1, -1])
    >>> estimate.text(), round(test.p or 0, 4)
    ('-0.250 [-1.771, 1.271]', 0.5528)
    """
    weights = np.asarray(contrast, dtype=np.float64)
    value, variance = float(weights @ found.auroc), float(weights @ found.covariance @ weights)
    if math.isnan(value):
        words = "not defined: films of one class only"
        return Estimate(None, None, None, words), PairedTest(None, None, words)
    if math.isnan(variance):
        words = "one patient alone shows no spread"
        return Estimate(value, None, None, f"no interval: {words}"), PairedTest(None, None, f"no test: {words}")
    if variance < _ROUNDING**2:
        return _without_spread(value)
    error, degrees = math.sqrt(variance), int(found.degrees_of(weights) + _ROUNDING)
    words = f"Student's t, placement values over {found.patients:,} patients (Obuchowski 1997)"
    half = student_quantile(degrees, 1 - ALPHA) * error
    test = PairedTest(value / error, two_sided(value / error, degrees), words)
    return Estimate(value, value - half, value + half, words), test


def _without_spread(value: float) -> tuple[Estimate, PairedTest]:
    """No difference where both order the films alike; a difference that every patient shows alike is not tested."""
    if abs(value) < _ROUNDING:
        words = "both put the films in one order"
        return Estimate(value, None, None, f"no interval: {words}"), PairedTest(0.0, 1.0, words)
    words = "no spread among patients is seen"
    return Estimate(value, None, None, f"no interval: {words}"), PairedTest(None, None, f"no test: {words}")


def clustered_mcnemar(right_first: ArrayLike, right_second: ArrayLike, group: ArrayLike) -> PairedTest:
    """Whether two models are equally often right on the same films, with the patient as the unit.

    Each patient's difference is divided by the number of his films, so that every patient counts alike. Where fewer
    than `FEW` patients are judged differently, all assignments of their signs are counted.

    Args:
        right_first: (n,) 1 where the first was right, 0 where not; between them for a mean over seeds.
        right_second: likewise.
        group: (n,) whole number for each film's patient.

    Raises:
        HilumError: no films, or lengths that differ.

    Source: Durkalski, Palesch, Lipsitz and Rust 2003; with one film a patient McNemar 1947 without correction, and
    for few patients the exact binomial form of it.

    >>> round(clustered_mcnemar([1, 1, 1, 1, 0, 0], [0, 0, 0, 0, 1, 0], [0, 1, 2, 3, 4, 5]).p or 0, 4)
    0.375
    """
    differences = _differences(right_first, right_second, group)
    if not len(differences):
        return PairedTest(0.0, 1.0, "McNemar: no patient is judged differently")
    z = float(differences.sum() / math.sqrt((differences**2).sum()))
    if len(differences) < FEW:
        words = f"exact McNemar over patients, {len(differences)} of them judged differently"
        return PairedTest(z, _share_of_signs(differences), words)
    words = f"McNemar over patients (Durkalski 2003), {len(differences):,} of them judged differently"
    return PairedTest(z, two_sided(z), words)


def two_sided(z: float, degrees: int | None = None) -> float:
    """Chance that a standard normal value, or Student's t with so many degrees, lies as far from 0 as `z`.

    As in `student_quantile`, 1,000 degrees of freedom stand for any larger number.

    >>> round(two_sided(1.959964), 6), round(two_sided(2.776445, 4), 6)
    (0.05, 0.05)
    """
    if degrees is None:
        return math.erfc(abs(z) / math.sqrt(2))
    counted = min(degrees, MANY_DEGREES)
    # With t = sqrt(degrees) tan(angle) the density is a power of the cosine over a finite range; the tail is summed
    # itself, not taken from 1, so that a small p keeps its digits.
    start = math.atan(abs(z) / math.sqrt(counted))
    nodes, shares = _gauss_legendre()
    angles = start + (math.pi / 2 - start) * (nodes + 1) / 2
    scale = math.exp(math.lgamma((counted + 1) / 2) - math.lgamma(counted / 2)) / math.sqrt(math.pi)
    return min(1.0, float(scale * (math.pi / 2 - start) * (shares @ np.cos(angles) ** (counted - 1))))


@cache
def _gauss_legendre() -> tuple[Floats, Floats]:
    nodes, shares = np.polynomial.legendre.leggauss(_NODES)
    return nodes, shares


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Each p value corrected for all of them: below 0.05 where a family of tests rejects at 5 % together.

    Source: Holm 1979.

    >>> holm([0.01, 0.04, 0.03])
    (0.03, 0.06, 0.06)
    """
    tests = len(p_values)
    corrected, reached = [0.0] * tests, 0.0
    for place, index in enumerate(sorted(range(tests), key=lambda one: p_values[one])):
        reached = max(reached, min(1.0, (tests - place) * p_values[index]))
        corrected[index] = reached
    return tuple(corrected)


def patients_needed(test: PairedTest, patients: int, tests: int = 1) -> int | None:
    """How many patients like these would show this difference, were it true; None where that cannot be said.

    Args:
        test: that found no difference.
        patients: how many it was made on.
        tests: comparisons that are made together; each may err the less.

    Source: the normal approximation; z grows with the root of the number of patients. Where that asks for no more
    patients than there are, and the test still found nothing, too few of them carry the difference for it to hold.

    >>> patients_needed(PairedTest(1.4, 0.16, ""), 100)
    401
    """
    if test.z is None or abs(test.z) < _ROUNDING or tests < 1:
        return None
    reach = normal_quantile(1 - ALPHA / tests) + normal_quantile(2 * POWER - 1)
    needed = math.ceil(patients * (reach / test.z) ** 2)
    return needed if needed > patients else None


def few_differ(right_first: ArrayLike, right_second: ArrayLike, group: ArrayLike) -> bool:
    """True where fewer than `FEW` patients are judged differently; arguments as in `clustered_mcnemar`."""
    return len(_differences(right_first, right_second, group)) < FEW


def paired_score_interval(right_first: ArrayLike, right_second: ArrayLike, group: ArrayLike) -> Estimate:
    """The difference of two shares on the same films with an interval that holds where few patients differ.

    A bootstrap that draws the same few patients again never meets a difference of the other sign; this interval is
    made from those of both shares and from how they go together.

    Args:
        right_first: (n,) bool, where the first was right.
        right_second: likewise.
        group: (n,) whole number for each film's patient.

    Raises:
        HilumError: no films, or lengths that differ.

    Source: Newcombe 1998, "Improved confidence intervals for the difference between binomial proportions based on
    paired data", method 10, with the intervals of `clustered_wilson` and the correlation of patients' sums.
    """
    gain, patient = _gain(right_first, right_second, group)
    value, patients = float(gain.mean()), int(patient.max()) + 1
    if not gain.any():
        reach = wilson(0, patients).high
        return Estimate(0.0, -reach, reach, f"Wilson for none of {patients:,} patients, because all are judged alike")
    first, second = (np.asarray(one, dtype=np.float64) for one in (right_first, right_second))
    own, other = clustered_wilson(first, patient), clustered_wilson(second, patient)
    together = _correlation(first, second, patient)
    below = _joined(first.mean() - own.low, other.high - second.mean(), together)
    above = _joined(own.high - first.mean(), second.mean() - other.low, together)
    words = f"score interval of paired shares over {patients:,} patients (Newcombe 1998), as few are judged differently"
    return Estimate(value, max(-1.0, value - below), min(1.0, value + above), words)


def _joined(one: float, other: float, together: float) -> float:
    return math.sqrt(max(0.0, one**2 - 2 * together * one * other + other**2))


def _correlation(first: Floats, second: Floats, patient: NDArray[np.intp]) -> float:
    """Of what each patient adds to both shares; 0 where one does not vary."""
    one, other = (np.bincount(patient, weights=share - share.mean()) for share in (first, second))
    scale = math.sqrt(float(one @ one) * float(other @ other))
    return float(one @ other) / scale if scale > _ROUNDING else 0.0


def is_not_worse(difference: Estimate, margin: float) -> bool | None:
    """True where the first lies at most `margin` below the second, by the lower end; None without an interval.

    Raises:
        HilumError: a margin that is no fraction above 0.
    """
    require_margin(margin)
    return None if difference.low is None else difference.low > -margin


def require_margin(margin: float) -> None:
    """Refuse a margin that is no fraction above 0.

    Raises:
        HilumError: says how to write 2 points.
    """
    if not 0 < margin < 1:
        raise HilumError(f"Got {margin:g} as a margin.", expected="a fraction above 0", do="Write 0.02 for 2 points.")


def _gain(right_first: ArrayLike, right_second: ArrayLike, group: ArrayLike) -> tuple[Floats, NDArray[np.intp]]:
    """(n,) how much more right the first is on each film, and the number of its patient."""
    groups, _ = require_films(group, np.zeros(np.shape(group), dtype=bool))
    gain = require_films(right_first, groups)[0] - require_films(right_second, groups)[0]
    return gain, np.unique(groups, return_inverse=True)[1]


def _differences(right_first: ArrayLike, right_second: ArrayLike, group: ArrayLike) -> Floats:
    """(d,) the mean gain of each patient who is judged differently."""
    gain, patient = _gain(right_first, right_second, group)
    means = np.bincount(patient, weights=gain) / np.bincount(patient)  # (G,)
    return means[np.abs(means) > _ROUNDING]


def _share_of_signs(differences: Floats) -> float:
    """The share of all assignments of signs whose sum lies as far from 0; halves are met, as 2^24 sums are many."""
    half = len(differences) // 2
    left, right = _signed_sums(differences[:half]), np.sort(_signed_sums(differences[half:]))
    reach = abs(float(differences.sum())) - _ROUNDING
    above = len(right) * len(left) - int(np.searchsorted(right, reach - left).sum())
    below = int(np.searchsorted(right, -reach - left, "right").sum())
    return min(1.0, (above + below) / (len(left) * len(right)))


def _signed_sums(values: Floats) -> Floats:
    """(2^k,) the sums of (k,) values under every assignment of signs."""
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums + value, sums - value])
    return sums
