"""hilum evaluate: a run and films in; table, JSON and page out."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sklearn.metrics import roc_auc_score

from hilum.cli import run as hilum
from hilum.evaluation import read_evaluation, write_evaluation

pytestmark = pytest.mark.slow  # seconds a test: `make check` leaves them to `make test`


@pytest.fixture
def own_films(phantom_films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the phantom films under the name they were trained by, in a workspace of its own."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(phantom_films, tmp_path / phantom_films.name)
    return tmp_path / phantom_films.name


def test_files_hold_the_figures_that_were_shown(
    phantom_run: Path, own_films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "report"
    assert hilum(["evaluate", str(phantom_run), str(own_films), "--output", str(out), "--draws", "100"]) == 0
    shown = capsys.readouterr().out
    evaluation = read_evaluation(out / "evaluation.json")
    for point in evaluation.points:
        assert f"{point.sensitivity.text()}   {point.specificity.text()}" in " ".join(shown.split(" "))
    assert evaluation.contact.met == 0
    assert evaluation.films.part == "test"
    with (out / "predictions.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    auroc = roc_auc_score([row["label"] == "pneumonia" for row in rows], [float(row["logit"]) for row in rows])
    assert evaluation.scores.auroc.value == pytest.approx(auroc, abs=1e-12)
    assert (out / "index.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_json_is_one_document_and_prevalences_are_those_asked_for(
    phantom_run: Path, own_films: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["evaluate", str(phantom_run), str(own_films), "--draws", "50", "--prevalence", "0.03", "--json"]
    assert hilum(words) == 0
    answer = json.loads(capsys.readouterr().out)
    values = answer["evaluation"]["points"][0]["predictive_values"]
    assert [one["prevalence"] for one in values][:-1] == [0.03]
    assert Path(answer["files"]["page"]).is_file()


def test_training_films_are_refused_in_one_sentence(
    phantom_run: Path, own_films: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert hilum(["evaluate", str(phantom_run), str(own_films), "--split", "train"]) == 2
    error = capsys.readouterr().err
    assert "The model has met" in error
    assert "Traceback" not in error
    assert not list(Path("hilum-data").rglob("looks.jsonl"))


def test_output_that_cannot_be_written_costs_no_look(
    phantom_run: Path, own_films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert hilum(["evaluate", str(phantom_run), str(own_films), "--output", str(tmp_path / "file" / "x")]) == 2
    assert "Could not write to" in capsys.readouterr().err
    assert not list(Path("hilum-data").rglob("looks.jsonl"))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("--draws 0", "0 draws"),
        ("--draws=-5", "-5 draws"),
        ("--seed=-1", "seed -1"),
        ("--threads=-3", "-3 threads. Expected a number from 0, which takes every core, to 1024"),
        ("--threads=5000", "5000 threads"),
        ("--prevalence 1.5", "1.5 as a prevalence"),
        ("--prevalence 0", "0 as a prevalence"),
        ("--prevalence nan", "nan as a prevalence"),
        ("--split tset", "no part 'tset'"),
    ],
)
def test_an_argument_that_is_refused_costs_no_look(
    phantom_run: Path, own_films: Path, capsys: pytest.CaptureFixture[str], wrong: str, told: str
) -> None:
    assert hilum(["evaluate", str(phantom_run), str(own_films), *wrong.split()]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert "Traceback" not in error
    assert not list(Path().rglob("looks.jsonl"))


def test_missing_libraries_of_the_page_cost_no_look(
    phantom_run: Path, own_films: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert hilum(["evaluate", str(phantom_run), str(own_films)]) == 2
    assert "pip install 'hilum[judge]'" in capsys.readouterr().err
    assert not list(Path().rglob("looks.jsonl"))


def test_one_place_holds_one_model_on_one_part(
    phantom_run: Path, own_films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["evaluate", str(phantom_run), str(own_films), "--draws", "20"]
    assert hilum(words) == 0
    assert hilum([*words, "--seed", "1"]) == 0
    [place] = Path("runs/evaluations").iterdir()
    evaluation = read_evaluation(place / "evaluation.json")
    assert evaluation.seed == 1
    assert place.name == f"cnn-scratch-{evaluation.model.model_hash[:8]}-{evaluation.films.data_name}-test"
    write_evaluation(
        place / "evaluation.json", replace(evaluation, model=replace(evaluation.model, model_hash="f" * 64))
    )
    before = (place / "index.html").read_bytes()
    capsys.readouterr()
    assert hilum([*words, "--output", str(place)]) == 2
    assert "holds 'evaluation.json' of something else" in capsys.readouterr().err
    assert (place / "index.html").read_bytes() == before
    [looks] = Path().rglob("looks.jsonl")
    assert len(looks.read_text().splitlines()) == 2


def test_a_page_that_is_no_evaluation_is_left_alone(
    phantom_run: Path, own_films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("mine")
    assert hilum(["evaluate", str(phantom_run), str(own_films), "--output", str(tmp_path / "site")]) == 2
    assert "holds 'index.html' of something else" in capsys.readouterr().err
    assert (tmp_path / "site" / "index.html").read_text() == "mine"
