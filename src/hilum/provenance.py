"""What a figure must carry to be made again: command, commit, versions, time."""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import hilum


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who made a result, when and with what. Times are UTC; versions go by package name."""

    command: str
    commit: str
    hilum_version: str
    created: str
    versions: dict[str, str]


def current(*packages: str) -> Provenance:
    """The provenance of what this process makes now; `packages` are those whose version matters."""
    return Provenance(
        command=_as_text(shlex.join([_program(), *sys.argv[1:]])),
        commit=commit_of(Path(__file__).resolve().parents[2]),
        hilum_version=hilum.__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        versions={"python": platform.python_version()} | {name: _version(name) for name in packages},
    )


def _program() -> str:
    """The name that the command goes by; that of `python -m hilum` can be typed too."""
    name = Path(sys.argv[0]).name
    return "hilum" if name == "__main__.py" else name


def _as_text(command: str) -> str:
    """The command also where a path in it is not UTF-8, which no JSON file could hold."""
    return os.fsencode(command).decode("utf-8", "backslashreplace")


def commit_of(source: Path) -> str:
    """The commit of a checkout, with "-dirty" where tracked files differ from it; empty where there is none.

    An installed wheel lies in no checkout. Git's own variables are left out, because a hook sets them to another one.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    if not (source / ".git").exists():
        return ""
    try:
        described = ["git", "-C", str(source), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
        return subprocess.run(
            described, env=environment, capture_output=True, text=True, timeout=10, check=True
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
