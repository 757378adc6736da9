"""Methods are compared place by place, not pixel by pixel."""

from __future__ import annotations

import numpy as np

from hilum.explaining.curve_figures import AskedFilms
from hilum.explaining.measuring import agreement_of


def test_evidence_of_single_pixels_agrees_with_the_coarse_map_that_it_adds_up_to() -> None:
    rng = np.random.default_rng(0)
    squares = rng.integers(0, 256, (6, 56, 56), dtype=np.uint8)
    films = AskedFilms.of(squares, lambda some: np.full(len(some), 0.9), np.arange(6) % 2 == 0, 0)
    coarse = [np.kron(rng.normal(size=(7, 7)), np.ones((8, 8))).astype(np.float32) for _ in range(6)]
    noisy = [one + rng.normal(0, 4, one.shape).astype(np.float32) for one in coarse]
    other = [np.kron(rng.normal(size=(7, 7)), np.ones((8, 8))).astype(np.float32) for _ in range(6)]
    near, _, far = agreement_of(["coarse", "noisy", "other"], [coarse, noisy, other], films)
    assert near.rank.value is not None and near.rank.value > 0.6
    assert far.rank.value is not None and abs(far.rank.value) < 0.3
