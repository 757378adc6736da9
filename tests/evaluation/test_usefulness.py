"""Decision curve and risk against coverage."""

from __future__ import annotations

import numpy as np
import pytest

from hilum.evaluation.figures import Point
from hilum.evaluation.scores import resample
from hilum.evaluation.usefulness import ANSWERED, THRESHOLDS, judge_usefulness
from stand_ins import film, prediction_table, reference_predictions

POINT = Point("0.5", 0.5, "one half", None)


def test_curve_is_that_of_the_counts() -> None:
    predictions = reference_predictions()
    truth, share = predictions.is_pneumonia, float(predictions.is_pneumonia.mean())
    found = judge_usefulness(predictions, POINT, resample(predictions, 20, 0))
    assert found is not None and tuple(one.threshold for one in found.benefits) == THRESHOLDS
    at_half = found.benefits[THRESHOLDS.index(0.5)]
    called = predictions.probability >= 0.5
    assert at_half.model.value == pytest.approx(((called & truth).sum() - (called & ~truth).sum()) / len(truth))
    assert at_half.treat_all == pytest.approx(2 * share - 1)


def test_the_most_certain_films_are_answered_first() -> None:
    truth = [True, True, False, False, True, False, True, False, True, False]
    films = [film(f"test/{row}.png", f"p{row}", "pneumonia" if sick else "normal") for row, sick in enumerate(truth)]
    # Certain and right but for the last two, which lie nearest to the threshold on the wrong side.
    probability = np.array([0.99, 0.98, 0.01, 0.02, 0.9, 0.1, 0.8, 0.2, 0.4, 0.55])
    predictions = prediction_table(films, probability)
    found = judge_usefulness(predictions, POINT, resample(predictions, 20, 0))
    assert found is not None and len(found.risks) == len(ANSWERED)
    risks = {round(one.coverage, 2): one.risk for one in found.risks}
    assert risks == pytest.approx({1.0: 2 / 10, 0.9: 1 / 9, 0.8: 0.0, 0.7: 0.0})


def test_films_of_one_class_have_neither() -> None:
    predictions = prediction_table([film("test/a.png", "a"), film("test/b.png", "b")], np.array([0.4, 0.6]))
    assert judge_usefulness(predictions, POINT, resample(predictions, 20, 0)) is None
