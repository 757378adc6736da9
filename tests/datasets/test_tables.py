"""Films listed in a table."""

from __future__ import annotations

from pathlib import Path

import pytest

from hilum.datasets.found import FoundFilm
from hilum.datasets.tables import find_in_table
from hilum.errors import HilumError


def table(folder: Path, text: str) -> Path:
    path = folder / "labels.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_table_tells_label_patient_split_and_subtype(tmp_path: Path) -> None:
    path = table(tmp_path, "path,label,patient,split,subtype\nb.png,PNEUMONIA,007,Test,virus\na.png,normal,P 2,,\n")
    assert find_in_table(path, tmp_path).films == (
        FoundFilm("a.png", "normal", "normal", "", "P 2"),
        FoundFilm("b.png", "pneumonia", "virus", "test", "007"),
    )


@pytest.mark.parametrize(
    "text", ["Path;Label;Patient_ID;note\nx/a.png;NORMAL;7;n\n", "image\tclass\tpatient id\nx/a.png\tNormal\t7\n"]
)
def test_spreadsheet_spellings_are_understood(tmp_path: Path, text: str) -> None:
    assert find_in_table(table(tmp_path, "\ufeff" + text), tmp_path).films == (
        FoundFilm("x/a.png", "normal", "normal", "", "7"),
    )


def test_label_may_name_the_subtype(tmp_path: Path) -> None:
    (film,) = find_in_table(table(tmp_path, "path,label\na.png,Virus\n"), tmp_path).films
    assert (film.label, film.subtype) == ("pneumonia", "virus")


def test_paths_in_full_or_with_back_slashes_start_from_the_root(tmp_path: Path) -> None:
    path = table(tmp_path, f"path,label\n{tmp_path / 'x' / 'a.png'},normal\nx\\..\\b.png,normal\n")
    assert [film.path for film in find_in_table(path, tmp_path).films] == ["b.png", "x/a.png"]


def test_film_without_a_label_is_kept_with_its_problem(tmp_path: Path) -> None:
    (film,) = find_in_table(table(tmp_path, "path,label\na.png,\n"), tmp_path).films
    assert (film.label, film.problem) == ("", "The table gives no label.")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        ("path,label\n\n", "lists no films"),
        ("file,diagnosis\na.png,normal\n", "has no column 'label'"),
        ("path,label\na.png,pneumonai\n", "line 2 has the label 'pneumonai'.*Did you mean 'pneumonia'"),
        ("path,label,split\na.png,normal,trian\n", "line 2 has the split 'trian'.*Did you mean 'train'"),
        ("path,label,subtype\na.png,pneumonia,fungus\n", "line 2 has the subtype 'fungus'"),
        ("path,label\na.png,normal\n./a.png,normal\n", "names 'a.png' again in line 3"),
        ("path,label\n../a.png,normal\n", "lies outside"),
        ("path,label\n,normal\n", "line 2 names no file"),
    ],
)
def test_table_that_cannot_be_meant_is_one_sentence(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(HilumError, match=reason):
        find_in_table(table(tmp_path, text), tmp_path)


def test_binary_file_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_bytes(b"\xff\xd8\xff\xe0" * 9)
    with pytest.raises(HilumError, match="is not UTF-8 text"):
        find_in_table(tmp_path / "labels.csv", tmp_path)
