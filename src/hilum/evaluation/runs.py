"""Judged runs: what `hilum evaluate` wrote, read again, so that models can be compared without another look."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from hilum.datasets.catalogue import LABELS
from hilum.errors import HilumError, nearest
from hilum.evaluation.figures import PointFigures
from hilum.evaluation.record import Evaluation, read_evaluation
from hilum.files import explained, printable, read_text
from hilum.metrics import auroc
from hilum.metrics.arrays import Booleans, Floats

EVALUATION: Final = "evaluation.json"
PREDICTIONS: Final = "predictions.csv"
_COLUMNS: Final = ("path", "patient", "label", "logit", "probability")
_NEAR: Final = 1e-9


@dataclass(frozen=True, slots=True)
class JudgedFilm:
    """A film of a prediction table, as it is written there; the same film has the same words in every table."""

    path: str
    patient: str
    label: str


@dataclass(frozen=True, slots=True, eq=False)
class JudgedRun:
    """A model's evaluation with what it said about each film.

    Args:
        folder: as the user named it.
        name: of the model, or what tells it from others of its name.
        evaluation: its figures.
        films: the judged films, in the order of the table.
        group: (n,) str, the patient of each film, or patients joined by an identical file.
        score: (n,) ranks the films as the calibrated probability does, and never saturates.
        probability: (n,) calibrated probability of pneumonia.
    """

    folder: Path
    name: str
    evaluation: Evaluation
    films: tuple[JudgedFilm, ...]
    group: np.ndarray
    score: Floats
    probability: Floats

    @property
    def is_pneumonia(self) -> Booleans:
        """(n,) the truth."""
        return np.array([film.label == LABELS[0] for film in self.films], dtype=bool)

    def at(self, point: str) -> PointFigures:
        """The figures at an operating point.

        Raises:
            HilumError: the model has none of this name.
        """
        named = {one.at.name: one for one in self.evaluation.points}
        if point not in named:
            raise HilumError(
                f"'{self.name}' has no operating point '{point}'.",
                expected="one that every run has",
                do=nearest(point, list(named)),
            )
        return named[point]

    def called(self, point: str) -> Booleans:
        """(n,) the films called pneumonia at an operating point."""
        return np.asarray(self.probability >= self.at(point).at.threshold)


def read_run(folder: Path) -> JudgedRun:
    """What `hilum evaluate` wrote into a folder, or into the folder evaluation/ of a row of `hilum reproduce`.

    Raises:
        HilumError: there is no evaluation, its table is damaged, or table and figures are not of one evaluation.
    """
    place = _place(Path(folder))
    evaluation = read_evaluation(place / EVALUATION)
    run = _with_films(JudgedRun(Path(folder), evaluation.model.name, evaluation, (), *(np.empty(0),) * 3), place)
    _require_one_evaluation(run, place)
    return run


def read_runs(folders: Sequence[Path]) -> tuple[JudgedRun, ...]:
    """Several runs that judged the same films, in the order of the first's table; each under a name of its own.

    Raises:
        HilumError: as `read_run`; also fewer than two, one model twice, or films that differ.
    """
    if len(folders) < 2:
        raise HilumError(
            f"Got {len(folders)} run to compare." if folders else "Got no run to compare.",
            expected="two runs or more",
            do="Name the folders that `hilum evaluate` wrote.",
        )
    runs = [read_run(folder) for folder in folders]
    _require_different_models(runs)
    return tuple(_named([runs[0], *(_aligned(run, runs[0]) for run in runs[1:])]))


def _place(folder: Path) -> Path:
    with explained(folder, "read"):
        folder.stat()
        for place in (folder, folder / "evaluation"):
            if (place / EVALUATION).exists() and (place / PREDICTIONS).exists():
                return place
    raise HilumError(
        f"'{printable(folder)}' holds no evaluation.",
        expected=f"a folder with {EVALUATION} and {PREDICTIONS}",
        do="Judge the model first: hilum evaluate MODEL DATA --output FOLDER",
    )


def _with_films(run: JudgedRun, place: Path) -> JudgedRun:
    """The run with its prediction table."""
    table = csv.DictReader(io.StringIO(read_text(place / PREDICTIONS)))
    if missing := [name for name in _COLUMNS if name not in (table.fieldnames or ())]:
        raise _damaged(place, f"has no column '{missing[0]}'")
    rows = list(table)
    films = tuple(JudgedFilm(row["path"], row["patient"], row["label"]) for row in rows)
    if not films:
        raise _damaged(place, "holds no film")
    for film in films:
        if film.label not in LABELS or not film.path or not film.patient:
            raise _damaged(
                place, f"has the film '{film.path}' of patient '{film.patient}' with the label '{film.label}'"
            )
    if len({film.path for film in films}) < len(films):
        raise _damaged(place, "names a film twice")
    logit, probability = (_numbers([row[name] for row in rows], name, place) for name in ("logit", "probability"))
    # A calibration with a falling slope turns the order round; the logit alone would hide that.
    direction = np.sign((logit - logit.mean()) @ (probability - probability.mean()))
    group = np.array([row.get("group") or row["patient"] for row in rows], dtype=str)
    return replace(run, films=films, group=group, score=direction * logit, probability=probability)


def _numbers(cells: Sequence[str | None], column: str, place: Path) -> Floats:
    values = np.empty(len(cells))
    for row, cell in enumerate(cells):
        try:
            values[row] = float(cell or "")
        except ValueError:
            values[row] = math.nan
        if not math.isfinite(values[row]):
            raise _damaged(place, f"has '{cell}' as the {column} of film {row + 1}")
    return values


def _damaged(place: Path, what: str) -> HilumError:
    return HilumError(
        f"'{printable(place / PREDICTIONS)}' {printable(what)}.",
        expected="the table that `hilum evaluate` wrote",
        do="Evaluate again.",
    )


def _require_one_evaluation(run: JudgedRun, place: Path) -> None:
    """The table must give the figures that stand beside it."""
    stated, found = run.evaluation.scores.auroc.value, float(auroc(run.score, run.is_pneumonia))
    is_other = len(run.films) != run.evaluation.films.every.films
    if is_other or (stated is not None and not abs(stated - found) < _NEAR):
        raise HilumError(
            f"In '{printable(place)}' the table of {len(run.films):,} films with an AUROC of {found:.4f} is not "
            "that of the evaluation beside it.",
            expected="two files of one evaluation",
            do="Evaluate again.",
        )


def _require_different_models(runs: Sequence[JudgedRun]) -> None:
    first: dict[str, JudgedRun] = {}
    for run in runs:
        other = first.setdefault(run.evaluation.model.model_hash, run)
        if other is not run:
            raise HilumError(
                f"'{printable(other.folder)}' and '{printable(run.folder)}' are of the same model.",
                expected="models that differ",
                do="Leave one of them out.",
            )


def _aligned(run: JudgedRun, first: JudgedRun) -> JudgedRun:
    """The run with its films in the order of the first's."""
    row_of = {film: row for row, film in enumerate(run.films)}
    if missing := [film for film in first.films if film not in row_of]:
        raise _other_films(first, run, missing[0], len(missing))
    if len(run.films) > len(first.films):
        known = set(first.films)
        more = [film for film in run.films if film not in known]
        raise _other_films(run, first, more[0], len(more))
    order = np.array([row_of[film] for film in first.films])
    return replace(
        run, films=first.films, group=first.group, score=run.score[order], probability=run.probability[order]
    )


def _other_films(one: JudgedRun, other: JudgedRun, film: JudgedFilm, count: int) -> HilumError:
    return HilumError(
        f"{count:,} of {len(one.films):,} films of '{printable(one.folder)}' are not among those of "
        f"'{printable(other.folder)}' with the same patient and label, such as '{film.path}'.",
        expected="runs that were judged on the same films",
        do="Evaluate both on the same part of the same data.",
    )


def _named(runs: Sequence[JudgedRun]) -> list[JudgedRun]:
    """The runs under the first of these that tells them apart: model, model and seed, folder."""
    for name_of in (
        lambda run: run.evaluation.model.name,
        lambda run: f"{run.evaluation.model.name}, seed {run.evaluation.model.seed}",
        lambda run: printable(run.folder),
    ):
        names = [name_of(run) for run in runs]
        if len(set(names)) == len(names):
            break
    return [replace(run, name=name) for run, name in zip(runs, names, strict=True)]
