from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec import structs
from PIL import Image

from hilum.datasets import Catalogue, index_folder
from hilum.errors import HilumError
from hilum.evaluation import (
    LOOKS,
    OTHER_DATA,
    OTHER_PART,
    Circumstances,
    LookCount,
    PredictionTable,
    Settings,
    evaluate_model,
    evaluate_predictions,
    find_contact,
    predictions_csv,
    read_evaluation,
    write_evaluation,
)
from stand_ins import MADE, BrightnessPredictor, film, manifest, reference_evaluation, reference_predictions


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    """Twelve patients with a grey film each; bright ones have pneumonia, but one is dark."""
    for number in range(12):
        is_pneumonia = number % 2 == 0
        name = f"PNEUMONIA/person{number}_virus_1.png" if is_pneumonia else f"NORMAL/IM-{number:04d}-0001.png"
        path = tmp_path / "films" / "test" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        grey = 160 + number if is_pneumonia and number else 90 + number
        Image.new("L", (40, 30), grey).save(path)
    return index_folder(tmp_path / "films", patient="kermany", name="made")


def test_a_model_is_judged_through_its_predictor(catalogue: Catalogue, tmp_path: Path) -> None:
    predictor = BrightnessPredictor(manifest(data_name="made"))
    evaluation, predictions = evaluate_model(predictor, catalogue, tmp_path / "place", Settings(draws=50), MADE)
    assert predictions.logit[predictions.is_pneumonia].max() == pytest.approx((170 - 128) / 16)
    half = next(point for point in evaluation.points if point.at.name == "0.5")
    assert (half.counts.true_positives, half.counts.false_negatives) == (5, 1)
    assert (half.counts.false_positives, half.counts.true_negatives) == (0, 6)
    assert evaluation.films.data_name == "made"
    assert (evaluation.films.every.films, evaluation.films.every.patients) == (12, 12)
    assert evaluation.model.model_hash == predictor.model_hash
    assert evaluation.made.command == "hilum evaluate model data"


def test_every_look_is_counted(catalogue: Catalogue, tmp_path: Path) -> None:
    first = BrightnessPredictor(manifest())
    second = BrightnessPredictor(manifest(), "c" * 64)
    counts = [
        evaluate_model(predictor, catalogue, tmp_path, Settings(draws=20), MADE)[0].looks
        for predictor in (first, first, second)
    ]
    assert [(count.models, count.looks) for count in counts] == [(1, 1), (1, 2), (2, 3)]
    assert len((tmp_path / LOOKS).read_text().splitlines()) == 3


def test_a_look_at_all_films_counts_as_one_at_the_test(catalogue: Catalogue, tmp_path: Path) -> None:
    films = tuple(replace(one, split="test" if row < 8 else "train") for row, one in enumerate(catalogue.films))
    half_test = replace(catalogue, films=films)
    first, second = (BrightnessPredictor(manifest(), model_hash * 64) for model_hash in "bc")
    looks = [
        evaluate_model(predictor, half_test, tmp_path, Settings(part, draws=20), MADE)[0].looks
        for predictor, part in ((first, "all"), (second, "test"), (first, "all"))
    ]
    assert [(count.models, count.looks) for count in looks] == [(1, 1), (2, 2), (1, 2)]
    written = [json.loads(line) for line in (tmp_path / LOOKS).read_text().splitlines()]
    assert [(look["part"], look["films"]) for look in written] == [
        ("all", 12),
        ("test", 8),
        ("test", 8),
        ("all", 12),
        ("test", 8),
    ]


def test_a_model_that_met_the_films_is_refused_before_it_sees_them(catalogue: Catalogue, tmp_path: Path) -> None:
    predictor = BrightnessPredictor(manifest(catalogue.films[:2], "made"))
    with pytest.raises(HilumError, match="met 2 of these 12 films"):
        evaluate_model(predictor, catalogue, tmp_path / "place", Settings(), MADE)
    assert not (tmp_path / "place").exists()


def test_a_leaky_protocol_is_judged_and_says_so(catalogue: Catalogue, tmp_path: Path) -> None:
    predictor = BrightnessPredictor(manifest(catalogue.films[:3], "made", protocol="random20", is_leaky=True))
    evaluation, _ = evaluate_model(predictor, catalogue, tmp_path, Settings(draws=20), MADE)
    assert evaluation.contact.share == 0.25
    assert any(
        "25% of these films, or films of their patients, are known to the model" in limit for limit in evaluation.limits
    )


