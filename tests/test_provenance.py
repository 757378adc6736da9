"""Who made a result, when and with what."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

import hilum
from hilum.provenance import commit_of, current


def git(checkout: Path, *words: str) -> str:
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-C", str(checkout), *who, *words]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "a.txt").write_text("a")
    git(tmp_path, "add", "a.txt")
    git(tmp_path, "commit", "--quiet", "--message", "First")
    return tmp_path


def test_commit_of_a_checkout_is_named_in_twelve_digits_also_where_there_are_tags(checkout: Path) -> None:
    git(checkout, "tag", "v1.0")
    assert commit_of(checkout) == git(checkout, "rev-parse", "HEAD")[:12]


def test_changed_file_marks_the_commit(checkout: Path) -> None:
    (checkout / "a.txt").write_text("b")
    assert commit_of(checkout) == git(checkout, "rev-parse", "HEAD")[:12] + "-dirty"


def test_variables_of_a_hook_point_to_no_other_checkout(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", str(checkout / "nowhere"))
    assert commit_of(checkout) == git(checkout, "rev-parse", "HEAD")[:12]


def test_outside_a_checkout_and_before_the_first_commit_there_is_none(tmp_path: Path) -> None:
    assert commit_of(tmp_path) == ""
    git(tmp_path, "init", "--quiet")
    assert commit_of(tmp_path) == ""


def test_command_can_be_pasted_and_versions_go_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/usr/bin/hilum", "predict", "my film.png", os.fsdecode(b"\xff.png")])
    made = current("numpy", "no-such-package")
    assert made.command == "hilum predict 'my film.png' '\\xff.png'"
    assert made.hilum_version == hilum.__version__
    assert made.versions["numpy"] and made.versions["python"] and made.versions["no-such-package"] == ""
    assert datetime.fromisoformat(made.created).utcoffset() is not None
