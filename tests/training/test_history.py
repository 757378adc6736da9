"""The curves of a run."""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hilum.errors import HilumError
from hilum.training.history import Curves, draw_history
from hilum.training.judging import EpochRow
from small_job import small_recipe

pytestmark = pytest.mark.slow  # seconds a test: `make check` leaves them to `make test`

ROW = EpochRow(1, 0.6, 0.5, 0.9, 0.8, 0.95, 0.96, 0.85, 0.9, 0.01, 2.0)
RECIPE = small_recipe("network.trained=head", "train.unfreeze_epoch=2", "train.epochs=4")


def rows(*select_losses: float) -> list[EpochRow]:
    return [replace(ROW, epoch=number, select_loss=loss) for number, loss in enumerate(select_losses, 1)]


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(path.read_bytes())).convert("L"))


def upright_lines(picture: np.ndarray) -> list[int]:
    """Where dark columns stand over the height of the learning rate's axes, left to right, each line once."""
    part = picture[1045:1165, 125:1200] < 170
    columns = np.flatnonzero(part.mean(axis=0) > 0.4)
    return [int(column) for column, before in zip(columns, [-9, *columns], strict=False) if column - before > 3]


def test_same_history_gives_the_same_picture_and_another_another(tmp_path: Path) -> None:
    one, again, other = (tmp_path / name for name in ("one.png", "again.png", "other.png"))
    for path, losses in ((one, (0.5, 0.3, 0.4)), (again, (0.5, 0.3, 0.4)), (other, (0.5, 0.3, 0.2))):
        draw_history(rows(*losses), path, RECIPE)
    assert one.read_bytes() == again.read_bytes() != other.read_bytes()
    assert pixels(one).shape == (1280, 1440)


def test_kept_epoch_and_unfreezing_are_marked(tmp_path: Path) -> None:
    draw_history(rows(0.5, 0.3, 0.4, 0.35), tmp_path / "both.png", RECIPE)
    assert len(upright_lines(pixels(tmp_path / "both.png"))) == 2
    draw_history(rows(0.5, 0.3, 0.4, 0.35), tmp_path / "kept.png", small_recipe("train.epochs=4"))
    (kept,) = upright_lines(pixels(tmp_path / "kept.png"))
    draw_history(rows(0.5, 0.6, 0.4, 0.35), tmp_path / "later.png", small_recipe("train.epochs=4"))
    (later,) = upright_lines(pixels(tmp_path / "later.png"))
    assert kept < later


def test_single_epoch_with_perfect_figures_is_drawn(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    draw_history([replace(ROW, auroc=1.0, sensitivity=1.0, specificity=1.0)], tmp_path / "one.png", RECIPE)
    assert (tmp_path / "one.png").stat().st_size > 10_000 and not recwarn.list


def test_curves_grow_with_the_run_and_leave_the_last_epoch_to_its_end(tmp_path: Path) -> None:
    curves, picture = Curves(tmp_path, small_recipe("train.epochs=2")), tmp_path / "history.png"
    curves([ROW])
    drawn = picture.read_bytes()
    curves([ROW, replace(ROW, epoch=2)])
    assert picture.read_bytes() == drawn


def test_picture_without_matplotlib_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(HilumError, match=r"hilum\[judge\]"):
        draw_history([ROW], tmp_path / "one.png", RECIPE)
