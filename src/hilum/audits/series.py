"""Specificity by file series: normal films may come from several sources, which a model need not treat alike."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hilum.audits.numbering import place_of
from hilum.datasets.catalogue import FilmRecord
from hilum.errors import HilumError
from hilum.evaluation import Count, Evaluation, read_evaluation
from hilum.files import printable, read_text
from hilum.metrics import Estimate, clustered_wilson
from hilum.metrics.arrays import Booleans, Floats


@dataclass(frozen=True, slots=True)
class SeriesSpecificity:
    """The specificity among the normal films of one series.

    Args:
        series: "IM", "NORMAL2-IM", ...; "" where the names begin with a number.
        normal: films and patients.
        specificity: at the evaluation's first operating point.
    """

    series: str
    normal: Count
    specificity: Estimate


@dataclass(frozen=True, slots=True)
class SeriesResult:
    """What one evaluation says about each series.

    Args:
        model: its name.
        model_hash: of its folder.
        data_name: of the films.
        part: that was evaluated.
        operating_point: by name.
        threshold: on the calibrated probability.
        by_series: the series with the most films first.
        verdict: a line.
    """

    model: str
    model_hash: str
    data_name: str
    part: str
    operating_point: str
    threshold: float
    by_series: tuple[SeriesSpecificity, ...]
    verdict: str


def specificity_by_series(folder: Path) -> SeriesResult:
    """Read what `hilum evaluate` wrote and divide its normal films by the series of their names; no film is looked at.

    Args:
        folder: with evaluation.json and predictions.csv.

    Raises:
        HilumError: there is no evaluation in the folder, its two files disagree, or it judged no normal film.
    """
    evaluation = read_evaluation(folder / "evaluation.json")
    films, probability = _normal_films(folder / "predictions.csv", evaluation)
    point = evaluation.primary
    is_cleared = probability < point.at.threshold
    series = np.array([place_of(film).series for film in films], dtype=str)
    patient = np.array([film.patient for film in films], dtype=str)
    found = [_of_series(name, series == name, patient, is_cleared) for name in np.unique(series).tolist()]
    found.sort(key=lambda one: -one.normal.films)
    return SeriesResult(
        model=evaluation.model.name,
        model_hash=evaluation.model.model_hash,
        data_name=evaluation.films.data_name,
        part=evaluation.films.part,
        operating_point=point.at.name,
        threshold=point.at.threshold,
        by_series=tuple(found),
        verdict=_verdict(found),
    )


def _of_series(name: str, rows: Booleans, patient: np.ndarray, is_cleared: Booleans) -> SeriesSpecificity:
    group, cleared = np.unique(patient[rows], return_inverse=True)[1], is_cleared[rows]
    ends = clustered_wilson(cleared, group)
    specificity = Estimate(float(cleared.mean()), ends.low, ends.high, ends.method)
    return SeriesSpecificity(name, Count(len(cleared), int(group.max()) + 1), specificity)


def _verdict(found: list[SeriesSpecificity]) -> str:
    if len(found) < 2:
        return "the normal films are of one series"
    known = [
        (one.specificity.low, one.specificity.high)
        for one in found
        if one.specificity.low is not None and one.specificity.high is not None
    ]
    is_apart = bool(known) and max(low for low, _ in known) > min(high for _, high in known)
    if is_apart:
        return "the specificity depends on the series: their intervals lie apart"
    return "no difference between the series that these films could show"


def _normal_films(path: Path, evaluation: Evaluation) -> tuple[list[FilmRecord], Floats]:
    """The normal films of a table of predictions, and their probabilities (n,)."""
    text = read_text(path)
    try:
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        normal = [(_film(row), float(row["probability"])) for row in rows if row["label"] == "normal"]
    except (csv.Error, KeyError, TypeError, ValueError) as error:
        raise _unfit(path, "is not the table of predictions that hilum evaluate writes") from error
    if len(rows) != evaluation.films.every.films:
        raise _unfit(path, f"has {len(rows)} films, its evaluation.json {evaluation.films.every.films}")
    if not normal:
        raise _unfit(path, "holds no normal film")
    return [film for film, _ in normal], np.array([probability for _, probability in normal])


def _film(row: dict[str, str]) -> FilmRecord:
    return FilmRecord(row["path"], row["label"], row["subtype"], row["patient"], "")


def _unfit(path: Path, happened: str) -> HilumError:
    return HilumError(
        f"'{printable(path)}' {happened}.",
        expected="evaluation.json and predictions.csv of one evaluation",
        do="Evaluate the model again, or name another folder with --evaluation.",
    )
