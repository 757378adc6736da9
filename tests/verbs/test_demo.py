"""hilum demo: the whole story, made small; what it leaves, what it replaces, what it says to type next."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from rich.console import Console

from hilum.cli import run as hilum
from hilum.datasets import read_catalogue
from hilum.errors import HilumError
from hilum.verbs.demo import Demonstration, demo

SMALLEST = ("film.side=28", "network.widths=[16]", "train.epochs=1")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Demonstration:
    """A demo with 24 patients and the smallest network."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hilum.verbs.demo.SMALLER", SMALLEST)
        return demo(output=tmp_path_factory.mktemp("demo") / "a demo", patients=24)


@pytest.mark.slow
def test_everything_it_points_at_is_there(told: Demonstration) -> None:
    assert all(path.stat().st_size for path in (told.report, told.grid, *told.maps))
    assert json.loads((told.folder / "looks.jsonl").read_text())["part"] == "test"


@pytest.mark.slow
def test_three_films_are_of_the_test_and_of_three_kinds(told: Demonstration) -> None:
    films = {film.path: film for film in read_catalogue(told.folder / "films.parquet").films}
    chosen = [films[Path(row.path).relative_to(told.folder / "films").as_posix()] for row in told.predicted.predictions]
    assert [(film.split, film.subtype) for film in chosen] == [
        ("test", kind) for kind in ("bacteria", "virus", "normal")
    ]
    assert len(told.maps) == 3


@pytest.mark.slow
def test_answer_for_machines_is_json(told: Demonstration) -> None:
    answer = json.loads(json.dumps(told.as_json()))
    assert len(answer["predictions"]) == len(answer["maps"]) == 3 and Path(answer["report"]).is_file()


@pytest.mark.slow
def test_commands_that_it_names_work_as_they_stand(told: Demonstration, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(told.folder.parent)
    console = Console(width=400)
    with console.capture() as capture:
        console.print(told)
    lines = [line.strip() for line in capture.get().partition("Then type")[2].splitlines()]
    commands = [shlex.split(line, comments=True) for line in lines if line.startswith("hilum ")]
    assert [words[1] for words in commands] == ["evaluate", "predict", "train"]
    for words in commands[:2]:  # the third is for films of one's own
        assert hilum(words[1:]) == 0


@pytest.mark.slow
def test_second_demo_replaces_the_first_and_nothing_else(told: Demonstration, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hilum.verbs.demo.SMALLER", SMALLEST)
    (told.folder / "mine.txt").write_text("mine")
    before = told.report.read_bytes()
    again = demo(output=told.folder, patients=16, seed=1)
    assert again.report == told.report and again.report.read_bytes() != before
    assert (told.folder / "mine.txt").read_text() == "mine"
    assert len((told.folder / "looks.jsonl").read_text().splitlines()) == 1


def test_older_demo_is_cleared_with_its_looks_and_other_files_stay(tmp_path: Path) -> None:
    made, mine = (
        ("films/phantom.json", "looks.jsonl", "run/model/hilum.json", "pixels/a.npy"),
        ("mine.txt", "runs/a.txt"),
    )
    for name in (*made, *mine):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    with pytest.raises(HilumError, match="0 phantom patients"):  # the next step, refused here so that nothing is drawn
        demo(output=tmp_path, patients=0)
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()) == [*mine]


@pytest.mark.parametrize("name", ["looks.jsonl", "run", "report", "films", "films.parquet"])
def test_what_no_demo_has_made_is_never_removed(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "mine.txt").touch()
    with pytest.raises(HilumError, match=f"holds '{name}', but no demo"):
        demo(output=tmp_path)
    assert (tmp_path / name / "mine.txt").exists()
