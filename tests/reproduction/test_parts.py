from __future__ import annotations

from pathlib import Path

import pytest

from hilum.datasets import resolve_catalogue
from hilum.metrics import Estimate
from hilum.reproduction.parts import error_at_one_half, error_of, part_figures, three_examples
from hilum.runtime import Predictor
from stand_ins import reference_evaluation


def test_error_is_one_minus_accuracy_with_its_interval_turned_around() -> None:
    error = error_of(Estimate(0.9, 0.85, 0.92, "made"))
    assert (error.value, error.low, error.high) == pytest.approx((0.1, 0.08, 0.15))
    assert error_of(Estimate(None, None, None, "none")).text() == "not defined"


def test_error_at_one_half_counts_both_kinds_of_wrong_films() -> None:
    evaluation = reference_evaluation()
    counts = next(point.counts for point in evaluation.points if point.at.name == "0.5")
    assert error_at_one_half(evaluation).value == pytest.approx((counts.false_negatives + counts.false_positives) / 624)


def test_parts_are_the_films_that_made_the_model_and_no_test_film(
    phantom_run: Path, phantom_films: Path, tmp_path: Path
) -> None:
    catalogue, place = resolve_catalogue(phantom_films, tmp_path)
    predictor = Predictor.open(phantom_run)
    fit, select = part_figures(predictor, catalogue, place, draws=50)
    training = predictor.manifest.training
    assert (fit.part, fit.films) == ("fit", len(training.fit.films))
    assert (select.part, select.films) == ("select", len(training.select.films))
    assert fit.error.value is not None and 0 <= fit.error.value <= 1
    assert not (place / "looks.jsonl").exists()


def test_three_examples_are_of_each_kind_and_always_the_same(tmp_path: Path) -> None:
    rows = ["path,patient,label,subtype,logit,probability"]
    for number in range(4):
        rows += [
            f"test/b{number}.jpeg,b{number},pneumonia,bacteria,1.0,0.7",
            f"test/n{number}.jpeg,n{number},normal,normal,-1.0,0.2",
        ]
        rows += [f"test/v{number}.jpeg,v{number},pneumonia,virus,2.0,0.9"]
    (tmp_path / "predictions.csv").write_text("\n".join(rows) + "\n")
    films = three_examples(tmp_path / "predictions.csv")
    assert [(film.label, film.probability) for film in films] == [
        ("pneumonia", 0.7),
        ("normal", 0.2),
        ("pneumonia", 0.9),
    ]
    assert three_examples(tmp_path / "predictions.csv") == films
