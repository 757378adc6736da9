"""hilum lr-find: two suggestions, a picture, and the command that comes next."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console

from hilum.cli import run as hilum
from hilum.images import read_film
from hilum.verbs.lr_find import SuggestedRate

pytestmark = pytest.mark.slow  # seconds a test: `make check` leaves them to `make test`

OPTIONS = ["--set", "film.side=32", "--set", "network.widths=[16, 16]", "--set", "train.batch_size=8", "--steps", "40"]


@pytest.fixture(scope="module")
def suggested(phantom_films: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lr-find")
    words = ["lr-find", "cnn-scratch", str(phantom_films), "--output", str(folder / "out"), "--device", "cpu"]
    assert hilum([*words, "--workspace", str(folder / "workspace"), *OPTIONS, "--set", "train.learning_rate=5"]) == 0
    return folder / "out"


def test_picture_and_table_are_written_and_nothing_else(suggested: Path) -> None:
    assert sorted(path.name for path in suggested.iterdir()) == ["lr-find.json", "lr-find.png"]
    assert read_film(suggested / "lr-find.png").width_px == 1440
    table = json.loads((suggested / "lr-find.json").read_text())
    assert table["steps"] == len(table["rates"]) == len(table["smoothed"]) <= 40
    assert min(table["rates"]) <= table["valley"] * 1.05 and table["valley"] <= max(table["rates"])
    assert table["learning_rate"] == 5 and table["settings"]["train"]["batch_size"] == 8


def test_next_command_takes_the_suggested_rate_and_keeps_every_other_change(suggested: Path) -> None:
    table = json.loads((suggested / "lr-find.json").read_text())
    command = table["command"]
    assert command.startswith("hilum train cnn-scratch ")
    assert f"--set train.learning_rate={table['valley']:g}" in command and "learning_rate=5" not in command
    assert "--set 'network.widths=[16, 16]'" in command


def test_answer_reads_at_80_columns_and_warns_where_the_loss_hardly_fell() -> None:
    def shown(fell_by: float) -> str:
        answer = SuggestedRate("a", 0.01, 0.02, 0.003, 97, fell_by, "a.png", "a.json", "hilum train a DATA")
        console = Console(width=80, no_color=True, highlight=False)
        with console.capture() as capture:
            console.print(answer)
        return capture.get()

    assert "mean little" in shown(0.01) and "noise" not in shown(0.01) and "mean little" not in shown(0.4)
    assert shown(0.4).rstrip().endswith("hilum train a DATA")
    assert all(len(line) <= 80 for line in shown(-0.3).splitlines())


def test_wrong_use_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert hilum(["lr-find", "cnn-scrach", str(tmp_path)]) == 2
    assert "Did you mean 'cnn-scratch'" in capsys.readouterr().err
    assert hilum(["lr-find", "cnn-scratch", str(tmp_path), "--steps", "3"]) == 2
    assert "20 or more" in capsys.readouterr().err
