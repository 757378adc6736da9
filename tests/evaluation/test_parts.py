from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from film_folders import ward
from hilum.datasets import Catalogue, split_films
from hilum.errors import HilumError
from hilum.evaluation import LeftOut, films_to_judge
from stand_ins import film, manifest

FILMS = Catalogue(
    "made",
    Path(),
    (
        film("test/a", "1"),
        film("test/b", "2", "normal"),
        film("test/broken", "3", problem="It is truncated."),
        film("train/c", "4"),
    ),
)


def test_a_folder_is_judged_and_bad_films_are_listed() -> None:
    films, left_out = films_to_judge(FILMS, "test", manifest())
    assert [one.path for one in films.films] == ["test/a", "test/b"]
    assert left_out == (LeftOut("test/broken", "It is truncated.", "pneumonia"),)


def test_all_are_judged_on_request() -> None:
    assert len(films_to_judge(FILMS, "all", manifest())[0].films) == 3


@pytest.mark.parametrize(("protocol", "fold"), [("grouped", 3), ("grouped20", 0), ("random20", 0)])
def test_validation_is_what_the_models_own_protocol_held_back(protocol: str, fold: int) -> None:
    catalogue = ward(60, "train")
    made = manifest(protocol=protocol, seed=5, fold=fold)
    rows = split_films(catalogue, protocol, seed=5, fold=fold).rows("validation")
    judged, _ = films_to_judge(catalogue, "validation", made)
    assert judged.films == catalogue.select(rows).films


def test_a_part_without_films_names_those_with_films() -> None:
    with pytest.raises(HilumError, match=r"part 'val' of 'made'.*train \(1\), test \(2\), all \(3\).*--split all"):
        films_to_judge(FILMS, "val", manifest())
    only_bad = replace(FILMS, films=FILMS.films[2:3])
    with pytest.raises(HilumError, match="no film to judge"):
        films_to_judge(only_bad, "test", manifest())


def test_a_part_that_nobody_knows_is_refused() -> None:
    with pytest.raises(HilumError, match="There is no part 'tset'"):
        films_to_judge(FILMS, "tset", manifest())
