"""The gate of a graph, from its fit and calibrate films alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hilum.datasets import Catalogue, Split
from hilum.engine import FEATURE_DISTANCE, Engine
from hilum.exporting import export_onnx
from hilum.images import read_film, to_square
from hilum.modelfolder import Gate
from hilum.progress import Silent
from hilum.training.gate import fit_gate
from small_job import first_network, small_recipe
from stand_ins import film

SIDE = 32


@pytest.fixture(scope="module")
def graph() -> bytes:
    return export_onnx(first_network(small_recipe()), SIDE)


@pytest.fixture(scope="module")
def pixels(phantom_films: Path) -> np.ndarray:
    paths = sorted((phantom_films / "train").rglob("*.jpeg"))
    return np.stack([to_square(read_film(path).pixels, SIDE) for path in paths])


def films_and_split(count: int, calibrate: int) -> tuple[Catalogue, Split]:
    """A patient for each film; the last `calibrate` give the limits."""
    films = tuple(film(f"train/{number}", str(number)) for number in range(count))
    parts = ("fit",) * (count - calibrate) + ("calibrate",) * calibrate
    return Catalogue("made", Path(), films), Split("official", 0, 0, "", parts)


@pytest.fixture(scope="module")
def gated(graph: bytes, pixels: np.ndarray) -> tuple[bytes, Gate]:
    made, gate = fit_gate(graph, pixels, *films_and_split(len(pixels), 20), Silent(), threads=1)
    assert gate is not None
    return made, gate


def test_gate_refuses_no_calibrate_film_and_tells_a_page_from_them(gated: tuple[bytes, Gate]) -> None:
    made, gate = gated
    assert 0 < gate.warn_above <= gate.refuse_above and gate.refused <= 0.05
    page = np.full((2, SIDE, SIDE), 250, np.uint8)
    page[0, ::4], page[1, :, ::3] = 0, 10
    assert (Engine(made, "g", 1).values(FEATURE_DISTANCE, page) > gate.refuse_above).all()


def test_gate_counts_what_it_was_made_from(gated: tuple[bytes, Gate], pixels: np.ndarray) -> None:
    gate = gated[1]
    assert (gate.films, gate.patients, gate.fit_films) == (20, 20, len(pixels) - 20)


def test_same_films_give_the_same_gate_whatever_their_labels(
    graph: bytes, pixels: np.ndarray, gated: tuple[bytes, Gate]
) -> None:
    films, split = films_and_split(len(pixels), 20)
    turned = replace(films, films=tuple(replace(one, label="normal") for one in films.films))
    assert fit_gate(graph, pixels, turned, split, Silent(), threads=1) == gated


@pytest.mark.parametrize(("count", "calibrate"), [(30, 4), (20, 10)])
def test_too_few_films_give_no_gate_and_the_graph_as_it_was(
    graph: bytes, pixels: np.ndarray, count: int, calibrate: int
) -> None:
    films, split = films_and_split(count, calibrate)
    assert fit_gate(graph, pixels[:count], films, split, Silent(), threads=1) == (graph, None)
