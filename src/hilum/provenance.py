"""What a figure must carry to be made again: command, commit, versions, time."""

from __future__ import annotations

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
        command=shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        commit=_commit(),
        hilum_version=hilum.__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        versions={"python": platform.python_version()} | {name: _version(name) for name in packages},
    )


def _commit() -> str:
    """The commit of the source in use, marked where files differ from it; empty for an installed wheel."""
    source = Path(__file__).resolve().parents[2]
    if not (source / ".git").exists():
        return ""
    try:
        described = ["git", "-C", str(source), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
        return subprocess.run(described, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
