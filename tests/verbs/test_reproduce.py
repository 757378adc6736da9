"""hilum reproduce: rows that are run once, go on where they were, and say where they stand."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from hilum.cli import run as hilum
from hilum.reproduction import row
from hilum.reproduction.child import Ended
from small_rows import Here, as_options, write_small_weights

pytestmark = pytest.mark.slow  # seconds a test: `make check` leaves them to `make test`


def reproduce(films: Path, *words: str) -> int:
    return hilum(
        ["reproduce", str(films), "--weights", "weights", "--workers", "0", "--threads", "1", *as_options(), *words]
    )


def rows(output: Path = Path("runs/reproduce")) -> dict[str, dict[str, object]]:
    return {one["name"]: one for one in json.loads((output / "rows.json").read_text())}


def test_rows_are_run_and_judged_once_and_go_on_after_a_kill_between_and_within_them(
    here: Here, phantom_films: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_small_weights(Path("weights"))
    chosen = ["--only", "best-official", "--only", "cnn-scratch"]
    looks = Path("hilum-data/phantom-films/looks.jsonl")

    def killed(words: Sequence[str]) -> None:
        if words[:2] == ("train", "cnn-scratch"):
            raise MemoryError

    here.before = killed
    with pytest.raises(MemoryError):
        reproduce(phantom_films, *chosen)
    assert here.names("evaluate") == ["best-official"]

    here.before = lambda words: None
    with _stopped_after(3, monkeypatch):
        reproduce(phantom_films, *chosen)
    assert here.names("train") == ["best-official", "cnn-scratch-official"]
    stopped = rows()["cnn-scratch-official"]
    assert (stopped["state"], stopped["epoch"], stopped["evaluation"]) == ("running", 1, None)
    assert "epoch 1 of 2" in capsys.readouterr().out
    assert len(looks.read_text().splitlines()) == 1

    assert reproduce(phantom_films, *chosen) == 0
    assert here.names("train") == ["best-official", "cnn-scratch-official", "cnn-scratch-official"]
    assert "--resume" in here.ran[-2] and "--resume" not in here.ran[-3]
    assert here.names("evaluate") == ["best-official", "cnn-scratch-official"]
    assert {name: one["state"] for name, one in rows().items()} == dict.fromkeys(rows(), "done")
    assert "TRIAL" in capsys.readouterr().out

    reproduce(phantom_films, *chosen)
    assert len(here.ran) == 5
    assert len(looks.read_text().splitlines()) == 2


def test_row_without_weights_says_so_instead_of_a_figure(
    here: Here, phantom_films: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("weights").mkdir()
    words = ["reproduce", str(phantom_films), "--weights", "weights", "--only", "xception-last55"]
    assert hilum(words) == 0
    sentence = (
        "pretrained weights not at hand; run `hilum reproduce DATA --only xception-last55` where the Hub can be reached"
    )
    assert here.ran == []
    assert rows()["xception-last55-official"]["says"] == sentence
    assert sentence in " ".join(capsys.readouterr().out.split())
    assert sentence in Path("runs/reproduce/index.html").read_text().replace("&#39;", "'")


def test_frozen_row_shows_what_it_learned_from_and_three_held_out_films(here: Here, phantom_films: Path) -> None:
    write_small_weights(Path("weights"))
    cached = ["--set", "train.epochs=1", "--set", "cache.engine=torch"]
    assert reproduce(phantom_films, "--only", "vgg19-frozen-mobilenetv2-official", *cached) == 0
    record = rows()["vgg19-frozen-mobilenetv2-official"]
    assert [part["part"] for part in record["parts"]] == ["fit", "select"]  # type: ignore[attr-defined]
    assert {film["label"] for film in record["examples"]} == {"pneumonia", "normal"}  # type: ignore[attr-defined]
    assert len(record["examples"]) == 3  # type: ignore[arg-type]
    page = Path("runs/reproduce/index.html").read_text()
    assert "From training to the test" in page and "Three held-out films" in page


def test_time_that_is_up_runs_nothing_and_shows_what_there_is(
    here: Here, phantom_films: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_small_weights(Path("weights"))
    assert reproduce(phantom_films, "--only", "best", "--minutes", "0", "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert here.ran == []
    assert {(one["state"], one["evaluation"]) for one in answer["rows"]} == {("not begun", None)}
    assert len(answer["rows"]) == 2 + 2 * 5


def test_model_of_another_version_of_the_recipe_is_not_shown_as_a_result(
    here: Here, phantom_films: Path, phantom_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(phantom_run, "runs/reproduce/cnn-scratch-official/run")
    assert hilum(["reproduce", str(phantom_films), "--only", "cnn-scratch"]) == 1
    assert here.ran == []
    assert rows()["cnn-scratch-official"]["state"] == "stale"
    assert "another version of the recipe; to run it again remove" in " ".join(capsys.readouterr().out.split())


def test_row_that_fails_says_why_and_does_not_stop_the_others(
    here: Here, phantom_films: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(words: Sequence[str], stop: object = None, keep_open: Sequence[int] = ()) -> Ended:
        return Ended(-9, 1.0, 1, "") if "best" in words else Ended(2, 1.0, 1, "The loss is no longer a number.")

    monkeypatch.setattr(row, "run_hilum", run)
    words = ["--only", "best-official", "--only", "cnn-scratch"]
    write_small_weights(Path("weights"))
    assert reproduce(phantom_films, *words) == 1
    assert [one["state"] for one in rows().values()] == ["failed", "failed"]
    said = capsys.readouterr().out
    assert "best-official: ended by signal 9" in said
    assert "cnn-scratch-official: The loss is no longer a number." in said


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--only", "bets"], "Did you mean 'best'?"),
        (["--protocol", "offical"], "Did you mean 'official'?"),
        (["--only", "cnn-scratch", "--protocol", "random20"], "No row is of cnn-scratch under random20"),
        (["--minutes", "-1"], "Got -1.0 minutes"),
        (["--seeds", "-1"], "Got the seed -1"),
        (["--set", "train.epoch=2"], "Did you mean 'epochs'?"),
        (["--minutes", "0", "--publish", "results"], "Got both --set and --publish"),
    ],
)
def test_wrong_use_is_one_sentence_before_any_row(
    here: Here, phantom_films: Path, words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("weights").mkdir()
    assert reproduce(phantom_films, *words) == 2
    error = capsys.readouterr().err
    assert sentence in error and "Traceback" not in error
    assert here.ran == []


@pytest.mark.slow
def test_interrupted_reproduction_says_how_to_go_on_and_measures_its_rows(phantom_films: Path, tmp_path: Path) -> None:
    changes = ("film.side=48", "network.widths=[16, 32]", "train.epochs=40")
    command = [
        sys.executable,
        "-m",
        "hilum",
        "reproduce",
        str(phantom_films),
        "--only",
        "cnn-scratch",
        "--threads",
        "1",
    ]
    command += [*as_options(changes), "--workers", "0", "--json"]
    folder = tmp_path / "runs/reproduce/cnn-scratch-official"
    first = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    while row.epochs_finished(folder / "run") < 1:
        assert first.poll() is None, first.communicate()
        time.sleep(0.05)
    with row._held(folder) as descriptor:
        assert descriptor is None, "another process could work on the row"
    first.send_signal(signal.SIGINT)
    _, error = first.communicate(timeout=60)
    assert first.returncode == 130
    assert "the state is saved" in error and "Run the same command again to go on." in error
    assert "Traceback" not in error

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (one,) = json.loads(done.stdout)["rows"]
    assert (one["state"], one["begun"], one["ended"]) == ("done", 2, 2)
    assert one["peak_memory_bytes"] > 100e6 and one["seconds"] > 1
    assert "train cnn-scratch" in one["evaluation"]["model"]["command"]


@contextmanager
def _stopped_after(steps: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Training saves itself and stops after so many steps, as on Ctrl-C."""
    from hilum.verbs import train

    @contextmanager
    def stop() -> Iterator[Callable[[], bool]]:
        left = iter(range(steps))
        yield lambda: next(left, None) is None

    with monkeypatch.context() as patch:
        patch.setattr(train, "stop_on_interrupt", stop)
        yield
