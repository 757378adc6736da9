"""The index that is kept up to date in the workspace."""

from __future__ import annotations

from pathlib import Path

import pytest

from film_folders import kermany_like, write_film
from hilum.datasets import read_catalogue, resolve_catalogue, write_catalogue
from hilum.datasets.workspace import Wishes, place_of, update_index
from hilum.errors import HilumError


def test_folder_is_indexed_into_the_workspace_under_its_name(tmp_path: Path) -> None:
    kermany_like(tmp_path / "films", patients=2)
    catalogue, directory = resolve_catalogue(tmp_path / "films", tmp_path / "work")
    assert directory == tmp_path / "work" / "films"
    assert read_catalogue(directory / "catalogue.parquet") == catalogue


def test_unchanged_folder_leaves_the_catalogue_file_alone(tmp_path: Path) -> None:
    kermany_like(tmp_path / "films", patients=2)
    _, directory = resolve_catalogue(tmp_path / "films", tmp_path / "work")
    before = (directory / "catalogue.parquet").stat().st_mtime_ns
    resolve_catalogue(tmp_path / "films", tmp_path / "work")
    assert (directory / "catalogue.parquet").stat().st_mtime_ns == before


def test_new_film_is_seen_at_the_next_use(tmp_path: Path) -> None:
    kermany_like(tmp_path / "films", patients=2)
    first, _ = resolve_catalogue(tmp_path / "films", tmp_path / "work")
    write_film(tmp_path / "films" / "train" / "NORMAL" / "IM-0777-0001.jpeg", 777)
    second, directory = resolve_catalogue(tmp_path / "films", tmp_path / "work")
    assert len(second.films) == len(first.films) + 1
    assert read_catalogue(directory / "catalogue.parquet") == second


def test_patient_key_and_name_of_the_index_are_kept(tmp_path: Path) -> None:
    write_film(tmp_path / "films" / "NORMAL" / "P1-a.jpeg", 1)
    update_index(tmp_path / "films", place_of(tmp_path / "films", tmp_path), Wishes(r"(P\d)", "ward 7"))
    write_film(tmp_path / "films" / "NORMAL" / "P1-b.jpeg", 2)
    catalogue, _ = resolve_catalogue(tmp_path / "films", tmp_path)
    assert (catalogue.name, catalogue.patients) == ("ward 7", ("P1", "P1"))


def test_catalogue_file_is_taken_as_it_is(tmp_path: Path) -> None:
    kermany_like(tmp_path / "films", patients=2)
    catalogue, _ = resolve_catalogue(tmp_path / "films", tmp_path / "work")
    for name in ("my.parquet", "my.csv"):
        write_catalogue(tmp_path / "own" / name, catalogue)
        assert resolve_catalogue(tmp_path / "own" / name, tmp_path / "work") == (
            catalogue,
            (tmp_path / "own").resolve(),
        )


def test_table_is_indexed_beside_the_folder_of_its_name(tmp_path: Path) -> None:
    write_film(tmp_path / "ward" / "a.jpeg", 1)
    (tmp_path / "ward" / "labels.csv").write_text("path,label,patient\na.jpeg,normal,7\n")
    catalogue, directory = resolve_catalogue(tmp_path / "ward" / "labels.csv", tmp_path / "work")
    assert directory == tmp_path / "work" / "ward-labels" and catalogue.patients == ("7",)
    assert resolve_catalogue(tmp_path / "ward" / "labels.csv", tmp_path / "work")[0] == catalogue


def test_other_data_of_the_same_name_are_refused(tmp_path: Path) -> None:
    kermany_like(tmp_path / "a" / "films", patients=2)
    kermany_like(tmp_path / "b" / "films", patients=2)
    resolve_catalogue(tmp_path / "a" / "films", tmp_path / "work")
    with pytest.raises(HilumError, match=r"an index named like .*--workspace"):
        resolve_catalogue(tmp_path / "b" / "films", tmp_path / "work")


@pytest.mark.parametrize(
    ("name", "reason"), [("nowhere", "No such file"), ("film.png", "neither a folder nor a table")]
)
def test_what_is_no_data_is_one_sentence(tmp_path: Path, name: str, reason: str) -> None:
    write_film(tmp_path / "film.png", 1)
    with pytest.raises(HilumError, match=reason):
        resolve_catalogue(tmp_path / name, tmp_path / "work")


def test_workspace_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    kermany_like(tmp_path / "films", patients=2)
    (tmp_path / "work").write_text("a file")
    with pytest.raises(HilumError, match="Could not write"):
        resolve_catalogue(tmp_path / "films", tmp_path / "work")


def test_other_file_at_the_place_of_the_catalogue_is_not_overwritten(tmp_path: Path) -> None:
    kermany_like(tmp_path / "films", patients=2)
    (tmp_path / "mine.csv").write_text("my,own,table\n")
    with pytest.raises(HilumError, match="is not a catalogue"):
        update_index(tmp_path / "films", tmp_path / "mine.csv", Wishes())
    assert (tmp_path / "mine.csv").read_text() == "my,own,table\n"