def test_limits_come_with_every_evaluation() -> None:
    limits = reference_evaluation().limits
    assert limits[0] == "It assists a reader; it is not a medical device."
    assert "children of 1 to 5 years, one hospital" in limits[1]
    assert any("3 models have been judged on these films" in limit for limit in limits)


def test_one_half_is_judged_even_where_it_is_not_stored(catalogue: Catalogue, tmp_path: Path) -> None:
    made = manifest()
    without = structs.replace(made, operating_points=made.operating_points[:1])
    evaluation, _ = evaluate_model(BrightnessPredictor(without), catalogue, tmp_path, Settings(draws=20), MADE)
    assert [point.at.name for point in evaluation.points] == ["sensitivity>=0.95", "0.5"]
    assert evaluation.points[1].at.choice is None
    assert evaluation.primary.at.name == "sensitivity>=0.95"


def test_an_evaluation_survives_the_disc(tmp_path: Path) -> None:
    evaluation = reference_evaluation()
    write_evaluation(tmp_path / "one.json", evaluation)
    read = read_evaluation(tmp_path / "one.json")
    assert read == evaluation
    write_evaluation(tmp_path / "two.json", read)
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"format": 3}', "has format 3. Expected format 2 or older"),
        ('{"format": 1}', "is not an evaluation.*required field"),
        ("[]", "is not an evaluation"),
        ("{", "is not JSON"),
    ],
)
def test_what_is_no_evaluation_is_refused(tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(HilumError, match=told):
        read_evaluation(tmp_path / "x.json")


def test_the_table_of_predictions_holds_every_digit_and_no_formula() -> None:
    films = (film("=cmd|x", "@home"), film("test/b, c", "2", "normal"))
    logit = np.array([1 / 3, -2.0])
    predictions = PredictionTable(Catalogue("made", Path(), films), logit, logit, np.array([0.6, 0.1]))
    rows = list(csv.reader(io.StringIO(predictions_csv(predictions))))
    assert rows[0] == ["path", "patient", "label", "subtype", "logit", "probability", "group"]
    assert rows[1][:2] == ["'=cmd|x", "'@home"]
    assert float(rows[1][4]) == 1 / 3
    assert rows[2][0] == "test/b, c"


def test_labels_of_the_judged_films_change_no_threshold_and_no_probability() -> None:
    predictions = reference_predictions()
    turned = tuple(
        replace(one, label="normal" if one.label == "pneumonia" else "pneumonia") for one in predictions.films.films
    )
    other = replace(predictions, films=replace(predictions.films, films=turned))
    predictor = BrightnessPredictor(manifest())
    contact = find_contact(predictor.manifest.training, predictions.films)
    around = Circumstances(contact, LookCount(1, 1, 0), (), MADE)
    one, two = (evaluate_predictions(each, predictor, Settings(draws=20), around) for each in (predictions, other))
    assert [point.at for point in one.points] == [point.at for point in two.points]
    assert one.model == two.model
    assert one.scores != two.scores


def test_order_is_judged_as_deployed_so_that_a_calibration_upside_down_shows(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    made = manifest()
    turned = structs.replace(made, calibration=structs.replace(made.calibration, slope=-1.0))
    right, upside_down = (
        evaluate_model(BrightnessPredictor(one), catalogue, tmp_path, Settings(draws=20), MADE)[0].scores.auroc.value
        for one in (made, turned)
    )
    assert right == pytest.approx(30 / 36)
    assert upside_down == pytest.approx(6 / 36)


@pytest.mark.parametrize(
    "wrong", [{"part": "tset"}, {"draws": 0}, {"draws": -5}, {"seed": -1}, {"prevalences": (0.5, 1.0)}]
)
def test_settings_are_refused_where_they_are_made(wrong: dict[str, Any]) -> None:
    with pytest.raises(HilumError):
        Settings(**wrong)


@pytest.mark.parametrize(
    ("data_name", "part", "under"),
    [("kermany", "test", "official"), ("kermany", "train", OTHER_PART), ("elsewhere", "test", OTHER_DATA)],
)
def test_an_evaluation_knows_what_the_films_are_to_the_model(data_name: str, part: str, under: str) -> None:
    evaluation = reference_evaluation()
    moved = replace(evaluation, films=replace(evaluation.films, data_name=data_name, part=part))
    assert moved.judged_under == under


@pytest.mark.parametrize("prevalence", [0.0, 1.0, 20.0])
def test_a_prevalence_is_a_fraction(prevalence: float) -> None:
    with pytest.raises(HilumError, match=r"Write 0\.05 for 5 %"):
        Settings(prevalences=(prevalence,))
