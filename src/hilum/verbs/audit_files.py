"""What the audits share: where page and JSON go, and which films stand on which side."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hilum.datasets import Catalogue
from hilum.errors import HilumError, require_installed
from hilum.files import printable, write_together
from hilum.json_files import as_json, read_json
from hilum.verbs.room import room_in

PAGE: Final = "index.html"
JSON: Final = "audit.json"
_LIBRARIES: Final = ("sklearn", "matplotlib", "pyarrow")


@dataclass(frozen=True, slots=True)
class AuditFiles:
    """The two files of an audit."""

    page: Path
    json: Path

    def write(self, page: str, audit: dict[str, Any]) -> None:
        """Write both, none before both are there."""
        write_together({self.page: page, self.json: as_json(audit)})

    def as_json(self) -> dict[str, str]:
        """Their paths as JSON values."""
        return {"page": printable(self.page), "json": printable(self.json)}


def require_audits() -> None:
    """Say how to install what audits need, before anything else is done."""
    require_installed(_LIBRARIES, "An audit", "judge")


def room_for(output: Path | None, kind: str, data_name: str) -> AuditFiles:
    """The two files of an audit, in a folder that is made and tried before any film is looked at.

    Args:
        output: the folder; None takes one under runs/audits.
        kind: of the audit; another's files are left alone.
        data_name: of the films; likewise.

    Raises:
        HilumError: the folder takes no file, or holds an audit of another kind or of other films.
    """
    folder = output or Path("runs/audits") / re.sub(r"[^\w.-]+", "-", f"{data_name}-{kind}")
    files, subject = AuditFiles(folder / PAGE, folder / JSON), (kind, data_name)
    room_in(
        folder, (PAGE, JSON), lambda: _audit_in(files.json) == subject, f"an earlier audit of {kind} on '{data_name}'"
    )
    return files


def without_test(films: Catalogue) -> Catalogue:
    """The films that a model may learn from: all but those of the test folder."""
    return films.select([row for row, film in enumerate(films.films) if film.split != "test"])


def test_of(films: Catalogue) -> Catalogue:
    """The films of the test folder, perhaps none."""
    return films.select([row for row, film in enumerate(films.films) if film.split == "test"])


def _audit_in(path: Path) -> tuple[str, str] | None:
    """Kind and name of the data of the audit that a file holds; None where it holds none."""
    try:
        earlier = read_json(path)
        return str(earlier["kind"]), str(earlier["data_name"])
    except (HilumError, KeyError, TypeError):
        return None
