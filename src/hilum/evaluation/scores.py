"""From predictions to figures with intervals."""

from __future__ import annotations

from functools import partial
from itertools import islice

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hilum.evaluation.decision import Decision
from hilum.evaluation.figures import (
    Count,
    Counts,
    Point,
    PointFigures,
    PredictiveValues,
    Scores,
    SubtypeSensitivity,
)
from hilum.evaluation.predictions import PredictionTable
from hilum.metrics import (
    Resampling,
    Statistic,
    auprc,
    auroc,
    auroc_over_patients,
    brier,
    count_outcomes,
    estimate,
    expected_calibration_error,
    resample_patients,
)
from hilum.metrics.arrays import Booleans


def resample(predictions: PredictionTable, draws: int, seed: int, group: NDArray[np.int64] | None = None) -> Resampling:
    """The bootstrap over the patients of these predictions; patients who share an identical file stay together.

    Args:
        group: (n,) of each row, where the rows are no longer all films of their patients.
    """
    if group is None:
        group = predictions.films.resampling_groups()
    return resample_patients(group, predictions.is_pneumonia, draws, seed, unit_of(group, predictions.patient))


def unit_of(group: ArrayLike, patient: ArrayLike) -> str:
    """What the groups (n,) of films by these patients (n,) are, in words."""
    is_joined = len(np.unique(group)) < len(np.unique(patient))
    return "patients (those with an identical film joined)" if is_joined else "patients"


def score(predictions: PredictionTable, resampling: Resampling) -> Scores:
    """AUROC, AUPRC, Brier and ECE with intervals; the order is judged on calibrated logits, which do not saturate."""
    truth = predictions.is_pneumonia
    no_class = "films of one class only"
    return Scores(
        *estimate(
            [
                Statistic(
                    partial(auroc, predictions.calibrated_logit, truth),
                    no_class,
                    auroc_over_patients(resampling, predictions.calibrated_logit, truth),
                ),
                Statistic(partial(auprc, predictions.calibrated_logit, truth), "no film with pneumonia"),
                Statistic(partial(brier, predictions.probability, truth)),
                Statistic(
                    partial(expected_calibration_error, predictions.probability, truth),
                    is_moved=True,
                ),
            ],
            resampling,
        )
    )


def figures_at(
    point: Point, predictions: PredictionTable, resampling: Resampling, prevalences: tuple[float, ...]
) -> PointFigures:
    """All figures at one operating point; `prevalences` are followed by that of the films themselves."""
    truth, called = predictions.is_pneumonia, predictions.probability >= point.threshold
    decision, kinds = Decision(called, truth, resampling), subtypes_of(predictions)
    stated = (*prevalences, float(truth.mean()))
    # One call for all of them, so that the patients are drawn once.
    found = iter(
        estimate(
            [
                *decision.proportions(),
                *(one for prevalence in stated for one in decision.predictive_values(prevalence)),
                *(Decision(called, rows, resampling).proportions()[0] for _, rows in kinds),
            ],
            resampling,
        )
    )
    sensitivity, specificity, precision, f1, balanced_accuracy, accuracy = islice(found, 6)
    return PointFigures(
        at=point,
        counts=_counts(called, truth),
        sensitivity=sensitivity,
        specificity=specificity,
        precision=precision,
        f1=f1,
        balanced_accuracy=balanced_accuracy,
        accuracy=accuracy,
        predictive_values=tuple(PredictiveValues(prevalence, next(found), next(found)) for prevalence in stated),
        subtypes=tuple(SubtypeSensitivity(name, count_of(predictions, rows), next(found)) for name, rows in kinds),
    )


def subtypes_of(predictions: PredictionTable) -> tuple[tuple[str, Booleans], ...]:
    """The kinds of pneumonia in the films with the rows (n,) of each, by name."""
    truth, subtype = predictions.is_pneumonia, predictions.subtype
    names = sorted(set(subtype[truth].tolist()) - {""})
    return tuple((name, truth & (subtype == name)) for name in names)


def count_of(predictions: PredictionTable, rows: Booleans) -> Count:
    """How many films and patients the rows (n,) hold."""
    return Count(int(rows.sum()), len(np.unique(predictions.patient[rows])))


def _counts(called: Booleans, truth: Booleans) -> Counts:
    counts = count_outcomes(called, truth)
    return Counts(
        int(counts.true_positives), int(counts.false_negatives), int(counts.false_positives), int(counts.true_negatives)
    )
