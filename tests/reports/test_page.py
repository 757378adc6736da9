from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import numpy as np
import pytest

from hilum.datasets import Catalogue
from hilum.evaluation import (
    Circumstances,
    Evaluation,
    LeftOut,
    LookCount,
    PredictionTable,
    Settings,
    evaluate_predictions,
    find_contact,
)
from hilum.reports.methods import other_methods, usual_method
from hilum.reports.page import evaluation_page
from markup import well_formed
from stand_ins import (
    MADE,
    BrightnessPredictor,
    film,
    manifest,
    prediction_table,
    reference_evaluation,
    reference_predictions,
)


@pytest.fixture(scope="module")
def page() -> str:
    return evaluation_page(reference_evaluation(), reference_predictions())


def _leaky() -> tuple[Evaluation, PredictionTable]:
    predictions = reference_predictions()
    predictor = BrightnessPredictor(manifest(predictions.films.films[::3], protocol="random20", is_leaky=True))
    contact = find_contact(predictor.manifest.training, predictions.films)
    around = Circumstances(contact, LookCount(1, 1, 0), (LeftOut("test/<script>x</script>.jpeg", "Broken."),), MADE)
    return evaluate_predictions(predictions, predictor, Settings("validation", draws=50), around), predictions


def test_page_is_whole_and_asks_for_nothing(page: str) -> None:
    attributes = well_formed(page)
    assert page.startswith("<!doctype html>")
    assert "default-src 'none'" in page
    assert "<script" not in page
    addresses = [value for name, value in attributes if name in ("src", "href", "xlink:href", "action") and value]
    assert all(value.startswith("#") for value in addresses)
    assert not re.search(r"@import|url\((?!['\"]?#)", page)


def test_identifiers_are_used_once(page: str) -> None:
    attributes = well_formed(page)
    identifiers = [value for name, value in attributes if name == "id"]
    assert len(identifiers) == len(set(identifiers))
    assert set(re.findall(r"url\(#([^)]+)\)", page)) <= set(identifiers)


def test_the_first_screen_says_what_was_measured_on_whom(page: str) -> None:
    first = page.split("</section>")[0]
    text = " ".join(re.sub(r"<[^>]+>", " ", first.split("</style>")[1]).split())
    assert "624 films of 428 patients: 390 with pneumonia (203 patients) and 234 normal (225 patients)" in text
    assert "served the model before" in text
    assert "not a medical device" in text
    assert "children of 1 to 5 years, one hospital" in text
    assert "Sensitivity 91.5 % 95 % interval 88.0 to 94.1" in text
    assert "missed 33 of 390 films with pneumonia and raised a false alarm on 14 of 234" in text


def test_every_figure_stands_with_its_interval(page: str) -> None:
    evaluation = reference_evaluation()
    for point in evaluation.points:
        for one in (point.sensitivity, point.specificity, point.precision, point.f1, point.balanced_accuracy):
            assert one.value is not None and one.low is not None and one.high is not None
            assert f"{100 * one.value:.1f} %" in page
            assert f"{100 * one.low:.1f} to {100 * one.high:.1f}" in page
    assert "0.986 [0.975, 0.992]" in page
    assert "Obuchowski&#39;s variance over 428 patients" in page
    assert "BCa bootstrap over 428 patients" in page
    assert "3 models have been judged on exactly these films" in page


def test_a_leak_is_said_before_any_figure() -> None:
    page = evaluation_page(*_leaky())
    warning = page.index("These figures leak.")
    assert warning < page.index('<section class="first">')
    assert "The model had met 371 of these 624 films (59.5 %)" in page


def test_other_data_are_not_called_the_models_own_test_films() -> None:
    evaluation = reference_evaluation(protocol="grouped")
    elsewhere = replace(
        evaluation,
        films=replace(evaluation.films, data_name="nih", part="all"),
        contact=replace(evaluation.contact, are_patients_compared=False),
    )
    lead = evaluation_page(elsewhere, reference_predictions()).split('<p class="lead">')[1].split("</p>")[0]
    assert "Other data: &#39;nih&#39;; the model was made from &#39;kermany&#39;." in lead
    assert "patients could not be compared: the data go by another name" in lead
    assert "one of five folds" not in lead


def test_names_from_outside_cannot_become_markup() -> None:
    page = evaluation_page(*_leaky())
    assert "test/&lt;script&gt;x&lt;/script&gt;.jpeg" in page
    assert "<script" not in page
    evaluation, predictions = reference_evaluation(), reference_predictions()
    hostile = replace(evaluation, model=replace(evaluation.model, name='"><img onerror=x>'))
    assert "<img" not in evaluation_page(hostile, predictions)


def test_same_evaluation_gives_the_same_bytes(page: str) -> None:
    assert evaluation_page(reference_evaluation(), reference_predictions()) == page


def test_svg_is_well_formed_and_says_what_it_shows(page: str) -> None:
    drawings = re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL)
    assert len(drawings) == 6
    for drawing in drawings:
        assert ElementTree.fromstring(drawing).get("aria-label")
        assert "width=" not in drawing.split(">")[0]


def test_intervals_of_another_kind_are_marked(page: str) -> None:
    evaluation = reference_evaluation()
    usual, others = usual_method(evaluation), other_methods(evaluation)
    assert f"95 % intervals: {usual}." in page
    kinds = ("BCa bootstrap", "biased upward", "design effect", "MOVER", "Obuchowski", "Liang and Zeger")
    assert all(any(kind in method for method in (usual, *others)) for kind in kinds)
    assert usual not in others and len(set(others)) == len(others)


def test_a_page_can_be_made_of_one_class_and_of_one_film() -> None:
    films = Catalogue("made", reference_predictions().films.root, (film("test/n", "n", "normal"),))
    predictions = PredictionTable(films, np.array([-2.0]), np.array([-2.0]), np.array([0.1]))
    predictor = BrightnessPredictor(manifest())
    around = Circumstances(find_contact(predictor.manifest.training, films), LookCount(1, 1, 0), (), MADE)
    page = evaluation_page(evaluate_predictions(predictions, predictor, Settings(draws=10), around), predictions)
    assert "not defined" in page
    assert "no film with pneumonia" in page


@pytest.mark.parametrize("sign", [1, -1])
def test_decision_curve_of_rare_pneumonia_and_of_a_harmful_model_is_drawn(sign: int) -> None:
    truth = np.arange(400) < 3
    films = [film(f"test/{row}", f"p{row}", "pneumonia" if sick else "normal") for row, sick in enumerate(truth)]
    logit = sign * (3.0 * truth - 1.5 + np.random.default_rng(0).normal(size=400))
    predictions = prediction_table(films, 1 / (1 + np.exp(-logit)))
    predictor = BrightnessPredictor(manifest())
    contact = find_contact(predictor.manifest.training, predictions.films)
    around = Circumstances(contact, LookCount(1, 1, 0), (), MADE)
    page = evaluation_page(evaluate_predictions(predictions, predictor, Settings(draws=20), around), predictions)
    assert "Decision curve: net benefit" in page
