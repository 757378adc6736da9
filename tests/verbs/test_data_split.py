"""hilum data split."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from film_folders import kermany_like, ward
from hilum.datasets import split_films
from hilum.errors import HilumError
from hilum.verbs.data_split import Division, assignment, split


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return kermany_like(tmp_path_factory.mktemp("split") / "films")


def read(answer: object) -> str:
    console = Console(width=80, no_color=True, highlight=False)
    with console.capture() as capture:
        console.print(answer)
    return capture.get()


def divided(films: Path, protocol: str, output: Path | None = None) -> Division:
    return split(films, protocol=protocol, output=output, workspace=films.parent / "work")


def test_parts_are_counted_by_class_and_patient(films: Path) -> None:
    answer = divided(films, "official")
    assert [count.place for count in answer.counts] == ["fit", "select", "calibrate", "test"]
    assert (answer.counts[-1].films, answer.counts[-1].patients) == (48, 36)
    assert "figures are measured on test" in read(answer)
    assert "LEAKY" not in read(answer)


def test_leaky_protocol_is_marked_wherever_it_appears(films: Path, tmp_path: Path) -> None:
    answer = divided(films, "random20", tmp_path / "parts.csv")
    assert answer.is_leaky and answer.as_json()["is_leaky"] and 0 < answer.leaked_share < 1
    assert "random20 (LEAKY)" in read(answer) and "also serve development" in " ".join(read(answer).split())
    with (tmp_path / "parts.csv").open(encoding="utf-8") as file:
        assert {(row["protocol"], row["is_leaky"]) for row in csv.DictReader(file)} == {("random20", "true")}


def test_assignment_names_the_part_of_each_film(films: Path, tmp_path: Path) -> None:
    answer = divided(films, "grouped", tmp_path / "new" / "parts.csv")
    with (tmp_path / "new" / "parts.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 96 and list(rows[0])[:5] == ["path", "label", "subtype", "patient", "part"]
    assert {count.place: count.films for count in answer.counts} == {
        part: sum(row["part"] == part for row in rows) for part in ("fit", "select", "calibrate", "validation", "test")
    }


def test_cell_that_a_spreadsheet_would_run_is_quoted() -> None:
    catalogue = ward()
    films_with_one = (replace(catalogue.films[0], path="=1+1.png", patient="@sum"), *catalogue.films[1:])
    text = assignment(replace(catalogue, films=films_with_one), split_films(catalogue, "grouped20"))
    assert text.splitlines()[1].startswith("'=1+1.png,") and ",'@sum," in text.splitlines()[1]


def test_answer_is_json_and_fits_80_columns(films: Path) -> None:
    answer = divided(films, "grouped20")
    assert json.loads(json.dumps(answer.as_json()))["protocol"] == "grouped20"
    assert max(map(len, read(answer).splitlines())) <= 80


def test_misspelt_protocol_is_one_sentence(films: Path) -> None:
    with pytest.raises(HilumError, match="Did you mean 'grouped20'"):
        divided(films, "groupd20")
