"""hilum evaluate: a run and films in; table, JSON and page out."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from sklearn.metrics import roc_auc_score

from hilum.cli import run as hilum
from hilum.evaluation import read_evaluation


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
