"""Films that look alike: suspected by perceptual hash, confirmed by their pixels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hilum.datasets.catalogue import Catalogue
from hilum.datasets.workers import in_processes
from hilum.errors import HilumError
from hilum.images import NEAR_DUPLICATE_BITS, read_film, to_square
from hilum.progress import Progress, Silent

_BLOCK = 1024
_THUMBNAIL_SIDE = 64
SAME_FILM_CORRELATION = 0.98
"""Pixel correlation from which on two films are one film saved twice.

Measured on the 224 px Kermany copy: ten groups of different patients within 4 bits of hash reach 0.84 to 0.93; 1,173
films saved again as JPEG of quality 50, or at half size, stay above 0.998."""


def near_duplicates(catalogue: Catalogue, progress: Progress = Silent()) -> list[tuple[int, ...]]:
    """Groups of rows whose films are one film saved in different files; byte-identical files alone make no group.

    Films with like hashes are opened and compared. Where one cannot be opened any more, its group stays a suspicion and
    is given back as it is.
    """
    suspects = [
        group
        for group in alike_hashes([film.perceptual_hash for film in catalogue.films])
        if len({catalogue.films[row].sha256 for row in group}) > 1
    ]
    rows = [row for group in suspects for row in group]
    paths = [catalogue.root / catalogue.films[row].path for row in rows]
    thumbnails = dict(zip(rows, in_processes(_thumbnail, paths, progress, "Comparing films"), strict=True))
    confirmed = [part for group in suspects for part in _confirmed(group, thumbnails)]
    return sorted(group for group in confirmed if len({catalogue.films[row].sha256 for row in group}) > 1)


def alike_hashes(hashes: Sequence[str], bits: int = NEAR_DUPLICATE_BITS) -> list[tuple[int, ...]]:
    """Groups of rows whose perceptual hashes differ in at most `bits` bits from another of the group.

    All pairs of different hashes are compared, in blocks: 5,856 films take a tenth of a second, 100,000 half a minute.

    Args:
        hashes: 16 hexadecimal digits each; "" for a film that has none.
        bits: of 64.

    Returns:
        Groups of two rows and more, rows ascending, groups by their first row.

    >>> alike_hashes(["00000000000000ff", "", "ffffffffffffffff", "00000000000000f0"])
    [(0, 3)]
    """
    rows = np.array([row for row, digits in enumerate(hashes) if digits], dtype=np.int64)
    values = np.array([int(hashes[row], 16) for row in rows], dtype=np.uint64)
    different, which = np.unique(values, return_inverse=True)
    group_of = np.array(_connected(len(different), _close_pairs(different, bits)), dtype=np.int64)
    return _gathered(rows, group_of[which] if len(rows) else which)


def _close_pairs(values: np.ndarray, bits: int) -> list[tuple[int, int]]:
    """Every pair (i, j), i < j, whose 64-bit values differ in at most `bits` bits."""
    pairs = list[tuple[int, int]]()
    for start in range(0, len(values), _BLOCK):
        block = values[start : start + _BLOCK, None]
        near = np.argwhere(np.bitwise_count(block ^ values[None, start:]) <= bits) + start  # (k, 2)
        pairs += map(tuple, near[near[:, 1] > near[:, 0]].tolist())
    return pairs


def _connected(number: int, pairs: Sequence[tuple[int, int]]) -> list[int]:
    """For each of `number` items the smallest item that a chain of pairs leads to."""
    parent = list(range(number))

    def first_of(item: int) -> int:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    for first, second in pairs:
        low, high = sorted((first_of(first), first_of(second)))
        parent[high] = low
    return [first_of(item) for item in range(number)]


def _gathered(rows: Sequence[int] | np.ndarray, group_of: Sequence[int] | np.ndarray) -> list[tuple[int, ...]]:
    """Rows with one group number together, where there are two and more."""
    members: dict[int, list[int]] = {}
    for row, number in zip(rows, group_of, strict=True):
        members.setdefault(int(number), []).append(int(row))
    return sorted(tuple(sorted(found)) for found in members.values() if len(found) > 1)


def _thumbnail(path: Path) -> np.ndarray | None:
    """(4096,) float64 of mean 0 and length 1 (all zero for a film of one grey); None where it cannot be opened."""
    try:
        pixels = to_square(read_film(path).pixels, _THUMBNAIL_SIDE).astype(np.float64).ravel()
    except HilumError:
        return None
    centred: np.ndarray = pixels - pixels.mean()
    return centred * (1 / max(float(np.linalg.norm(centred)), 1e-9))


def _confirmed(group: Sequence[int], thumbnails: dict[int, np.ndarray | None]) -> list[tuple[int, ...]]:
    pictures = [picture for picture in (thumbnails[row] for row in group) if picture is not None]
    if len(pictures) < len(group):
        return [tuple(group)]
    stacked = np.stack(pictures)  # (k, 4096)
    near = np.argwhere(stacked @ stacked.T >= SAME_FILM_CORRELATION)
    pairs = [(int(first), int(second)) for first, second in near if first < second]
    return _gathered(group, _connected(len(group), pairs))
