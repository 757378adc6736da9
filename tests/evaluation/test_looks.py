from __future__ import annotations

from pathlib import Path

import pytest

from hilum.datasets import Catalogue
from hilum.errors import HilumError
from hilum.evaluation import LOOKS, Look, count_looks, hash_of_films, read_looks, record_look
from hilum.evaluation.looks import sets_seen
from stand_ins import film


def _look(model: str, films_hash: str = "f") -> Look:
    return Look("2025-01-01T00:00:00+00:00", model, model * 64, "cnn", "test", 624, films_hash, "hilum evaluate m d")


def test_looks_are_kept_in_order(tmp_path: Path) -> None:
    for model in ("a", "b", "a"):
        record_look(tmp_path, _look(model))
    looks, unreadable = read_looks(tmp_path)
    assert [look.model for look in looks] == ["a", "b", "a"]
    assert unreadable == 0


def test_a_model_that_looks_twice_is_one_model(tmp_path: Path) -> None:
    for model, films in (("a", "f"), ("a", "f"), ("b", "f"), ("a", "g")):
        record_look(tmp_path, _look(model, films))
    count = count_looks(*read_looks(tmp_path), "f")
    assert (count.models, count.looks, count.unreadable) == (2, 3, 0)


def test_a_damaged_line_is_counted_and_hides_no_other(tmp_path: Path) -> None:
    record_look(tmp_path, _look("a"))
    with (tmp_path / LOOKS).open("a") as file:
        file.write('{"time": "2025\n[]\n{"unknown": 1}\n')
    record_look(tmp_path, _look("b"))
    count = count_looks(*read_looks(tmp_path), "f")
    assert (count.models, count.unreadable) == (2, 3)


def test_no_file_is_no_look(tmp_path: Path) -> None:
    assert read_looks(tmp_path) == ((), 0)


def test_a_look_that_cannot_be_written_down_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / LOOKS).mkdir()
    with pytest.raises(HilumError, match=r"looks\.jsonl"):
        record_look(tmp_path, _look("a"))


def test_films_are_known_by_their_bytes_alone() -> None:
    first, second = film("test/a", "1"), film("test/b", "2", "normal")
    here = Catalogue("kermany", Path("here"), (first, second))
    renamed = film("all/x", "9", "normal", sha256=first.sha256)
    assert hash_of_films(here) == hash_of_films(Catalogue("copy", Path("there"), (second, renamed)))
    assert hash_of_films(here) != hash_of_films(here.select([0]))


def test_a_look_at_all_films_is_one_at_the_test_films_among_them() -> None:
    tests = tuple(film(f"test/{name}", name) for name in "ab")
    everything = Catalogue("kermany", Path(), (*tests, film("train/c", "c")))
    seen = sets_seen(everything, "all")
    assert {part: hash_of_films(films) for part, films in seen.items()} == {
        "all": hash_of_films(everything),
        "test": hash_of_films(Catalogue("kermany", Path(), tests)),
    }


@pytest.mark.parametrize(("part", "folders"), [("test", "aa"), ("all", ""), ("all", "test"), ("validation", "test")])
def test_a_look_at_anything_else_is_one_look(part: str, folders: str) -> None:
    films = Catalogue("made", Path(), tuple(film(f"{folders}/{name}", name, split=folders) for name in "ab"))
    assert list(sets_seen(films, part)) == [part]
