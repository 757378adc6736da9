"""The figures with patients in place of films."""

from __future__ import annotations

import numpy as np
import pytest

from hilum.evaluation.figures import Point
from hilum.evaluation.per_patient import judge_patients
from stand_ins import film, prediction_table, reference_evaluation, reference_predictions


def test_patient_has_the_mean_logit_and_counts_once_in_each_class() -> None:
    films = [
        film("test/a1.png", "a"),
        film("test/a2.png", "a"),
        film("test/b1.png", "b"),
        film("test/b2.png", "b", "normal"),
        film("test/c.png", "c", "normal"),
    ]
    logit = np.array([2.0, -1.0, 3.0, -3.0, 1.0])  # a: 0.5, found; b: both right; c: a false alarm
    found = judge_patients(prediction_table(films, 1 / (1 + np.exp(-logit))), (Point("0.5", 0.5, "", None),), 20, 0)
    assert (found.count.films, found.count.patients) == (4, 3)
    assert (found.points[0].sensitivity.value, found.points[0].specificity.value) == (1.0, 0.5)
    assert found.scores.auroc.value == pytest.approx(3 / 4)


def test_where_every_patient_has_one_film_nothing_changes() -> None:
    predictions = reference_predictions()
    _, first = np.unique(predictions.patient, return_index=True)
    singles = prediction_table([predictions.films.films[row] for row in first], predictions.probability[first])
    found = judge_patients(singles, (Point("0.5", 0.5, "", None),), 20, 0)
    called = singles.probability >= 0.5
    assert found.points[0].sensitivity.value == pytest.approx(called[singles.is_pneumonia].mean())


def test_reference_model_has_its_figures_over_patients() -> None:
    found = reference_evaluation().per_patient
    assert found is not None and found.count.patients == 428
