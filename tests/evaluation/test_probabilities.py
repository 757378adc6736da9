"""Stated probabilities against the truth, before and after calibration."""

from __future__ import annotations

import numpy as np
import pytest

from hilum.datasets import FilmRecord
from hilum.evaluation.predictions import PredictionTable
from hilum.evaluation.probabilities import judge_probabilities
from hilum.evaluation.scores import resample
from hilum.metrics import brier, log_odds, probability_of
from stand_ins import film, prediction_table, reference_predictions


def made(prevalence: float, stated_at: float, films: int = 4000) -> PredictionTable:
    """Probabilities that are exactly true where `stated_at` of the films have pneumonia, on films of `prevalence`."""
    generator = np.random.default_rng(0)
    truth = generator.random(films) < prevalence
    logit = log_odds(stated_at) + np.where(truth, 2.0, -2.0) + 2 * generator.standard_normal(films)
    records: list[FilmRecord] = [
        film(f"test/{row}.png", f"p{row}", "pneumonia" if sick else "normal") for row, sick in enumerate(truth)
    ]
    return prediction_table(records, probability_of(logit))


def test_moving_to_the_films_prevalence_mends_what_the_prevalence_alone_has_spoiled() -> None:
    predictions = made(prevalence=0.2, stated_at=0.75)
    found = judge_probabilities(predictions, 0.75, resample(predictions, 50, 0), 0)
    raw, calibrated, moved = found.stated
    assert (raw.prevalence, calibrated.prevalence) == (None, 0.75)
    assert moved.prevalence == pytest.approx(0.2, abs=0.02)
    assert calibrated.ece.value is not None and moved.ece.value is not None and moved.intercept.value is not None
    assert calibrated.ece.value > 0.15 and moved.ece.value < moved.perfect.high < 0.05
    assert calibrated.intercept.value is not None and calibrated.intercept.value < -2
    assert moved.intercept.low is not None and moved.intercept.high is not None
    assert moved.intercept.low < 0 < moved.intercept.high
    assert moved.slope.value == pytest.approx(1.0, abs=0.1)


def test_parts_add_up_to_the_brier_score() -> None:
    predictions = reference_predictions()
    shares = judge_probabilities(predictions, 0.742, resample(predictions, 20, 0), 0).shares
    values = [one.value for one in (shares.reliability, shares.resolution, shares.uncertainty, shares.within_bins)]
    reliability, resolution, uncertainty, within = (float(value or 0) for value in values)
    expected = float(brier(predictions.probability, predictions.is_pneumonia))
    assert reliability - resolution + uncertainty + within == pytest.approx(expected, abs=1e-12)


def test_films_of_one_class_are_not_moved() -> None:
    films = [film(f"test/{row}.png", f"p{row}") for row in range(5)]
    predictions = prediction_table(films, np.linspace(0.1, 0.9, 5))
    assert [one.name for one in judge_probabilities(predictions, 0.5, resample(predictions, 20, 0), 0).stated] == [
        "raw",
        "calibrated",
    ]
