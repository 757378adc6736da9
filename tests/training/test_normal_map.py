"""What each place says of normal films: from normal fit films alone, and exact where the map is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hilum.datasets import Catalogue, Split
from hilum.engine import Engine
from hilum.exporting import export_onnx
from hilum.modelfolder.schema import NormalMap
from hilum.progress import Silent
from hilum.training.normal_map import FEWEST_FILMS, MOST_FILMS, mean_normal_map
from model_folders import small_recipe, untrained
from stand_ins import film

pytestmark = pytest.mark.slow  # seconds a test: `make check` leaves them to `make test`

PIXELS = np.random.default_rng(2).integers(0, 256, (600, 32, 32), dtype=np.uint8)


@pytest.fixture(scope="module", params=[1, 2])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Graphs of one and of two nodes."""
    return Engine(export_onnx(untrained(small_recipe(head_nodes=request.param)), 32), "graph", 1)


def films_and_split(number: int) -> tuple[Catalogue, Split]:
    """Every second film is normal, every third of each class serves fitting."""
    records = tuple(film(f"train/{row}", str(row), "pneumonia" if row % 2 else "normal") for row in range(number))
    parts = tuple(("fit", "select", "calibrate")[row // 2 % 3] for row in range(number))
    return Catalogue("ward", Path(), records), Split("official", 0, 0, "", parts)


def mean_of(engine: Engine, pixels: np.ndarray, number: int) -> NormalMap | None:
    return mean_normal_map(engine, pixels[:number], *films_and_split(number), Silent())


def test_mean_over_places_above_normal_is_the_logit_minus_that_of_the_normal_films(engine: Engine) -> None:
    level = mean_of(engine, PIXELS, 240)
    assert level is not None and level.films == 40
    normal = PIXELS[:240:6]
    maps = engine.values("activation_map", PIXELS[-8:]) - np.array(level.rows)
    expected = engine.logits(PIXELS[-8:]) - engine.logits(normal).mean()
    assert expected.std() > 0.01
    np.testing.assert_allclose(maps.mean(axis=(1, 2)), expected, atol=1e-4)


def test_normal_fit_films_alone_have_a_part_in_it(engine: Engine) -> None:
    fit = films_and_split(240)[1].rows("fit")
    others = np.setdiff1d(np.arange(240), fit[fit % 2 == 0])
    spoilt = PIXELS[:240].copy()
    spoilt[others] = 0
    assert mean_of(engine, spoilt, 240) == mean_of(engine, PIXELS, 240)
    spoilt[fit[0]] = 0
    assert mean_of(engine, spoilt, 240) != mean_of(engine, PIXELS, 240)


def test_too_few_films_give_none_and_of_many_some_are_taken_evenly(engine: Engine) -> None:
    assert mean_of(engine, PIXELS, 6 * FEWEST_FILMS - 6) is None
    assert mean_of(engine, PIXELS, 6 * FEWEST_FILMS) is not None
    number = 6 * (MOST_FILMS + 50)
    many = mean_of(engine, np.resize(PIXELS, (number, 32, 32)), number)
    assert many is not None and many.films == MOST_FILMS
