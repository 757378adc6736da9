"""One film's answer: everything that is shown of it, from one pass of the graph."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace as changed

from hilum.engine import Films
from hilum.errors import HilumError
from hilum.images import read_film, to_square
from hilum.modelfolder.neighbours import Neighbours, of_unit_length
from hilum.runtime import Answering, Predictor
from hilum.runtime.neighbours import SimilarCases


@pytest.fixture(scope="module")
def predictor(phantom_run: Path) -> Predictor:
    return Predictor.open(phantom_run)


@pytest.fixture(scope="module")
def film(phantom_films: Path) -> Path:
    return sorted((phantom_films / "test" / "PNEUMONIA").iterdir())[0]


def test_map_and_similar_cases_come_with_the_answer_from_one_pass(
    predictor: Predictor, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    square = to_square(read_film(film).pixels, predictor.side, predictor.geometry)
    features = predictor.engine.run(square[None], ("features",))["features"]
    usual = np.array([0.2], dtype=np.float32)
    cases = Neighbours(of_unit_length(features), np.array([True]), np.array([0], np.int32), ("ab",), usual, None)
    monkeypatch.setattr(SimilarCases, "open", classmethod(lambda cls, folder: cls(cases)))
    answering = Answering(predictor, "youden")
    plain = answering.of(film)
    passes, run = list[tuple[str, ...]](), predictor.engine.run

    def counted(films: Films, names: tuple[str, ...] = ("logit",)) -> dict[str, np.ndarray]:
        passes.append(names)
        return dict(run(films, names))

    monkeypatch.setattr(predictor.engine, "run", counted)
    answer = answering.of(film, with_map=True, similar=3)
    assert len(passes) == 1 and {"logit", "activation_map", "features"} <= set(passes[0])
    assert answer.prediction == plain.prediction and plain.evidence is None and plain.similar is None
    assert answer.evidence is not None and answer.similar is not None
    assert [one.film for one in answer.similar] == ["ab"] and answer.similar[0].distance == pytest.approx(0, abs=1e-3)
    np.testing.assert_array_equal(answer.evidence, predictor.activation_map(square))


def test_film_without_an_answer_has_no_map(predictor: Predictor, tmp_path: Path) -> None:
    (tmp_path / "bad.jpeg").write_bytes(b"no film")
    answer = Answering(predictor, "youden").of(tmp_path / "bad.jpeg", with_map=True, similar=3)
    assert answer.prediction.status == "unreadable" and "bad.jpeg" in answer.prediction.problem
    assert answer.evidence is None and answer.similar is None and answer.film is None and len(answer.sha256) == 64
    missing = Answering(predictor, "youden").of(tmp_path / "missing.jpeg")
    assert missing.sha256 == "" and "missing.jpeg" in missing.prediction.problem


def test_site_moves_the_probability_and_no_decision(predictor: Predictor, film: Path) -> None:
    here, there = Answering(predictor, "youden").of(film), Answering(predictor, "youden", 0.05).of(film)
    assert here.prediction == replace(there.prediction, site_probability=None)
    assert there.prediction.site_probability is not None and here.prediction.probability is not None
    assert there.prediction.site_probability < here.prediction.probability


@pytest.mark.parametrize("prevalence", [0.0, 1.0, 5.0, float("nan")])
def test_impossible_prevalence_is_refused_before_any_film_is_read(predictor: Predictor, prevalence: float) -> None:
    with pytest.raises(HilumError, match="as a prevalence"):
        Answering(predictor, "youden", prevalence)


def test_decision_uses_the_stored_threshold_also_at_its_very_value(predictor: Predictor, film: Path) -> None:
    probability = Answering(predictor, "youden").of(film).prediction.probability
    assert probability is not None
    points = tuple(
        changed(point, threshold=probability if point.name == "youden" else point.threshold)
        for point in predictor.manifest.operating_points
    )
    same = Predictor(replace(predictor.folder, manifest=changed(predictor.manifest, operating_points=points)))
    assert Answering(same, "youden").of(film).prediction.decision == "pneumonia"


def test_another_point_and_prevalence_are_asked_of_the_same_graph(predictor: Predictor, film: Path) -> None:
    first = Answering(predictor, "youden")
    other = first.at("0.5", 0.1)
    assert other.predictor is predictor and (first.point.name, other.point.name) == ("youden", "0.5")
    assert first.shift is None and other.of(film).prediction == Answering(predictor, "0.5", 0.1).of(film).prediction
    with pytest.raises(HilumError, match="no operating point"):
        first.at("yuden")
    with pytest.raises(HilumError, match="as a prevalence"):
        first.at(prevalence=2.0)
