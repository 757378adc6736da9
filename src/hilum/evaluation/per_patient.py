"""The same figures with patients in place of films: a patient has one logit, the mean of those of the films."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hilum.evaluation.figures import Count, Point, PointFigures, Scores
from hilum.evaluation.predictions import PredictionTable
from hilum.evaluation.scores import count_of, figures_at, resample, score
from hilum.metrics import probability_of


@dataclass(frozen=True, slots=True)
class PerPatient:
    """Figures over patients; one with films of both classes counts once in each."""

    count: Count
    scores: Scores
    points: tuple[PointFigures, ...]


def judge_patients(predictions: PredictionTable, points: tuple[Point, ...], draws: int, seed: int) -> PerPatient:
    """Scores and figures at each operating point over patients.

    The thresholds are those of films: they were chosen on films, and a mean of logits is less spread than each.
    """
    patients, first = _patients(predictions)
    resampling = resample(patients, draws, seed, predictions.films.resampling_groups()[first])
    return PerPatient(
        count=count_of(patients, np.ones(len(patients.logit), dtype=bool)),
        scores=score(patients, resampling),
        points=tuple(figures_at(point, patients, resampling, ()) for point in points),
    )


def _patients(predictions: PredictionTable) -> tuple[PredictionTable, NDArray[np.intp]]:
    """One row for each patient and class, with the mean logits and the first of the films, and where that stands."""
    keys = np.array([f"{film.patient}\t{film.label}" for film in predictions.films.films])
    _, first, number, films = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
    logit, calibrated = (
        np.bincount(number, weights=values) / films for values in (predictions.logit, predictions.calibrated_logit)
    )
    return PredictionTable(predictions.films.select(first), logit, calibrated, probability_of(calibrated)), first
