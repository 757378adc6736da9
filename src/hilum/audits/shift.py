"""The shift audit: are the films of an evaluation set like those that a model learns from?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from hilum.audits.blocks import contiguous_blocks
from hilum.audits.columns import Columns, beside
from hilum.audits.distances import describe, distances
from hilum.audits.features import Seen, principal_components, see_films
from hilum.audits.file_traits import Header, file_columns, headers_of
from hilum.audits.low_level import low_level_columns
from hilum.audits.numbering import place_of
from hilum.audits.outline import SIDE_PX, mean_square
from hilum.audits.probes import FEWEST_PATIENTS, FOLDS, Question, auroc_of, most_telling, out_of_fold
from hilum.audits.shift_record import DistanceResult, DomainResult, SeriesCount
from hilum.audits.shortcuts import question_of
from hilum.audits.verdicts import shift_verdict
from hilum.datasets.catalogue import LABELS, Catalogue, FilmRecord
from hilum.datasets.pixels import open_pixels
from hilum.evaluation import Count
from hilum.metrics import auroc
from hilum.modelfolder import Training, salted_film_hash
from hilum.progress import Progress, Silent, track
from hilum.runtime import Predictor

FEATURES: Final = "model features"
LOW_LEVEL: Final = "grey levels"
FILES: Final = "file traits"
REFERENCE: Final = "train"


@dataclass(frozen=True, slots=True)
class FilmSet:
    """Films of one set.

    Args:
        name: that the report calls it by.
        films: usable films.
        directory: where their pixel cache lies.
    """

    name: str
    films: Catalogue
    directory: Path


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """The films of all sets, the reference first, with everything that is compared.

    Args:
        films: of all sets; patients of other data carry that data's name.
        of_set: (n,) str, the set of each film.
        views: by name.
        seen: by the model, or None.
        squares: (n, 128, 128) uint8, each set's own.
    """

    films: Catalogue
    of_set: np.ndarray
    views: Mapping[str, Columns]
    seen: Seen | None
    squares: tuple[np.ndarray, ...]

    @property
    def evaluation_sets(self) -> tuple[str, ...]:
        """Their names, in order."""
        return tuple(dict.fromkeys(name for name in self.of_set.tolist() if name != REFERENCE))

    def rows(self, of_set: str, label: str = "") -> np.ndarray:
        """(k,) int: the films of a set, of one class where it is named."""
        labels = np.array([film.label for film in self.films.films], dtype=str)
        return np.flatnonzero((self.of_set == of_set) & ((labels == label) | (label == "")))

    def mean_films(self) -> dict[str, tuple[np.ndarray, ...]]:
        """By set: (128, 128) uint8 each, the mean film of each class that it has, pneumonia first."""
        names = (REFERENCE, *self.evaluation_sets)
        first_of = dict(zip(names, np.cumsum([0, *map(len, self.squares)]), strict=False))
        return {
            name: tuple(
                mean_square(squares, self.rows(name, label) - first_of[name])
                for label in LABELS
                if len(self.rows(name, label))
            )
            for name, squares in zip(names, self.squares, strict=True)
        }

    def count(self, rows: np.ndarray) -> Count:
        """Films and patients at `rows`."""
        return Count(len(rows), len({self.films.films[int(row)].patient for row in rows}))


def gather(sets: Sequence[FilmSet], predictor: Predictor | None, progress: Progress = Silent()) -> Gathered:
    """Read files, squares and features of all sets; the first is the reference.

    Args:
        sets: the training films, then the evaluation sets.
        predictor: whose features are compared; None leaves them out.
        progress: where the bars are shown.
    """
    headers, squares, seen = list[Header](), list[np.ndarray](), list[Seen]()
    for one in sets:
        headers += headers_of(one.films, progress)
        squares.append(open_pixels(one.films, SIDE_PX, "squash", one.directory / "pixels", progress))
        if predictor is not None:
            seen.append(see_films(predictor, one.films, one.directory / "pixels", progress))
    films = replace(sets[0].films, films=tuple(film for one in sets for film in _named_apart(one, sets[0])))
    files = file_columns(films, headers)
    low_level = [low_level_columns(of_set) for of_set in squares]
    views = {
        LOW_LEVEL: Columns(low_level[0].names, np.vstack([one.values for one in low_level])),
        FILES: beside(columns for name, columns in files.items() if name != "id block"),
    }
    joined = _joined(seen)
    if joined is not None:
        components = principal_components(joined.features)
        names = tuple(f"component {place + 1}" for place in range(components.shape[1]))
        views = {FEATURES: Columns(names, components), **views}
    of_set = np.repeat([one.name for one in sets], [len(one.films.films) for one in sets])
    return Gathered(films, of_set, views, joined, tuple(squares))


def compare_domains(found: Gathered, seed: int = 0, progress: Progress = Silent()) -> tuple[DomainResult, ...]:
    """Every evaluation set against the training films: by class, by view."""
    wanted = [(one, label, view) for one in found.evaluation_sets for view in found.views for label in LABELS]
    return tuple(_domain(found, *each, seed) for each in track(progress, wanted, "Domains", len(wanted)))


def compare_distances(found: Gathered, training: Training, seed: int = 0) -> tuple[DistanceResult, ...]:
    """Three distances from the fit films, by set and class; none where these are not the films of the model."""
    served = [salted_film_hash(training.salt, film.sha256) for film in found.films.films]
    fit, held = set(training.fit.films), {*training.select.films, *training.calibrate.films}
    is_fit, is_held = (np.array([one in part for one in served]) for part in (fit, held))
    if found.seen is None or is_fit.sum() < 2 or not is_held.any():
        return ()
    by_method = distances(describe(found.seen.features[is_fit]), found.seen)
    results = list[DistanceResult]()
    for name in found.evaluation_sets:
        for label in LABELS:
            there = found.rows(name, label)
            here = np.array([row for row in found.rows(REFERENCE, label) if is_held[row]], dtype=np.intp)
            rows = np.concatenate([there, here])
            question = question_of(found.films.select(rows), np.arange(len(rows)) < len(there), seed)
            if question.is_answerable():
                results += [
                    DistanceResult(name, label, method, auroc_of(far[rows], question))
                    for method, far in by_method.items()
                ]
    return tuple(results)


def count_series(found: Gathered) -> tuple[SeriesCount, ...]:
    """How many films of each series of names each set holds."""
    counts = list[SeriesCount]()
    for name in (REFERENCE, *found.evaluation_sets):
        for label in LABELS:
            rows = found.rows(name, label)
            series = np.array([place_of(found.films.films[row]).series.rpartition("/")[2] for row in rows], dtype=str)
            counts += [
                SeriesCount(name, label, one, found.count(rows[series == one])) for one in np.unique(series).tolist()
            ]
    return tuple(counts)


def _domain(found: Gathered, against: str, label: str, view: str, seed: int) -> DomainResult:
    there, here = found.rows(against, label), found.rows(REFERENCE, label)
    counts = found.count(there), found.count(here)
    rows = np.concatenate([there, here])
    question = question_of(found.films.select(rows), np.arange(len(rows)) < len(there), seed)
    if not question.is_answerable():
        words = f"not tried: fewer than {FEWEST_PATIENTS} patients"
        return DomainResult(against, label, view, *counts, None, (), (), words)
    columns = found.views[view].select(rows)
    varied = columns.varied
    if not varied.names:
        return DomainResult(against, label, view, *counts, None, (), (), "the same in every film")
    is_linear = view == FEATURES
    found_auroc = auroc_of(out_of_fold(varied, question, are_linear=is_linear).standing, question)
    share = len(there) / max(1, len(here))
    control = _control(found.films.select(here), found.views[view].select(here), share, is_linear, seed)
    telling = () if is_linear else most_telling(varied, question.is_first)
    return DomainResult(
        against, label, view, *counts, found_auroc, control, telling, shift_verdict(found_auroc, control)
    )


def _control(films: Catalogue, columns: Columns, share: float, is_linear: bool, seed: int) -> tuple[float, ...]:
    """The AUROC of each contiguous block of the training films against the others."""
    varied, aurocs = columns.varied, list[float]()
    for is_inside in contiguous_blocks(films, share):
        question = question_of(films, is_inside, seed)
        if question.is_answerable(FOLDS):
            aurocs.append(_domain_auroc(varied, question, is_linear) if varied.names else 0.5)
    return tuple(aurocs)


def _domain_auroc(columns: Columns, question: Question, is_linear: bool) -> float:
    return float(auroc(out_of_fold(columns, question, are_linear=is_linear).standing, question.is_first))


def _named_apart(one: FilmSet, reference: FilmSet) -> tuple[FilmRecord, ...]:
    """Patients of other data carry that data's name, because the same key there is somebody else."""
    if one.films.name == reference.films.name and one.films.root == reference.films.root:
        return one.films.films
    return tuple(replace(film, patient=f"{one.name}/{film.patient}") for film in one.films.films)


def _joined(seen: Sequence[Seen]) -> Seen | None:
    if not seen:
        return None
    return Seen(np.concatenate([one.features for one in seen]), np.concatenate([one.logit for one in seen]))
