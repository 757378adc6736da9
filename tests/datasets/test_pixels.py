"""The pixel cache."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from film_folders import catalogue_of, kermany_like, record, write_film
from hilum.datasets import Catalogue, index_folder, open_pixels
from hilum.datasets.pixels import KEPT
from hilum.errors import HilumError
from hilum.images import read_film, to_square
from hilum.progress import Bar, Silent


@pytest.fixture
def films(tmp_path: Path) -> Catalogue:
    return index_folder(kermany_like(tmp_path / "films", patients=2))


class Labels(Silent):
    """Remembers the label of each bar."""

    def __init__(self) -> None:
        self.labels = list[str]()

    @contextmanager
    def bar(self, label: str, total: int) -> Iterator[Bar]:
        self.labels.append(label)
        with super().bar(label, total) as bar:
            yield bar


def made(directory: Path) -> list[str]:
    return sorted(path.suffix for path in directory.iterdir())


@pytest.mark.parametrize("geometry", ["squash", "pad"])
def test_squares_are_those_that_prediction_sees(films: Catalogue, tmp_path: Path, geometry: str) -> None:
    pixels = open_pixels(films, 48, geometry, tmp_path / "cache")
    assert pixels.shape == (len(films.films), 48, 48) and pixels.dtype == np.uint8
    assert not pixels.flags.writeable
    for film, square in zip(films.films, pixels, strict=True):
        np.testing.assert_array_equal(square, to_square(read_film(films.root / film.path).pixels, 48, geometry))


def test_films_are_decoded_once(films: Catalogue, tmp_path: Path) -> None:
    progress = Labels()
    for _ in range(2):
        open_pixels(films, 32, "squash", tmp_path / "cache", progress)
    assert progress.labels == ["Decoding films"]
    assert made(tmp_path / "cache") == [".json", ".npy"]


def test_each_side_geometry_and_choice_of_films_has_its_own_file(films: Catalogue, tmp_path: Path) -> None:
    some = films.select(range(3))
    for catalogue, side, geometry in (
        (films, 32, "squash"),
        (films, 33, "squash"),
        (films, 32, "pad"),
        (some, 32, "squash"),
    ):
        assert len(open_pixels(catalogue, side, geometry, tmp_path / "cache")) == len(catalogue.films)
    assert len(made(tmp_path / "cache")) == 8


def remove_files(catalogue: Catalogue, rows: range) -> None:
    for row in rows:
        (catalogue.root / catalogue.films[row].path).unlink()


def test_film_that_another_cache_holds_is_copied_not_decoded_again(films: Catalogue, tmp_path: Path) -> None:
    expected = np.array(open_pixels(films, 32, "squash", tmp_path / "expected"))
    open_pixels(films.select(range(3)), 32, "squash", tmp_path / "cache")
    open_pixels(films.select(range(2, 6)), 32, "squash", tmp_path / "cache")
    remove_files(films, range(6))  # whoever opens one of them again fails
    np.testing.assert_array_equal(open_pixels(films, 32, "squash", tmp_path / "cache"), expected)
    remove_files(films, range(6, len(films.films)))
    backwards = films.select(range(len(films.films) - 1, -1, -1))
    progress = Labels()
    np.testing.assert_array_equal(open_pixels(backwards, 32, "squash", tmp_path / "cache", progress), expected[::-1])
    assert progress.labels == []


@pytest.mark.parametrize(("side", "geometry"), [(33, "squash"), (32, "pad")])
def test_cache_of_another_side_or_geometry_gives_nothing(
    films: Catalogue, tmp_path: Path, side: int, geometry: str
) -> None:
    open_pixels(films, side, geometry, tmp_path / "cache")
    remove_files(films, range(1))
    with pytest.raises(HilumError, match="No such file"):
        open_pixels(films.select(range(3)), 32, "squash", tmp_path / "cache")


def test_cache_of_an_older_preprocessing_gives_nothing(
    films: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_pixels(films, 32, "squash", tmp_path / "cache")
    monkeypatch.setattr("hilum.datasets.pixels.PREPROCESSING", 2)
    remove_files(films, range(1))
    with pytest.raises(HilumError, match="No such file"):
        open_pixels(films.select(range(3)), 32, "squash", tmp_path / "cache")


def flip_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-9] ^= 1
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def lose_sidecar(path: Path) -> None:
    path.with_suffix(".json").unlink()


def spoil_sidecar(path: Path) -> None:
    path.with_suffix(".json").write_text('{"sha256": 3')


@pytest.mark.parametrize("damage", [flip_bit, cut, lose_sidecar, spoil_sidecar])
def test_damaged_cache_is_made_again_and_that_is_said(
    films: Catalogue, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    expected = np.array(open_pixels(films, 32, "squash", tmp_path / "cache"))
    damage(next((tmp_path / "cache").glob("*.npy")))
    progress = Labels()
    np.testing.assert_array_equal(open_pixels(films, 32, "squash", tmp_path / "cache", progress), expected)
    assert progress.labels == ["Decoding again (damaged cache)"]


@pytest.mark.parametrize("damage", [flip_bit, cut, lose_sidecar, spoil_sidecar])
def test_damaged_cache_gives_nothing_to_others(
    films: Catalogue, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    expected = np.array(open_pixels(films, 32, "squash", tmp_path / "cache"))
    damage(next((tmp_path / "cache").glob("*.npy")))
    progress = Labels()
    some = open_pixels(films.select(range(1, 3)), 32, "squash", tmp_path / "cache", progress)
    np.testing.assert_array_equal(some, expected[1:3])
    assert progress.labels == ["Decoding films"]


def test_film_that_changed_since_the_index_is_refused_by_name(films: Catalogue, tmp_path: Path) -> None:
    write_film(films.root / films.films[2].path, 999)
    with pytest.raises(HilumError, match=f"{films.films[2].path}' is not as it was indexed: the file has changed"):
        open_pixels(films, 32, "squash", tmp_path / "cache")
    assert made(tmp_path / "cache") == []


def test_film_that_is_gone_is_refused_by_name(films: Catalogue, tmp_path: Path) -> None:
    (films.root / films.films[0].path).unlink()
    with pytest.raises(HilumError, match="No such file"):
        open_pixels(films, 32, "squash", tmp_path / "cache")


def test_films_with_a_problem_are_refused_by_name(tmp_path: Path) -> None:
    bad = catalogue_of(record("a.png", "a"), replace(record("b.png", "b"), problem="It is empty."))
    with pytest.raises(HilumError, match=r"1 films cannot be decoded: 'b.png' \(It is empty"):
        open_pixels(bad, 32, "squash", tmp_path)


def test_no_films_are_refused(tmp_path: Path) -> None:
    with pytest.raises(HilumError, match="no films to decode"):
        open_pixels(catalogue_of(), 32, "squash", tmp_path)


def test_unknown_geometry_is_one_sentence(films: Catalogue, tmp_path: Path) -> None:
    with pytest.raises(HilumError, match=r"^There is no geometry 'sqash'"):
        open_pixels(films, 32, "sqash", tmp_path / "cache")


def test_full_disc_is_one_sentence_and_leaves_nothing(
    films: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", no_space)  # the disc is what cannot be had in a test
    with pytest.raises(HilumError, match=r"Could not write .*No space left.*Free some space"):
        open_pixels(films, 32, "squash", tmp_path / "cache")
    assert made(tmp_path / "cache") == []


def test_runs_at_the_same_time_share_the_cache(films: Catalogue, tmp_path: Path) -> None:
    results: list[Any] = []
    threads = [
        threading.Thread(target=lambda: results.append(open_pixels(films, 32, "squash", tmp_path / "cache")))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4 and all(np.array_equal(result, results[0]) for result in results)
    assert made(tmp_path / "cache") == [".json", ".npy"]


def caches(directory: Path) -> set[str]:
    return {path.stem for path in directory.glob("*.npy")}


def age(directory: Path) -> None:
    """Put an hour between what was opened so far and what comes."""
    for path in directory.glob("*.npy"):
        os.utime(path, (0, path.stat().st_mtime - 3600))


def test_caches_opened_longest_ago_are_removed_when_another_is_made(films: Catalogue, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    open_pixels(films, 32, "pad", cache)
    first = caches(cache)
    for number in range(KEPT):
        age(cache)
        open_pixels(films.select([number]), 32, "squash", cache)
    age(cache)
    oldest = open_pixels(films.select([0]), 32, "squash", cache)[0].copy()  # opened again: now the second is the oldest
    before = caches(cache)
    age(cache)
    open_pixels(films.select([KEPT]), 32, "squash", cache)
    assert first < caches(cache) and len(caches(cache)) == len(first) + KEPT
    assert len(before - caches(cache)) == 1
    assert {path.stem for path in cache.glob("*.json")} == caches(cache)
    remove_files(films, range(1))
    np.testing.assert_array_equal(open_pixels(films.select([0]), 32, "squash", cache)[0], oldest)
    with pytest.raises(HilumError, match="No such file"):
        remove_files(films, range(1, 2))
        open_pixels(films.select([1]), 32, "squash", cache)


def test_cache_that_is_in_use_is_not_removed(films: Catalogue, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    in_use = open_pixels(films.select([0]), 32, "squash", cache)
    (held,) = caches(cache)
    view = in_use[:1]
    del in_use
    for number in range(1, KEPT + 2):
        age(cache)
        open_pixels(films.select([number]), 32, "squash", cache)
    assert held in caches(cache) and len(caches(cache)) == KEPT + 1
    del view
    open_pixels(films.select(range(2)), 32, "squash", cache)
    assert held not in caches(cache) and len(caches(cache)) == KEPT


def test_part_of_a_writer_that_was_killed_a_day_ago_is_removed_with_the_unused_caches(
    films: Catalogue, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    open_pixels(films, 32, "squash", cache)
    stale, running = cache / ".pixels-32-squash-0.npy.0123abcd.part", cache / ".pixels-32-squash-1.npy.0123abcd.part"
    stale.touch()
    running.touch()
    os.utime(stale, (0, stale.stat().st_mtime - 2 * 24 * 3600))
    open_pixels(films.select([0]), 32, "squash", cache)
    assert running.exists() and not stale.exists()
