"""Named numbers for each film: what a probe is given to see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from hilum.metrics.arrays import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """A table of numbers, a row for each film.

    Args:
        names: of the k columns, in words that a report may show.
        values: (n, k) finite numbers.
    """

    names: tuple[str, ...]
    values: Floats

    def select(self, rows: np.ndarray) -> Columns:
        """The same columns of the films at `rows`."""
        return Columns(self.names, self.values[rows])

    def named(self, names: tuple[str, ...]) -> Columns:
        """Columns of these names, in this order; 0 in every film where there is none of that name."""
        place = {name: column for column, name in enumerate(self.names)}
        empty = np.zeros(len(self.values))
        found = [self.values[:, place[one]] if one in place else empty for one in names]
        return Columns(names, np.stack(found, axis=1))

    @property
    def varied(self) -> Columns:
        """Only the columns that are not the same in every film."""
        is_varied = np.ptp(self.values, axis=0) > 0 if len(self.values) else np.zeros(len(self.names), dtype=bool)
        names = tuple(name for name, keep in zip(self.names, is_varied, strict=True) if keep)
        return Columns(names, self.values[:, is_varied])


def columns_of(named: dict[str, Sequence[float] | np.ndarray]) -> Columns:
    """The columns of a table given as name -> (n,) numbers."""
    return Columns(tuple(named), np.stack([np.asarray(one, dtype=np.float64) for one in named.values()], axis=1))


def beside(tables: Iterable[Columns]) -> Columns:
    """Tables of the same films side by side."""
    found = list(tables)
    return Columns(tuple(name for one in found for name in one.names), np.hstack([one.values for one in found]))


def under(tables: Iterable[Columns]) -> Columns:
    """Tables of different films with the same columns, one below the other."""
    found = list(tables)
    return Columns(found[0].names, np.vstack([one.values for one in found]))


def one_of(words: Sequence[str], known: Sequence[str], name: str) -> dict[str, np.ndarray]:
    """A column for each known word: 1.0 where a film has it, else 0.0."""
    return {f"{name} {word}": np.array([float(one == word) for one in words]) for word in known}
