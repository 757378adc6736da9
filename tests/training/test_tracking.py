"""The fit history for TensorBoard."""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from hilum.errors import HilumError
from hilum.training import tracking
from hilum.training.judging import EpochRow
from hilum.training.tracking import Tracker

ROW = EpochRow(1, 0.6, 0.5, 0.9, 0.8, 0.95, 0.96, 0.85, 0.9, 0.01, 2.0)
ROWS = tuple(replace(ROW, epoch=epoch, loss=1 / epoch) for epoch in (1, 2, 3))


def test_missing_tensorboard_says_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking, "find_spec", lambda name: None)
    with pytest.raises(HilumError, match=r"pip install 'hilum\[tensorboard\]'"):
        Tracker(tmp_path)


def test_every_figure_of_every_epoch_is_told_once_and_anew_after_a_resume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, float, int]] = []
    opened: list[tuple[str, int]] = []

    class Writer:
        def __init__(self, directory: str, purge_step: int) -> None:
            opened.append((directory, purge_step))

        def add_scalar(self, name: str, value: float, epoch: int) -> None:
            told.append((name, value, epoch))

        def flush(self) -> None: ...
        def close(self) -> None: ...

    stand_in: Any = ModuleType("torch.utils.tensorboard")
    stand_in.SummaryWriter = Writer
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", stand_in)
    monkeypatch.setattr(tracking, "find_spec", lambda name: ModuleSpec(name, None))
    with Tracker(tmp_path) as tracker:
        tracker(ROWS[:1])
        tracker(ROWS[:2])
    assert [epoch for name, _, epoch in told if name == "loss"] == [1, 2]
    assert {name for name, _, _ in told} >= {"select_loss", "auroc", "auprc", "f1", "learning_rate"}
    with Tracker(tmp_path) as resumed:
        resumed(ROWS)
    assert [value for name, value, _ in told if name == "loss"] == [1, 1 / 2, 1, 1 / 2, 1 / 3]
    assert opened == [(str(tmp_path / "tensorboard"), 1)] * 2


@pytest.mark.skipif(find_spec("tensorboard") is None, reason="TensorBoard is not installed")
def test_tensorboard_reads_what_was_written(tmp_path: Path) -> None:
    accumulator = import_module("tensorboard.backend.event_processing.event_accumulator")
    for rows in (ROWS[:2], ROWS):
        with Tracker(tmp_path) as tracker:
            tracker(rows)
    events = accumulator.EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert [(one.step, round(one.value, 3)) for one in events.Scalars("loss")] == [(1, 1.0), (2, 0.5), (3, 0.333)]
