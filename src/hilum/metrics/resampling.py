"""The bootstrap over patients: every film of a drawn patient comes along, as a weight on the films at hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hilum.errors import HilumError
from hilum.metrics.arrays import Floats, require_films

DRAWS: Final = 2000
LEFT_OUT: Final = 1000
"""Most parts of the jackknife; more patients than that are left out several at a time."""

_BLOCK: Final = 2**21  # weights held at once (16 MiB), so that 100,000 films need no more memory than 600


@dataclass(frozen=True, slots=True, eq=False)
class Resampling:
    """How films are drawn again: patients whole, with replacement, as many of each stratum as there are.

    Args:
        group: (n,) number of each film's patient, 0 to G - 1.
        stratum: (G,) the stratum that a patient is drawn in.
        draws: how many samples.
        seed: fixes the samples.
        unit: what a group is, in words.
    """

    group: NDArray[np.intp]
    stratum: NDArray[np.intp]
    draws: int = DRAWS
    seed: int = 0
    unit: str = "patients"

    @property
    def is_stratified(self) -> bool:
        """True where the patients of each class are drawn apart."""
        return bool(self.stratum.any())

    @property
    def smallest_stratum(self) -> int:
        """Patients in the smallest stratum."""
        return int(np.unique(self.stratum, return_counts=True)[1].min())

    @property
    def method(self) -> str:
        """The method in words, as it stands beside an interval."""
        by_class = ", stratified by class" if self.is_stratified else ""
        return f"bootstrap over {len(self.stratum):,} {self.unit}{by_class}, {self.draws:,} draws"

    def blocks(self) -> Iterator[Floats]:
        """The weights in blocks of (some draws, n): how often each film counts in each draw."""
        generator = np.random.default_rng(self.seed)
        at_once = max(1, _BLOCK // len(self.group))
        for start in range(0, self.draws, at_once):
            times = self._times(generator, min(at_once, self.draws - start))  # (b, G)
            yield times[:, self.group]

    @property
    def parts(self) -> NDArray[np.intp]:
        """(G,) the part in which a patient is left out by the jackknife: alone, or dealt out within the stratum."""
        if len(self.stratum) <= LEFT_OUT:
            return np.arange(len(self.stratum))
        part = np.zeros(len(self.stratum), dtype=np.intp)
        for stratum in np.unique(self.stratum):
            members = np.flatnonzero(self.stratum == stratum)
            part[members] = stratum * LEFT_OUT + np.arange(len(members)) % LEFT_OUT
        return np.unique(part, return_inverse=True)[1].astype(np.intp)

    @property
    def part_strata(self) -> NDArray[np.intp]:
        """(P,) the stratum of each part of the jackknife."""
        return self.stratum[np.unique(self.parts, return_index=True)[1]]

    def left_out(self) -> Iterator[Floats]:
        """The weights in blocks of (some parts, n): 0 on the films of one part of the patients, 1 on all others."""
        of_film = self.parts[self.group]  # (n,)
        parts, at_once = int(of_film.max()) + 1, max(1, _BLOCK // len(self.group))
        for start in range(0, parts, at_once):
            yield (np.arange(start, min(start + at_once, parts))[:, None] != of_film).astype(np.float64)

    def _times(self, generator: np.random.Generator, draws: int) -> Floats:
        """(draws, G) how often each patient was drawn."""
        times = np.zeros((draws, len(self.stratum)))
        for stratum in np.unique(self.stratum):
            members = np.flatnonzero(self.stratum == stratum)
            drawn = generator.integers(0, len(members), (draws, len(members)))
            flat = (drawn + len(members) * np.arange(draws)[:, None]).ravel()
            times[:, members] = np.bincount(flat, minlength=draws * len(members)).reshape(draws, -1)
        return times


def require_draws(draws: int, seed: int) -> None:
    """Refuse a bootstrap without draws, or a seed that no generator takes.

    Raises:
        HilumError: either.
    """
    if draws < 1 or seed < 0:
        raise HilumError(
            f"Got {draws} draws and the seed {seed} for the bootstrap.",
            expected="1 draw or more and a seed of 0 or more",
            do=f"The usual is {DRAWS} draws with the seed 0.",
        )


def resample_patients(
    group: ArrayLike, is_pneumonia: ArrayLike, draws: int = DRAWS, seed: int = 0, unit: str = "patients"
) -> Resampling:
    """The bootstrap for films in groups; by class where no patient has films of both, else all patients together.

    Args:
        group: (n,) whole number for each film's patient; where identical files join patients, for the joined group.
        is_pneumonia: (n,) bool.
        draws: how many samples.
        seed: fixes the samples.
        unit: what a group is, in words.

    Raises:
        HilumError: no films, lengths that differ, or no draw.

    >>> resample_patients([7, 7, 9], [True, True, False]).stratum.tolist()
    [0, 1]
    """
    groups, truth = require_films(group, is_pneumonia)
    require_draws(draws, seed)
    _, number = np.unique(groups, return_inverse=True)
    has_normal = np.bincount(number, weights=~truth) > 0
    has_pneumonia = np.bincount(number, weights=truth) > 0
    is_mixed = bool((has_normal & has_pneumonia).any())
    stratum = np.zeros(len(has_normal), dtype=np.intp) if is_mixed else has_normal.astype(np.intp)
    return Resampling(number.astype(np.intp), stratum, draws, seed, unit)
