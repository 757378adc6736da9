"""How often a call is right, as JSON beside a model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hilum.metrics import Estimate, positive_predictive_value
from hilum.provenance import Provenance
from hilum.reports.film_report import about
from hilum.runtime import Answering, Predictor
from hilum.runtime.described import described
from hilum.runtime.predictive import PREVALENCES, predictive_values

MADE = Provenance("hilum predict", "0123456789ab", "0.1.0", "2026-11-22T10:05:00+00:00", {"numpy": "2"})


@pytest.fixture
def predictor(phantom_run: Path) -> Predictor:
    return Predictor.open(phantom_run, threads=1)


def test_model_says_how_often_its_calls_are_right_at_several_prevalences(predictor: Predictor) -> None:
    answering = Answering(predictor, "youden")
    rows = described(answering)["predictive_values"]
    assert [row["prevalence"] for row in rows] == list(PREVALENCES)
    point = answering.point
    for row in rows:
        expected = positive_predictive_value(point.sensitivity, point.specificity, row["prevalence"])
        assert row["ppv"] == pytest.approx(float(expected))
        assert row["ppv_low"] <= row["ppv"] <= row["ppv_high"] and row["npv_low"] <= row["npv"] <= row["npv_high"]


def test_site_that_states_its_prevalence_gets_one_row_and_the_values_of_its_report(predictor: Predictor) -> None:
    answering = Answering(predictor, "youden", 0.034)
    [row] = described(answering)["predictive_values"]
    [told] = about(answering, MADE).values
    assert row["prevalence"] == told.prevalence == 0.034
    assert [row["ppv"], row["ppv_low"], row["ppv_high"]] == [told.ppv.value, told.ppv.low, told.ppv.high]
    assert [row["npv"], row["npv_low"], row["npv_high"]] == [told.npv.value, told.npv.low, told.npv.high]


def test_value_that_is_not_defined_is_null() -> None:
    never, always = Estimate(0.0, None, None, ""), Estimate(1.0, None, None, "")
    row = predictive_values(never, always, 0.05).as_json()
    assert row == json.loads(json.dumps(row, allow_nan=False))
    assert (row["ppv"], row["ppv_low"], row["npv"], row["npv_low"]) == (None, None, pytest.approx(0.95), None)
