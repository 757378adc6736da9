"""Squares in a mapped file."""

from __future__ import annotations

import multiprocessing
import pickle
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from operator import attrgetter
from pathlib import Path

import numpy as np
import pytest

from hilum.datasets.mapped import MappedSquares, map_squares, remove_unless_held
from hilum.errors import HilumError


@pytest.fixture
def films() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (40, 32, 32), dtype=np.uint8)


@pytest.fixture
def path(films: np.ndarray, tmp_path: Path) -> Path:
    np.save(tmp_path / "films.npy", films)
    return tmp_path / "films.npy"


@pytest.fixture
def squares(path: Path) -> MappedSquares:
    return map_squares(path, (40, 32, 32), 128)


def test_spawned_worker_maps_the_file_instead_of_receiving_the_films(films: np.ndarray, squares: MappedSquares) -> None:
    assert len(pickle.dumps(squares)) < 1000 < films.nbytes
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        kind = pool.submit(type, squares).result()
        is_writeable = pool.submit(attrgetter("flags.writeable"), squares).result()
        sums = pool.submit(np.sum, squares, (1, 2)).result()
    assert kind is MappedSquares and not is_writeable
    np.testing.assert_array_equal(sums, films.sum((1, 2)))


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    ("part", "is_mapped"),
    [
        (lambda films: films, True),
        (lambda films: films[3:7], True),
        (lambda films: films[5], True),
        (lambda films: films[::2], False),
        (lambda films: films[:, 1:], False),
        (lambda films: films[[4, 2]], False),
        (lambda films: films.view(np.int8), False),
    ],
)
def test_every_part_arrives_as_it_was_sent(
    films: np.ndarray, squares: MappedSquares, part: Callable[[np.ndarray], np.ndarray], is_mapped: bool, protocol: int
) -> None:
    arrived = pickle.loads(pickle.dumps(part(squares), protocol))  # noqa: S301 -- our own bytes
    np.testing.assert_array_equal(arrived, part(films))
    assert arrived.dtype == part(films).dtype
    assert isinstance(arrived, MappedSquares) == is_mapped


@pytest.mark.parametrize("computed", [lambda films: films[[1, 2]], lambda films: films + 1, lambda films: films.mean()])
def test_what_is_computed_is_a_plain_value(
    films: np.ndarray, squares: MappedSquares, computed: Callable[[np.ndarray], object]
) -> None:
    assert type(computed(squares)) is type(computed(films))
    np.testing.assert_array_equal(computed(squares), computed(films))


def test_file_is_held_until_the_last_view_is_let_go(squares: MappedSquares, path: Path) -> None:
    view = squares[2:4]
    assert not remove_unless_held(path) and path.exists()
    del view


def test_file_that_nobody_reads_is_removed(path: Path) -> None:
    held = map_squares(path, (40, 32, 32), 128)[1:]
    assert not remove_unless_held(path)
    del held
    assert remove_unless_held(path) and not path.exists()
    assert not remove_unless_held(path)


def test_file_that_was_cut_short_is_one_sentence(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(HilumError, match=r"films\.npy' is too short for 40 films"):
        map_squares(path, (40, 32, 32), 128)


def test_file_that_is_gone_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(HilumError, match="No such file"):
        map_squares(tmp_path / "films.npy", (40, 32, 32), 128)
