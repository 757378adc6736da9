"""Figures of a full evaluation, recomputed with scikit-learn, by R and by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics as sklearn

from hilum.evaluation import Evaluation, PointFigures
from hilum.evaluation.figures import Point
from hilum.evaluation.scores import figures_at, resample, score
from hilum.metrics import clopper_pearson
from stand_ins import film, prediction_table, reference_evaluation, reference_predictions

STATISTICS = json.loads((Path(__file__).parents[1] / "reference" / "statistics.json").read_text(encoding="utf-8"))
ONE_HALF = Point("0.5", 0.5, "the fixed threshold 0.5", None)
both_models = pytest.mark.parametrize("model", ["fine_tuned", "frozen_linear"])


def _half(evaluation: Evaluation) -> PointFigures:
    return next(point for point in evaluation.points if point.at.name == "0.5")


@both_models
def test_figures_are_those_of_scikit_learn(model: str) -> None:
    evaluation, predictions = reference_evaluation(model), reference_predictions(model)
    truth, probability = predictions.is_pneumonia, predictions.probability
    called = probability >= 0.5
    half = _half(evaluation)
    recomputed = {
        evaluation.scores.auroc.value: sklearn.roc_auc_score(truth, probability),
        evaluation.scores.auprc.value: sklearn.average_precision_score(truth, probability),
        evaluation.scores.brier.value: sklearn.brier_score_loss(truth, probability),
        half.sensitivity.value: sklearn.recall_score(truth, called),
        half.specificity.value: sklearn.recall_score(truth, called, pos_label=False),
        half.precision.value: sklearn.precision_score(truth, called),
        half.f1.value: sklearn.f1_score(truth, called),
        half.balanced_accuracy.value: sklearn.balanced_accuracy_score(truth, called),
        half.accuracy.value: sklearn.accuracy_score(truth, called),
    }
    for ours, theirs in recomputed.items():
        assert ours == pytest.approx(theirs, abs=1e-12)


@both_models
def test_counts_are_those_of_r(model: str) -> None:
    counts, expected = _half(reference_evaluation(model)).counts, STATISTICS[model]
    assert (counts.true_positives, counts.false_negatives) == (expected["tp"], expected["fn"])
    assert (counts.false_positives, counts.true_negatives) == (expected["fp"], expected["tn"])


def test_subtype_sensitivity_by_hand() -> None:
    predictions = reference_predictions()
    half = _half(reference_evaluation())
    assert [subtype.name for subtype in half.subtypes] == ["bacteria", "virus"]
    for subtype in half.subtypes:
        rows = [row for row, one in enumerate(predictions.films.films) if subtype.name in one.path]
        assert subtype.count.films == len(rows)
        assert subtype.sensitivity.value == pytest.approx(np.mean(predictions.probability[rows] >= 0.5))


def test_predictive_values_follow_bayes_and_end_with_the_films_own_prevalence() -> None:
    half = _half(reference_evaluation())
    at_5 = next(values for values in half.predictive_values if values.prevalence == 0.05)
    sensitivity, specificity = 375 / 390, 216 / 234
    found, alarms = sensitivity * 0.05, (1 - specificity) * 0.95
    assert at_5.ppv.value == pytest.approx(found / (found + alarms))
    own = half.predictive_values[-1]
    assert own.prevalence == 390 / 624
    assert own.ppv.value == pytest.approx(half.precision.value)


@both_models
def test_every_interval_holds_its_figure_and_says_how_it_was_made(model: str) -> None:
    for point in reference_evaluation(model).points:
        predictive = [one for values in point.predictive_values for one in (values.ppv, values.npv)]
        shares = [point.sensitivity, point.specificity, point.precision, point.accuracy]
        for one in (*shares, *predictive, point.f1, point.balanced_accuracy):
            assert one.value is not None and one.low is not None and one.high is not None
            assert one.low <= one.value <= one.high
        assert {one.method for one in shares} == {"Wilson over patients, films divided by their design effect"}
        assert point.f1.method.startswith("square-and-add")
        assert all("intervals of sensitivity and specificity" in one.method for one in predictive)


def test_films_of_one_patient_widen_the_interval_of_a_sensitivity() -> None:
    half = _half(reference_evaluation())
    as_films = STATISTICS["fine_tuned"]["sensitivity_wilson"]
    assert half.sensitivity.low is not None and half.sensitivity.low < as_films[0]


def test_patients_are_the_unit_of_the_interval() -> None:
    """Copies of one film for the same patient add no knowledge; as films they would narrow the interval."""
    truth = np.arange(40) % 2 == 0
    probability = np.random.default_rng(0).uniform(0, 1, 40) * 0.6 + truth * 0.3
    films = [film(f"test/{n}", f"p{n}", "pneumonia" if has_it else "normal") for n, has_it in enumerate(truth)]
    alone = prediction_table(films, probability)
    copied = [film(f"test/{n}/{copy}", one.patient, one.label) for n, one in enumerate(films) for copy in range(3)]
    thrice = prediction_table(copied, np.repeat(probability, 3))
    ends = [
        (one.low, one.high)
        for predictions in (alone, thrice)
        for one in [score(predictions, resample(predictions, 500, 0)).brier]
    ]
    assert ends[0] == pytest.approx(ends[1], abs=1e-12)


def test_patients_who_share_a_file_are_drawn_together() -> None:
    films = [film("test/a", "1"), film("test/b", "2", sha256=film("test/a", "1").sha256), film("test/c", "3", "normal")]
    resampling = resample(prediction_table(films, np.array([0.9, 0.8, 0.1])), 10, 0)
    assert len(resampling.stratum) == 2
    assert "identical film joined" in resampling.method


def test_perfect_calls_get_intervals_that_say_where_they_come_from() -> None:
    films = [film(f"test/virus{n}", f"p{n}") for n in range(30)]
    films += [film(f"test/n{n}", f"n{n}", "normal") for n in range(20)]
    predictions = prediction_table(films, np.r_[np.linspace(0.8, 0.9, 30), np.linspace(0.1, 0.2, 20)])
    resampling = resample(predictions, 200, 0)
    point = figures_at(ONE_HALF, predictions, resampling, (0.05,))
    assert (point.sensitivity.value, point.sensitivity.low) == (1, clopper_pearson(30, 30).low)
    assert (point.specificity.value, point.specificity.low) == (1, clopper_pearson(20, 20).low)
    assert point.sensitivity.method == "Clopper-Pearson over patients with one film each"
    npv = point.predictive_values[0].npv
    assert npv.low is not None
    cleared, missed = 0.95 * clopper_pearson(20, 20).low, 0.05 * (1 - clopper_pearson(30, 30).low)
    assert npv.low == pytest.approx(cleared / (cleared + missed))
    auroc = score(predictions, resampling).auroc
    assert auroc.value == 1
    assert auroc.low is not None and auroc.low < 1
    assert "Newcombe" in auroc.method
    lost = [(1 - clopper_pearson(films, films).low) / 2 for films in (30, 20)]
    assert point.balanced_accuracy.low == pytest.approx(1 - math.hypot(*lost))
    assert point.f1.low is not None and point.f1.low < 0.95, "a bootstrap would have no width"


def test_one_class_says_what_is_not_defined() -> None:
    predictions = prediction_table([film(f"test/n{n}", f"n{n}", "normal") for n in range(5)], np.linspace(0.1, 0.6, 5))
    resampling = resample(predictions, 50, 0)
    scores, point = score(predictions, resampling), figures_at(ONE_HALF, predictions, resampling, (0.05,))
    assert scores.auroc.value is None
    assert scores.auroc.method == "not defined: films of one class only"
    assert point.sensitivity.method == "not defined: no film with pneumonia"
    assert point.specificity.value == 0.8
    assert point.subtypes == ()
