"""A catalogue file that is none: one sentence, whatever stands in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from film_folders import catalogue_of, record
from hilum.datasets.catalogue_file import read_catalogue, write_catalogue
from hilum.errors import HilumError


@pytest.fixture
def written(tmp_path: Path) -> Path:
    write_catalogue(tmp_path / "k.csv", catalogue_of(record("a", "p1"), record("b", "p2", "normal")))
    return tmp_path / "k.csv"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"name": "made"', '"name": 3'),
        ('"notes": []', '"notes": "none"'),
        ('"notes": []', '"notes": [], "corrections": [{"path": "a", "sha256": "0", "label": 1}]'),
        ('"format": 1', '"format": "1"'),
        ('{"format"', "[" * 100_000 + '{"format"'),
        (",100,100,L,", ",wide,100,L,"),
        (",p1,", f",{'p' * 200_000},"),  # longer than a cell of the csv module may be
        ("\nb,normal,normal,p2,", "\nb,normal\n"),  # a row without its last cells
    ],
)
def test_catalogue_with_something_else_in_it_is_refused_in_one_sentence(written: Path, old: str, new: str) -> None:
    text = written.read_text(encoding="utf-8")
    assert old in text
    written.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(HilumError, match=r"k\.csv' is not a catalogue made by hilum"):
        read_catalogue(written)


def test_parquet_with_other_types_is_refused(tmp_path: Path) -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    catalogue, place = catalogue_of(record("a", "p1")), tmp_path / "k.parquet"
    write_catalogue(place, catalogue)
    table = parquet.read_table(place)
    for name, value in (("path", None), ("bytes", 1.5), ("bytes", None)):
        column = arrow.array([value], arrow.float64() if name == "bytes" else arrow.string())
        parquet.write_table(table.set_column(table.column_names.index(name), name, column), place)
        with pytest.raises(HilumError, match="is not a catalogue made by hilum"):
            read_catalogue(place)


def test_newer_catalogue_is_called_newer_whatever_else_it_holds(written: Path) -> None:
    text = written.read_text(encoding="utf-8").replace('"format": 1', '"format": 99').replace('"notes": []', '"x": 1')
    written.write_text(text, encoding="utf-8")
    with pytest.raises(HilumError, match="has format 99"):
        read_catalogue(written)


def test_notes_and_key_come_back(tmp_path: Path) -> None:
    catalogue = replace(catalogue_of(record("a", "p1")), root=tmp_path, notes=("One.", "Two."))
    write_catalogue(tmp_path / "k.csv", catalogue)
    assert read_catalogue(tmp_path / "k.csv") == catalogue
