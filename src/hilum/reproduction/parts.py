"""How a model does on the films it learned from: the gap between training and validation."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from hilum.datasets import Catalogue, split_films
from hilum.datasets.draws import Group, shuffled
from hilum.evaluation import Evaluation, Point, PredictionTable, predict_films
from hilum.evaluation.scores import figures_at, resample, score
from hilum.files import explained
from hilum.metrics import DRAWS, Estimate
from hilum.progress import Progress, Silent
from hilum.reproduction.record import Example, PartFigures
from hilum.runtime import Predictor

_ONE_HALF: Final = Point(name="0.5", threshold=0.5, goal="the fixed threshold 0.5", choice=None)


def part_figures(
    predictor: Predictor,
    catalogue: Catalogue,
    directory: Path,
    parts: Sequence[str] = ("fit", "select"),
    draws: int = DRAWS,
    progress: Progress = Silent(),
) -> tuple[PartFigures, ...]:
    """Error at 0.5 and AUROC on parts of the films that made the model, through its exported graph.

    No test film is opened: these are development films, which the model has met.

    Args:
        predictor: the opened model folder.
        catalogue: that it was trained on; films with a problem are left out, as they were.
        directory: where the pixel cache lies.
        parts: "fit", "select" or "calibrate".
        draws: of the bootstrap.
        progress: where the bar is shown.
    """
    films, manifest = catalogue.usable, predictor.manifest
    training, block = manifest.training, str(manifest.recipe.get("block", ""))
    split = split_films(films, training.protocol, seed=training.seed, fold=training.fold, block=block)
    rows = split.development_rows  # as training had them, so that the pixel cache is the same
    predictions = predict_films(predictor, films.select(rows), directory / "pixels", progress)
    served = np.array(split.parts, dtype=str)[rows]
    return tuple(_figures(part, _those(predictions, served == part), draws) for part in parts)


def error_of(accuracy: Estimate) -> Estimate:
    """The error rate: 1 minus the accuracy, interval and all.

    >>> error_of(Estimate(0.95, 0.93, 0.96, "bootstrap")).text()
    '0.050 [0.040, 0.070]'
    """
    value, low, high = (None if end is None else 1 - end for end in (accuracy.value, accuracy.high, accuracy.low))
    return Estimate(value, low, high, accuracy.method)


def error_at_one_half(evaluation: Evaluation) -> Estimate:
    """Share of the judged films that are called wrongly at a calibrated probability of 0.5."""
    point = next(point for point in evaluation.points if point.at.name == _ONE_HALF.name)
    return error_of(point.accuracy)


def held_out_figures(evaluation: Evaluation) -> PartFigures:
    """The figures of an evaluation in the form of a part's."""
    films = evaluation.films
    return PartFigures(films.part, films.every.films, error_at_one_half(evaluation), evaluation.scores.auroc)


def three_examples(predictions: Path, seed: int = 0) -> tuple[Example, ...]:
    """Three held-out films with their probabilities from a table of `hilum evaluate`: one of each kind, drawn by seed.

    Args:
        predictions: predictions.csv.
        seed: of the draw.
    """
    with explained(predictions, "read"), predictions.open(encoding="utf-8", newline="") as file:
        rows = {row["path"]: row for row in csv.DictReader(file)}
    groups = [Group(path, row["label"], row["subtype"], ()) for path, row in rows.items()]
    first: dict[str, str] = {}
    for group in shuffled(groups, seed, "examples"):
        first.setdefault(group.subtype or group.label, group.name)
    chosen = [rows[path] for _, path in sorted(first.items())][:3]
    return tuple(Example(row["path"], row["label"], float(row["probability"])) for row in chosen)


def _those(predictions: PredictionTable, rows: np.ndarray) -> PredictionTable:
    return PredictionTable(
        predictions.films.select(np.flatnonzero(rows)),
        predictions.logit[rows],
        predictions.calibrated_logit[rows],
        predictions.probability[rows],
    )


def _figures(part: str, predictions: PredictionTable, draws: int) -> PartFigures:
    resampling = resample(predictions, draws, seed=0)
    error = error_of(figures_at(_ONE_HALF, predictions, resampling, ()).accuracy)
    return PartFigures(part, len(predictions.films.films), error, score(predictions, resampling).auroc)
