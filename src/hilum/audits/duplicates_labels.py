"""Films that look alike and have different labels: suspected by perceptual hash, measured by their pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from hilum.datasets.catalogue import Catalogue, FilmRecord
from hilum.metrics.arrays import Floats
from hilum.progress import Progress, Silent, track

CANDIDATE_BITS: Final = 12
"""Hashes that differ in at most so many of 64 bits are compared by their pixels: of different patients fewer than one
pair in a thousand is so near."""

ALIKE: Final = 0.95
"""Correlation of pixels from which on a pair is listed. It is no proof: chest films of two children collide."""

_MOST: Final = 50
_AT_ONCE: Final = 512


@dataclass(frozen=True, slots=True)
class Likeness:
    """Two films with different labels that look alike.

    Args:
        pneumonia: the film labelled so.
        normal: the other.
        bits: of 64 in which their perceptual hashes differ.
        correlation: of their pixels, 1.0 for the same picture.
    """

    pneumonia: FilmRecord
    normal: FilmRecord
    bits: int
    correlation: float

    @property
    def is_one_patient(self) -> bool:
        """True where both films are of one patient."""
        return self.pneumonia.patient == self.normal.patient


def likenesses(films: Catalogue, squares: npt.NDArray[np.uint8], progress: Progress = Silent()) -> tuple[Likeness, ...]:
    """At most 50 pairs of films that look alike and have different labels, most alike first; to look at, no proof.

    Args:
        films: without problems.
        squares: (n, side, side) uint8 of these films, in their order.
        progress: where the bar is shown.
    """
    pairs = near_pairs(films, CANDIDATE_BITS, progress)
    found = []
    for start in range(0, len(pairs), _AT_ONCE):
        part = pairs[start : start + _AT_ONCE]
        for (first, second, bits), correlation in zip(part.tolist(), _correlations(squares, part), strict=True):
            if correlation >= ALIKE:
                found.append(Likeness(films.films[first], films.films[second], bits, float(correlation)))
    found.sort(key=lambda pair: (-pair.correlation, pair.pneumonia.path, pair.normal.path))
    return tuple(found[:_MOST])


def near_pairs(films: Catalogue, bits: int, progress: Progress = Silent()) -> npt.NDArray[np.intp]:
    """(k, 3) row with pneumonia, row without, and bits: all such pairs whose hashes differ in at most `bits` bits."""
    hashes = np.array([int(film.perceptual_hash, 16) for film in films.films], dtype=np.uint64)
    pneumonia, normal = np.flatnonzero(films.is_pneumonia), np.flatnonzero(~films.is_pneumonia)
    found = [np.zeros((0, 3), dtype=np.intp)]
    blocks = range(0, len(pneumonia), _AT_ONCE)
    for start in track(progress, blocks, "Comparing films", len(blocks)):
        rows = pneumonia[start : start + _AT_ONCE]
        apart = np.bitwise_count(hashes[rows, None] ^ hashes[None, normal])  # (rows, normal films)
        near = np.argwhere(apart <= bits)
        found.append(np.column_stack([rows[near[:, 0]], normal[near[:, 1]], apart[near[:, 0], near[:, 1]]]))
    return np.concatenate(found).astype(np.intp)


def _correlations(squares: npt.NDArray[np.uint8], pairs: npt.NDArray[np.intp]) -> Floats:
    """(k,) correlation of the pixels of each pair, 0 where a film is of one grey."""
    first, second = (_standardised(squares[pairs[:, side]]) for side in (0, 1))
    answer: Floats = np.einsum("ij,ij->i", first, second)
    return answer


def _standardised(squares: npt.NDArray[np.uint8]) -> Floats:
    """(k, pixels) of mean 0 and length 1, at most 64 on a side: enough for a likeness."""
    step = max(1, squares.shape[1] // 64)
    side = squares.shape[1] // step
    cut = squares[:, : side * step, : side * step].reshape(len(squares), side, step, side, step)
    flat = cut.mean(axis=(2, 4)).reshape(len(squares), -1)
    centred = flat - flat.mean(axis=1, keepdims=True)
    answer: Floats = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9)
    return answer
