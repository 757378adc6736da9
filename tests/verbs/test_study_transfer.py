"""hilum study transfer: with and without first weights, from few patients and from many."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hilum.cli import run as hilum
from hilum.modelfolder import open_model_folder
from small_rows import CHANGES, Here, as_options, write_small_weights

pytestmark = pytest.mark.slow  # seconds a test: `make check` leaves them to `make test`

CHANGED = [change for change in CHANGES if "epochs" not in change]


def study(films: Path, *words: str) -> int:
    options = ["--weights", "weights", "--workers", "0", "--threads", "1", *as_options([*CHANGED, "train.epochs=1"])]
    return hilum(["study", "transfer", str(films), *options, *words])


def test_same_network_is_trained_with_and_without_weights_on_fewer_patients_and_no_test_film_is_looked_at(
    here: Here, phantom_films: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_small_weights(Path("weights"))
    assert study(phantom_films, "--patients", "13", "--seeds", "0", "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert here.names("train") == ["best-13-imagenet-seed0", "best-13-random-seed0"]
    assert here.names("evaluate") == [] and not Path("hilum-data/phantom-films/looks.jsonl").exists()
    first_weights = []
    for name in here.names("train"):
        training = open_model_folder(Path("runs/study-transfer") / name / "run").manifest.training
        first_weights.append(training.first_weights)
        assert len(training.fit.patients) == 13
    assert first_weights == ["small-cnn.safetensors", "random"]
    epochs = round((answer["all_patients"] / 13) ** 0.5)
    for curve in answer["curves"]:
        assert len(curve["auroc"]) == len(curve["images"]) == len(curve["seconds"]) == epochs
        assert curve["images"][-1] == epochs * curve["images"][0] and curve["seconds"] == sorted(curve["seconds"])
    assert Path("runs/study-transfer/transfer.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads(Path("runs/study-transfer/transfer.json").read_text())["curves"] == answer["curves"]

    assert study(phantom_films, "--patients", "13", "--seeds", "0") == 0
    assert len(here.ran) == 2
    assert "2 of 2 runs done." in capsys.readouterr().out


def test_runs_not_made_yet_are_named_and_nothing_is_drawn(
    here: Here, phantom_films: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_small_weights(Path("weights"))
    assert study(phantom_films, "--patients", "13", "--patients", "all", "--seeds", "0", "--minutes", "0") == 0
    said = capsys.readouterr().out
    assert "best-all-random-seed0: not begun" in said and "0 of 4 runs done" in said
    assert here.ran == [] and not Path("runs/study-transfer/transfer.png").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--patients", "some"], "Got 'some' patients"),
        (["--patients", "0"], "Got '0' patients"),
        (["--patients", "5000"], "asks for 5,000 fit patients"),
        (["--recipe", "cnn-scratch"], "starts from random weights"),
        (["--recipe", "bets"], "Did you mean 'best'?"),
        (["--minutes", "-1"], "Got -1.0 minutes"),
    ],
)
def test_wrong_use_is_one_sentence_before_any_run(
    here: Here, phantom_films: Path, words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("weights").mkdir()
    assert study(phantom_films, *words) == 2
    error = capsys.readouterr().err
    assert sentence in error and "Traceback" not in error
    assert here.ran == []
