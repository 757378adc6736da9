"""The control of the shift audit: contiguous blocks of the training films against the others of their own set.

Films that stand together in the numbering were made together, so any block differs a little from the rest. A test
folder that is itself such a block is shifted only as far as it differs more than blocks do.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from hilum.audits.numbering import place_of
from hilum.datasets.catalogue import Catalogue

BLOCKS: Final = 5
LARGEST_SHARE: Final = 1 / 3


def contiguous_blocks(films: Catalogue, share: float) -> tuple[np.ndarray, ...]:
    """At most five disjoint blocks, each (n,) bool, of patients who stand together in the numbering of their series.

    Each block takes the same stretch of every series, so that it holds every series in proportion.

    Args:
        films: of one set and one class.
        share: of the films that a block takes; at most a third is taken.

    Returns:
        None at all where most names hold no number.
    """
    places = [place_of(film) for film in films.films]
    if sum(place.number < 0 for place in places) * 2 > len(places):
        return ()
    share = min(share, LARGEST_SHARE)
    number = min(BLOCKS, int(1 / share + 1e-9))
    rank = _rank(films)  # (n,) in [0, 1): how far through its series each film stands
    starts = np.linspace(0, 1 - share, number) - 1e-9  # ranks are fractions, which must not fall between two blocks
    return tuple((rank >= start) & (rank < start + share) for start in starts)


def _rank(films: Catalogue) -> np.ndarray:
    """(n,) the share of its series that stands before a film's patient; films of one patient have one rank."""
    rows_of: dict[str, list[tuple[int, str, int]]] = {}
    for row, (film, group) in enumerate(zip(films.films, films.group_names(), strict=True)):
        place = place_of(film)
        rows_of.setdefault(f"{film.subtype}/{place.series}", []).append((place.number, group, row))
    rank = np.zeros(len(films.films))
    first = dict[str, float]()
    for of_series in rows_of.values():
        for position, (_, group, row) in enumerate(sorted(of_series)):
            rank[row] = first.setdefault(group, position / len(of_series))
    return rank
