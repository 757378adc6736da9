"""hilum data index."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from rich.console import Console

from film_folders import kermany_like, write_film
from hilum.datasets import read_catalogue
from hilum.errors import HilumError
from hilum.verbs.data_index import Indexed, index


def read(answer: object, columns: int = 80) -> str:
    """What a person reads at so many columns, without colour."""
    console = Console(width=columns, no_color=True, highlight=False)
    with console.capture() as capture:
        console.print(answer)
    return capture.get()


def test_index_says_what_it_found_and_where_it_wrote(tmp_path: Path) -> None:
    answer = index(kermany_like(tmp_path / "films"), workspace=tmp_path / "work")
    text = read(answer)
    assert "kermany: 96 films of 72 patients" in text and "96 were opened" in text
    assert [line.split() for line in text.splitlines() if line.startswith(("train", "test"))] == [
        ["train", "32", "16", "16", "16", "48", "36"],
        ["test", "32", "16", "16", "16", "48", "36"],
    ]
    assert max(map(len, text.replace(str(tmp_path), "").splitlines())) <= 80
    assert read_catalogue(Path(answer.catalogue)).name == "kermany"
    assert answer.exit_status == 0


def test_second_index_opens_nothing(tmp_path: Path) -> None:
    kermany_like(tmp_path / "films", patients=2)
    assert [index(tmp_path / "films", workspace=tmp_path / "work").opened for _ in range(2)] == [15, 0]


def test_bad_film_is_told_with_exit_status_one(tmp_path: Path) -> None:
    kermany_like(tmp_path / "films", patients=2)
    (tmp_path / "films" / "train" / "NORMAL" / "IM-0900-0001.jpeg").write_text("not an image")
    answer = index(tmp_path / "films", workspace=tmp_path / "work")
    assert answer.exit_status == 1 and len(answer.problems) == 1
    assert "Cannot be used: train/NORMAL/IM-0900-0001.jpeg" in read(answer, 200)


def test_many_bad_films_do_not_fill_the_screen(tmp_path: Path) -> None:
    write_film(tmp_path / "films" / "NORMAL" / "good.jpeg", 1)
    for number in range(25):
        (tmp_path / "films" / "NORMAL" / f"bad{number}.jpeg").write_text("no")
    text = read(index(tmp_path / "films", workspace=tmp_path / "work"), 200)
    assert text.count("Cannot be used") == 10 and "and 15 more films" in text


def test_answer_is_json(tmp_path: Path) -> None:
    answer = index(kermany_like(tmp_path / "films", patients=2), workspace=tmp_path / "work")
    value = json.loads(json.dumps(answer.as_json()))
    assert (value["films"], value["patients"], value["counts"][0]["place"]) == (15, 12, "train")


def test_csv_on_request_needs_no_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    answer = index(kermany_like(tmp_path / "films", patients=2), output=tmp_path / "c.csv")
    assert len(read_catalogue(tmp_path / "c.csv").films) == answer.films == 15
    assert index(tmp_path / "films", output=tmp_path / "c.csv").opened == 0


def test_catalogue_is_turned_from_parquet_to_csv(tmp_path: Path) -> None:
    first = index(kermany_like(tmp_path / "films", patients=2), workspace=tmp_path / "work")
    index(Path(first.catalogue), output=tmp_path / "c.csv")
    assert read_catalogue(tmp_path / "c.csv") == read_catalogue(Path(first.catalogue))


def test_pattern_for_patients_and_name_are_taken(tmp_path: Path) -> None:
    write_film(tmp_path / "films" / "NORMAL" / "P1-a.jpeg", 1)
    write_film(tmp_path / "films" / "NORMAL" / "P1-b.jpeg", 2)
    answer = index(tmp_path / "films", patient=r"(P\d+)", name="ward 7", workspace=tmp_path / "work")
    assert (answer.name, answer.patients, answer.patient_key) == ("ward 7", 1, r"regex:(P\d+)")


def test_names_with_brackets_are_shown_as_they_are(tmp_path: Path) -> None:
    write_film(tmp_path / "films" / "NORMAL" / "[bold]x[/bold].jpeg", 1).write_text("no")
    text = read(index(tmp_path / "films", workspace=tmp_path / "work"), 200)
    assert "NORMAL/[bold]x[/bold].jpeg" in text


def test_empty_folder_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "films").mkdir()
    with pytest.raises(HilumError, match="holds no films"):
        index(tmp_path / "films", workspace=tmp_path / "work")
    assert not (tmp_path / "work").exists()


def test_answer_is_a_frozen_value(tmp_path: Path) -> None:
    answer = index(kermany_like(tmp_path / "films", patients=2), workspace=tmp_path / "work")
    assert isinstance(answer, Indexed)
    with pytest.raises(AttributeError):
        answer.films = 3  # type: ignore[misc]
