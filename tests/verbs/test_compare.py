"""hilum compare: judged runs in, who is better out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from hilum.errors import HilumError
from hilum.verbs.compare import compare
from judged_runs import jittered, write_reference_runs, write_run


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    monkeypatch.chdir(tmp_path)
    return write_reference_runs(tmp_path)


def test_page_and_json_are_written_together(runs: list[Path], tmp_path: Path) -> None:
    made = compare(runs, operating_point="0.5", draws=50, output=tmp_path / "out")
    assert (tmp_path / "out" / "index.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert json.loads((tmp_path / "out" / "comparison.json").read_text()) == json.loads(
        json.dumps(made.as_json()["comparison"])
    )


def test_no_film_and_no_list_of_looks_is_touched(runs: list[Path], tmp_path: Path) -> None:
    compare(runs, draws=20, operating_point="0.5")
    assert not list(tmp_path.rglob("looks.jsonl"))
    assert not list(tmp_path.rglob("hilum-data"))


def test_the_usual_place_tells_models_apart(runs: list[Path], tmp_path: Path) -> None:
    compare(runs, draws=20)
    compare(runs, draws=20, seed=1)
    third = write_run(tmp_path / "third", jittered("fine_tuned", 1), "third")
    compare([*runs, third], draws=20)
    names = sorted(place.name for place in (tmp_path / "runs" / "comparisons").iterdir())
    assert [name[:-9] for name in names] == [
        "fine_tuned-and-2-others-kermany-test",
        "fine_tuned-and-frozen_linear-kermany-test",
    ]


def test_a_folder_with_something_else_is_left_alone(runs: list[Path], tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text("mine")
    with pytest.raises(HilumError, match=r"holds 'index\.html' of something else"):
        compare(runs, draws=20, output=site)
    assert (site / "index.html").read_text() == "mine"
    with pytest.raises(HilumError, match=r"holds 'index\.html' of something else"):
        compare(runs, draws=20, output=runs[0].parent / shutil.copytree(site, tmp_path / "copy").name)


@pytest.mark.parametrize("wrong", [{"margin": 2.0}, {"draws": 0}, {"operating_point": "none"}, {"seeds": True}])
def test_what_cannot_be_compared_writes_nothing(runs: list[Path], tmp_path: Path, wrong: dict[str, object]) -> None:
    chosen = [runs[0], write_run(tmp_path / "again", jittered("fine_tuned", 1), "fine_tuned", 1)]
    with pytest.raises(HilumError):
        compare(chosen, output=tmp_path / "out", **wrong)  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()
