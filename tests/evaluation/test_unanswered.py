"""Refusals, abstentions and the worst case."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from hilum.evaluation import LeftOut, PredictionTable, Unanswered
from hilum.evaluation.figures import Point
from hilum.evaluation.scores import resample
from hilum.evaluation.unanswered import assess_films, judge_unanswered
from hilum.modelfolder import Conformal
from hilum.runtime import Assessment
from stand_ins import BrightnessPredictor, film, manifest, prediction_table

POINT = Point("0.5", 0.5, "one half", None)
SETS = Conformal(alpha=0.05, pneumonia_from=-1.0, normal_to=0.5, pneumonia_patients=30, normal_patients=30)
PREDICTOR = BrightnessPredictor(replace(manifest(), conformal=SETS))


def judged(left_out: tuple[LeftOut, ...] = ()) -> Unanswered:
    """Three films with pneumonia and three normal ones; of each three the second is refused or left open."""
    labels = ["pneumonia"] * 3 + ["normal"] * 3
    films = [film(f"test/{row}.png", f"p{row}", label) for row, label in enumerate(labels)]
    logit = np.array([2.0, 3.0, -2.0, -3.0, 0.2, -1.5])
    predictions: PredictionTable = prediction_table(films, 1 / (1 + np.exp(-logit)))
    assessments = [
        Assessment(
            one.path, logit=value, reasons=("It is a cat.",) if row == 1 else (), warning="!" if row == 0 else ""
        )
        for row, (one, value) in enumerate(zip(films, logit, strict=True))
    ]
    found = judge_unanswered(predictions, assessments, PREDICTOR, POINT, left_out, resample(predictions, 10, 0))
    assert found is not None
    return found


def test_shares_are_those_of_each_class() -> None:
    found = judged()
    assert found.refused.pneumonia.value == pytest.approx(1 / 3) and found.refused.normal.value == 0.0
    assert found.warned.pneumonia.value == pytest.approx(1 / 3) and found.warned.normal.value == 0.0
    # A logit of 0.2 leaves both open; that of -2 only normal, which is not the truth.
    assert found.abstained.pneumonia.value == 0.0 and found.abstained.normal.value == pytest.approx(1 / 3)
    assert found.covered.pneumonia.value == pytest.approx(2 / 3) and found.covered.normal.value == 1.0


def test_what_has_no_answer_is_wrong_in_the_worst_case() -> None:
    found = judged()
    assert found.sensitivity.value == pytest.approx(1 / 3) and found.specificity.value == pytest.approx(2 / 3)


def test_files_that_cannot_be_read_are_wrong_in_it_too() -> None:
    found = judged((LeftOut("test/a.png", "Broken.", "normal"), LeftOut("test/b.png", "Broken.", "normal")))
    assert found.sensitivity.value == pytest.approx(1 / 3) and found.specificity.value == pytest.approx(2 / 5)
    assert found.unreadable == 2


def test_model_without_gate_says_nothing() -> None:
    films = prediction_table([film("test/a.png", "a")], np.array([0.5])).films
    assert assess_films(BrightnessPredictor(manifest()), films) == ()
    predictions = prediction_table(films.films, np.array([0.5]))
    assert judge_unanswered(predictions, (), PREDICTOR, POINT, (), resample(predictions, 10, 0)) is None
