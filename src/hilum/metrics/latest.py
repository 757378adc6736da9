"""Several statistics of one computation share its result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from hilum.metrics.arrays import Floats

Figures = TypeVar("Figures")


class OfLatestWeights(Generic[Figures]):
    """Computes the figures of some weights once, however many statistics ask for one of them in turn.

    Args:
        compute: gives the figures of (..., n) weights.
    """

    def __init__(self, compute: Callable[[Floats], Figures]) -> None:
        self._compute = compute
        self._weights: Floats | None = None
        self._figures: Figures | None = None

    def __call__(self, weights: Floats) -> Figures:
        """The figures of these weights."""
        if self._figures is None or self._weights is not weights:
            self._weights, self._figures = weights, self._compute(weights)
        return self._figures
