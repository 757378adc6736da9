"""Deletion and insertion over several films: a method against maps that know nothing of the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from hilum.attribution.controls import centre_blob, moved_at_random
from hilum.attribution.curves import SHARES, Answer, film_curves
from hilum.attribution.evidence import EvidenceMap, Squares
from hilum.explaining.faithfulness import (
    ALL_FILMS,
    ANSWERED_NORMAL,
    ANSWERED_PNEUMONIA,
    CENTRE_BLOB,
    RANDOM,
    Curves,
    Gain,
)
from hilum.metrics import Estimate, Statistic, estimate, resample_patients
from hilum.metrics.arrays import Booleans, Floats
from hilum.progress import Progress, Silent

CERTAIN: Final = 0.9
"""Mean probability of a class from which on films with nothing to see are said to be answered with it."""

RANDOM_MAPS: Final = 3
"""Of each film; its random curves are their means."""


@dataclass(frozen=True, slots=True, eq=False)
class AskedFilms:
    """Films that a model is asked about, no two of one patient.

    Args:
        squares: (n, side, side) uint8.
        answer: gives the calibrated probability of pneumonia.
        probability: (n,) on the films as they are.
        truth: (n,) bool, pneumonia; the bootstrap draws classes of two or more films apart.
        seed: of random maps and of the bootstrap.
    """

    squares: Squares
    answer: Answer
    probability: Floats
    truth: Booleans
    seed: int = 0

    @classmethod
    def of(cls, squares: Squares, answer: Answer, truth: Booleans, seed: int = 0) -> AskedFilms:
        """The films with what the model answers for them as they are."""
        return cls(squares, answer, answer(squares), truth, seed)

    @property
    def is_pneumonia(self) -> Booleans:
        """(n,) the answer: the class with the larger calibrated probability, pneumonia where both are equal."""
        return self.probability >= 0.5

    def groups(self) -> tuple[tuple[str, Booleans], ...]:
        """All films, then those of each answer that was given."""
        everything = np.ones(len(self.squares), dtype=bool)
        groups = ((ANSWERED_PNEUMONIA, self.is_pneumonia), (ANSWERED_NORMAL, ~self.is_pneumonia))
        return ((ALL_FILMS, everything), *((name, rows) for name, rows in groups if rows.any()))

    def subset(self, rows: npt.NDArray[np.intp]) -> AskedFilms:
        """Some of the films."""
        return AskedFilms(self.squares[rows], self.answer, self.probability[rows], self.truth[rows], self.seed)


def means_over_patients(columns: Sequence[Floats], films: AskedFilms, rows: Booleans | None = None) -> list[Estimate]:
    """The mean of each column (n,) over films with its interval over patients; films without a value are left out.

    Args:
        rows: (n,) bool, the films that count; all if not given.
    """
    kept = np.ones(len(films.truth), dtype=bool) if rows is None else rows
    # A class of one film would be a stratum without spread, and no figure had an interval. Films of one answer are
    # drawn together too: a single film that was answered wrongly would be such a class.
    has_classes = kept.all() and films.truth.sum() >= 2 and (~films.truth).sum() >= 2
    stratum = films.truth[kept] if has_classes else np.ones(int(kept.sum()), dtype=bool)
    resampling = resample_patients(np.arange(len(stratum)), stratum, seed=films.seed)
    return list(estimate([Statistic(_mean_of(column[kept])) for column in columns], resampling))


def _mean_of(values: Floats) -> Callable[[Floats], Floats]:
    known = ~np.isnan(values)
    filled = np.where(known, values, 0.0)

    def mean(weights: Floats) -> Floats:
        with np.errstate(invalid="ignore"):
            found: Floats = (weights @ filled) / (weights @ known.astype(np.float64))
        return found

    return mean


def blob_curves(films: AskedFilms, progress: Progress = Silent()) -> Floats:
    """(n, 2, k) deletion and insertion with a blob in the centre, the same for every method."""
    return curves_of(films, [centre_blob(films.squares.shape[1])] * len(films.squares), "Centre blob", progress)


def map_curves(films: AskedFilms, maps: Sequence[EvidenceMap], name: str, progress: Progress = Silent()) -> Floats:
    """(n, 2, k) deletion and insertion with maps for pneumonia, (h, w) each."""
    return curves_of(films, towards_answer(films, maps), f"Curves of {name}", progress)


def random_curves(films: AskedFilms, maps: Sequence[EvidenceMap], progress: Progress = Silent()) -> Floats:
    """(n, 2, k) the same with the maps turned and moved at random; mean of `RANDOM_MAPS` of each film."""
    generator = np.random.default_rng(films.seed)
    towards = towards_answer(films, maps)
    draws = [
        curves_of(films, [moved_at_random(one, generator) for one in towards], "Random maps", progress)
        for _ in range(RANDOM_MAPS)
    ]
    return np.asarray(np.mean(draws, axis=0))


def towards_answer(films: AskedFilms, maps: Sequence[EvidenceMap]) -> list[EvidenceMap]:
    """Maps of evidence for the class that was answered; with one logit that for normal is the negative."""
    return [one if sick else -one for one, sick in zip(maps, films.is_pneumonia, strict=True)]


def curves_of(films: AskedFilms, towards: Sequence[EvidenceMap], label: str, progress: Progress) -> Floats:
    """(n, 2, k) deletion and insertion of each film, its most telling places first.

    Args:
        towards: (h, w) each, evidence for the class that was answered.
        label: of the bar.
    """
    found = np.empty((len(films.squares), 2, len(SHARES)))
    asked = zip(films.squares, towards, films.is_pneumonia, strict=True)
    with progress.bar(label, len(films.squares)) as bar:
        for row, (square, evidence, sick) in enumerate(asked):
            curves = film_curves(films.answer, square, evidence, bool(sick), seed=films.seed + row)
            found[row] = curves.deletion, curves.insertion
            bar.advance()
    return found


def areas(curves: Floats) -> Floats:
    """(2, n) areas under the deletion and the insertion curve of each film, of (n, 2, k)."""
    return np.asarray(np.trapezoid(curves, SHARES, axis=2)).T


def emptied_notes(curves: Floats, films: AskedFilms) -> tuple[str, ...]:
    """What must be said where films with nothing left to see are answered with one class nearly for certain.

    The answer is then the same whatever is covered, and the curves of films with that answer can show little.

    Args:
        curves: (n, 2, k) of any order: all deletions end, and all insertions begin, with the same films.
    """
    notes = []
    for name, curve, step, which in (
        ("deletion", 0, -1, "films covered in full"),
        ("insertion", 1, 0, "blurred films"),
    ):
        answered = curves[:, curve, step]
        pneumonia = float(np.where(films.is_pneumonia, answered, 1 - answered).mean())
        if max(pneumonia, 1 - pneumonia) >= CERTAIN:
            said, share = ("pneumonia", pneumonia) if pneumonia >= 0.5 else ("normal", 1 - pneumonia)
            notes.append(f"{which} are called {said} ({share:.2f}), so {name} says little of films answered {said}")
    return tuple(notes)


def curves_record(order: str, curves: Floats, films: AskedFilms) -> Curves:
    """The mean curves of one order with the areas under them."""
    deletion_area, insertion_area = means_over_patients(list(areas(curves)), films)
    deletion, insertion = (tuple(float(value) for value in one) for one in curves.mean(axis=0))
    return Curves(order, SHARES, deletion, insertion, deletion_area, insertion_area)


def gains(own: Floats, random: Floats, blob: Floats, films: AskedFilms) -> tuple[Gain, ...]:
    """By how much a method is better than each control, over all films and over those of each answer."""
    found = []
    for control, curves in ((RANDOM, random), (CENTRE_BLOB, blob)):
        # A low area is good in deletion and a high one in insertion; a gain is good in both.
        columns = list((areas(own) - areas(curves)) * np.array([[-1.0], [1.0]]))
        for name, rows in films.groups():
            deletion, insertion = means_over_patients(columns, films, rows)
            found.append(Gain(control, name, int(rows.sum()), deletion, insertion))
    return tuple(found)
