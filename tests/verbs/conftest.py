"""Fixtures of the commands that run rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from hilum.reproduction import row
from small_rows import Here


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Here:
    """Commands run in this process, in a folder of their own."""
    monkeypatch.chdir(tmp_path)
    stand_in = Here()
    monkeypatch.setattr(row, "run_hilum", stand_in)
    return stand_in
