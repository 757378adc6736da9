"""What a page knows of its model."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from hilum.browser.facts import facts
from hilum.images import read_film, to_square
from hilum.runtime import Answering, Predictor
from hilum.verbs.predict import gathered


@pytest.fixture
def answering(phantom_run: Path) -> Answering:
    return Answering(Predictor.open(phantom_run, threads=1), "youden", 0.05)


def test_facts_hold_what_answers_need_and_nothing_of_patients(answering: Answering) -> None:
    found = facts(answering, gathered(answering, ()).as_json())
    training = answering.predictor.manifest.training
    text = json.dumps(found, allow_nan=False)
    assert training.salt not in text
    assert not any(hashed in text for hashed in (*training.patients, *training.films))
    assert found["site_prevalence"] == 0.05
    assert found["answer"]["operating_point"] == found["about"]["models"][0]["operating_point"] == "youden"
    assert found["about"]["models"][0]["limits"] == list(found["answer"]["limits"])


def test_known_film_is_what_it_says(answering: Answering) -> None:
    known = facts(answering, {})["known_film"]
    content = base64.b64decode(known["jpeg"])
    film = read_film(content)
    assert film.notes == ("Turned upright by EXIF orientation 6.",)
    assert to_square(film.pixels, known["side"]).tobytes() == base64.b64decode(known["square"])
    assert answering.predictor.look(content).assessment.logit == known["logit"]
