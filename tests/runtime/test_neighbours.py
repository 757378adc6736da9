"""Similar cases of a film: the nearest training films, one a patient, and how near they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hilum.errors import HilumError
from hilum.images import read_film, to_square
from hilum.modelfolder.neighbours import Neighbours, of_unit_length
from hilum.runtime import Predictor
from hilum.runtime.neighbours import SimilarCases, distances, nearest_patients

FILMS = 24


@pytest.fixture(scope="module")
def predictor(phantom_run: Path) -> Predictor:
    return Predictor.open(phantom_run, 1)


@pytest.fixture(scope="module")
def squares(phantom_films: Path, predictor: Predictor) -> np.ndarray:
    """Films of both classes."""
    normal, pneumonia = (sorted((phantom_films / "train" / name).iterdir()) for name in ("NORMAL", "PNEUMONIA"))
    paths = [*normal[: FILMS // 2], *pneumonia[: FILMS // 2]]
    return np.stack([to_square(read_film(path).pixels, predictor.side) for path in paths])


@pytest.fixture(scope="module")
def features(predictor: Predictor, squares: np.ndarray) -> np.ndarray:
    return predictor.engine.run(squares, ("features",))["features"]


@pytest.fixture(scope="module")
def cases(features: np.ndarray) -> Neighbours:
    """Two films a patient; a median of 0.2 is usual."""
    return Neighbours(
        features=of_unit_length(features),
        is_pneumonia=np.arange(FILMS) >= FILMS // 2,
        patient=(np.arange(FILMS) // 2).astype(np.int32),
        films=tuple(f"{number:032x}" for number in range(FILMS)),
        usual=np.array([0.1, 0.2, 0.5], dtype=np.float32),
        thumbnails=tuple(b"\xff\xd8\xff" + bytes([number]) for number in range(FILMS)),
    )


@pytest.fixture(scope="module")
def opened(cases: Neighbours) -> SimilarCases:
    return SimilarCases(cases)


def test_training_film_is_its_own_nearest_case(opened: SimilarCases, features: np.ndarray, cases: Neighbours) -> None:
    for number in (3, FILMS - 1):
        found = opened.of(features[number], 1)[0]
        assert found.distance == pytest.approx(0, abs=2e-3)
        assert found.film == cases.films[number] and cases.thumbnails and found.thumbnail == cases.thumbnails[number]
        assert found.label == ("pneumonia" if number >= FILMS // 2 else "normal")
        assert found.farther_than == 0


def test_cases_come_nearest_first_and_no_patient_twice(opened: SimilarCases, features: np.ndarray) -> None:
    found = opened.of(features[0], FILMS)
    assert len(found) == FILMS // 2  # there are no more patients
    distance = [one.distance for one in found]
    assert distance == sorted(distance)
    assert len({int(one.film, 16) // 2 for one in found}) == len(found)


def test_order_is_that_of_the_angle_between_features(features: np.ndarray, cases: Neighbours) -> None:
    film, others = features[0].astype(np.float64), features.astype(np.float64)
    cosine = others @ film / np.linalg.norm(others, axis=1) / np.linalg.norm(film)
    by_angle = np.sqrt(np.maximum(0, 2 - 2 * cosine))
    assert np.allclose(distances(of_unit_length(film[None])[0], cases.features), by_angle, atol=3e-3)


def test_distance_is_told_in_terms_of_the_usual_one(opened: SimilarCases, features: np.ndarray) -> None:
    for one in opened.of(features[0], 6):
        assert one.times_usual == pytest.approx(one.distance / 0.2)
        assert one.farther_than == pytest.approx(np.mean(np.array([0.1, 0.2, 0.5]) < one.distance))


def test_many_cases_are_compared_in_parts_alike() -> None:
    generator = np.random.default_rng(0)
    cases = of_unit_length(generator.random((10_000, 5)))
    film = of_unit_length(generator.random((1, 5)))[0]
    whole = np.linalg.norm(cases.astype(np.float64) - film.astype(np.float64), axis=1)
    assert np.allclose(distances(film, cases), whole, atol=1e-6)


def test_first_of_equally_near_films_stands_for_its_patient() -> None:
    distance, patient = np.zeros(4, dtype=np.float32), np.array([1, 1, 0, 0], dtype=np.int32)
    assert nearest_patients(distance, patient, 5).tolist() == [0, 2]


def test_folder_without_cases_gives_none(predictor: Predictor) -> None:
    assert SimilarCases.open(predictor.folder) is None


@pytest.mark.parametrize("k", [0, -3])
def test_no_case_cannot_be_asked_for(opened: SimilarCases, features: np.ndarray, k: int) -> None:
    with pytest.raises(HilumError, match="at least 1"):
        opened.of(features[0], k)


def test_cases_of_another_graph_are_refused(cases: Neighbours, features: np.ndarray) -> None:
    strangers = replace(cases, features=cases.features[:, :5])
    with pytest.raises(HilumError, match="cases and graph of one model"):
        SimilarCases(strangers).of(features[0])
