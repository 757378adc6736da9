"""The cases that a training leaves: the fit films alone, by the graph's own features."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hilum.datasets import Catalogue, Split
from hilum.engine import Engine
from hilum.modelfolder import salted_film_hash
from hilum.modelfolder.neighbours import Neighbours
from hilum.progress import Silent
from hilum.training.assemble import network_files
from hilum.training.neighbours import THUMBNAIL_PX, gather_neighbours, kept_cases, thumbnail
from small_job import first_network, small_job
from stand_ins import film

pytestmark = pytest.mark.slow  # seconds a test: `make check` leaves them to `make test`

FIT, SELECT = 48, 16
WIDE = film("train/1", "1", width_px=1400, height_px=1000)


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (72, 32, 32), dtype=np.uint8)


@pytest.fixture(scope="module")
def films() -> tuple[Catalogue, Split]:
    """Three films a patient; the last patients select and calibrate."""
    labels = ["pneumonia" if number % 2 else "normal" for number in range(72)]
    records = tuple(film(f"train/{number}", str(number // 3), labels[number]) for number in range(72))
    parts = ("fit",) * FIT + ("select",) * SELECT + ("calibrate",) * (72 - FIT - SELECT)
    return Catalogue("ward", Path(), records), Split("official", 0, 0, "", parts)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    job = small_job(tmp_path_factory.mktemp("job"))
    return Engine(network_files(first_network(job.recipe), job.recipe)["model.onnx"], "model.onnx", 1)


@pytest.fixture(scope="module")
def cases(engine: Engine, pixels: np.ndarray, films: tuple[Catalogue, Split]) -> Neighbours:
    return gather_neighbours(engine, pixels, *films, "salt", geometry="squash", at_once=7, progress=Silent())


def row_of(cases: Neighbours, films: Catalogue) -> list[int]:
    """For each case, the row of its film."""
    rows = {salted_film_hash("salt", one.sha256): row for row, one in enumerate(films.films)}
    return [rows[one] for one in cases.films]


def test_fit_films_alone_are_cases(cases: Neighbours, films: tuple[Catalogue, Split]) -> None:
    assert sorted(row_of(cases, films[0])) == list(range(FIT))


def test_each_case_has_the_features_and_label_of_its_film(
    cases: Neighbours, films: tuple[Catalogue, Split], pixels: np.ndarray, engine: Engine
) -> None:
    rows = row_of(cases, films[0])
    features = engine.run(pixels[rows], ("features",))["features"]
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    assert np.allclose(cases.features, unit, atol=1e-3)
    assert np.array_equal(cases.is_pneumonia, films[0].is_pneumonia[rows])


def test_patients_are_told_apart_but_neither_names_nor_order_are_given_away(
    cases: Neighbours, films: tuple[Catalogue, Split]
) -> None:
    patient = np.array(row_of(cases, films[0])) // 3
    assert np.array_equal(cases.patient[:, None] == cases.patient, patient[:, None] == patient)
    assert list(cases.films) == sorted(cases.films)
    _, first = np.unique(cases.patient, return_index=True)
    assert (np.diff(first) > 0).all()  # numbered as they are met in the order of the hashes


def test_usual_distances_are_those_of_select_films_to_their_nearest_case(
    cases: Neighbours, pixels: np.ndarray, engine: Engine
) -> None:
    features = engine.run(pixels[FIT : FIT + SELECT], ("features",))["features"]
    unit = (features / np.linalg.norm(features, axis=1, keepdims=True)).astype(np.float16).astype(np.float64)
    each = np.linalg.norm(unit[:, None] - cases.features.astype(np.float64)[None], axis=2).min(axis=1)
    assert np.allclose(cases.usual, np.sort(each), atol=1e-3)


def test_thumbnail_is_the_film_in_its_own_proportions(cases: Neighbours) -> None:
    assert cases.thumbnails is not None and len(cases.thumbnails) == FIT
    square = np.tile(np.linspace(0, 255, 32).astype(np.uint8), (32, 1))
    wide = Image.open(io.BytesIO(thumbnail(square, WIDE, "squash")))
    assert (wide.format, wide.mode, wide.size) == ("JPEG", "L", (THUMBNAIL_PX, round(THUMBNAIL_PX / 1.4)))
    padded = Image.open(io.BytesIO(thumbnail(square, WIDE, "pad")))
    assert padded.size == (THUMBNAIL_PX, THUMBNAIL_PX)
    left_to_right = np.asarray(wide).mean(axis=0)
    assert left_to_right[0] < 20 and left_to_right[-1] > 235


def test_pictures_are_kept_only_on_request(engine: Engine, pixels: np.ndarray, films: tuple[Catalogue, Split]) -> None:
    plain = gather_neighbours(engine, pixels, *films, "salt", progress=Silent())
    assert plain.thumbnails is None
    assert kept_cases(False, False) == "none" and kept_cases(True, False) == "features"
    assert kept_cases(False, True) == kept_cases(True, True) == "thumbnails"
