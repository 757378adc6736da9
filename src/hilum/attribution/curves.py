"""Deletion and insertion: the probability of the answered class while a film is covered in the order of a map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from hilum.attribution.controls import blurred, mean_grey
from hilum.attribution.evidence import EvidenceMap, Square, Squares, at_side
from hilum.metrics.arrays import Floats

Answer = Callable[[Squares], Floats]
"""(n, side, side) uint8 -> (n,) calibrated probability of pneumonia."""

SHARES: Final = tuple(step / 10 for step in range(11))
"""Of the film that is changed, one a step."""


@dataclass(frozen=True, slots=True, eq=False)
class FilmCurves:
    """The probability of one film's answered class at each of `SHARES`.

    Args:
        deletion: (k,) as the places that speak most for the answer are covered first.
        insertion: (k,) as they are uncovered first, from the blurred film on.
    """

    deletion: Floats
    insertion: Floats

    @property
    def deletion_area(self) -> float:
        """The area under the first; a low one says that the map points at what the answer needs."""
        return area(self.deletion)

    @property
    def insertion_area(self) -> float:
        """The area under the second; a high one says that what the map points at is enough for the answer."""
        return area(self.insertion)


def film_curves(answer: Answer, square: Square, evidence: EvidenceMap, is_pneumonia: bool, seed: int = 0) -> FilmCurves:
    """Both curves of one film and one map.

    Args:
        answer: gives the calibrated probability of pneumonia.
        square: (side, side) uint8.
        evidence: (h, w) for the answer; where that is normal, the negative of a map for pneumonia.
        is_pneumonia: the answer on the film as it is.
        seed: orders places of equal evidence.

    Source: Petsiuk, Das and Saenko 2018, "RISE: Randomized Input Sampling for Explanation of Black-box Models".
    Covered places are the film's mean grey. Blurred ones would still show an opacity, grey ones no longer show where
    the film had been, hence each where Petsiuk has it.
    """
    order = order_of(evidence, square.shape[0], seed)
    covering = changed(square, np.full_like(square, mean_grey(square)), order)
    uncovering = changed(blurred(square), square, order)
    probability = answer(np.concatenate([covering, uncovering]))
    answered = probability if is_pneumonia else 1 - probability
    return FilmCurves(answered[: len(SHARES)], answered[len(SHARES) :])


def order_of(evidence: EvidenceMap, side: int, seed: int = 0) -> Floats:
    """(side, side) each pixel's place in the order of falling evidence, as a share from 0 to below 1.

    Equal ones are put in an order by chance, as any other would favour one edge of the film.
    """
    flat = at_side(evidence, side).ravel()
    by_chance = np.random.default_rng(seed).random(flat.size)
    place = np.empty(flat.size)
    place[np.lexsort((by_chance, -flat))] = np.arange(flat.size) / flat.size
    return place.reshape(side, side)


def changed(start: Square, end: Square, order: Floats) -> Squares:
    """(k, side, side) the way from one film to another, the pixels that come first in the order first."""
    return np.stack([np.where(order < share, end, start) for share in SHARES])


def area(curve: Floats) -> float:
    """The area under a curve over `SHARES`, by trapezoids; of a probability between 0 and 1.

    >>> round(area(np.linspace(1, 0, len(SHARES))), 6)
    0.5
    """
    return float(np.trapezoid(curve, SHARES))
