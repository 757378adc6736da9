"""The same work on many items."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hilum.datasets.workers import in_processes
from hilum.progress import Silent


def test_few_items_are_done_in_this_process() -> None:
    assert list(in_processes(lambda item: (item, os.getpid()), [1, 2], Silent(), "x")) == [
        (1, os.getpid()),
        (2, os.getpid()),
    ]


def test_no_items_open_no_bar() -> None:
    assert list(in_processes(str, [], None, "x")) == []  # type: ignore[arg-type]


def test_processes_keep_the_order() -> None:
    assert list(in_processes(abs, list(range(-300, 0)), Silent(), "x", processes=2)) == list(range(300, 0, -1))


def test_error_inside_the_work_reaches_the_caller() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        list(in_processes(int, ["x"] * 100, Silent(), "x", processes=2))


def test_work_that_cannot_be_sent_is_done_here(tmp_path: Path) -> None:
    # A script without the usual guard cannot start processes: the rest is done in this one, with the same answer.
    script = tmp_path / "script.py"
    script.write_text(
        "from hilum.datasets.workers import in_processes\n"
        "from hilum.progress import Silent\n"
        "print(sum(in_processes(abs, range(-300, 0), Silent(), 'x', processes=2)))\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.splitlines()[-1] == str(sum(range(301)))
