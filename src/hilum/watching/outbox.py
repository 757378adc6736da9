"""The folder of reports: each named by the content of its film, whole or not there, and never there twice."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from hilum.errors import HilumError
from hilum.files import explained, printable, write_together


@dataclass(frozen=True, slots=True)
class Outbox:
    """What is written for each film.

    Args:
        folder: it must exist.
        asked: short digest of all that an answer depends on beside the film, so that the answers of two models, or of
            one at two prevalences, lie beside each other.
        suffixes: of the files that each film gets, such as `(".json", ".html")`; the last is what people read.
    """

    folder: Path
    asked: str
    suffixes: tuple[str, ...]

    def name(self, sha256: str) -> str:
        """Of a film's files, without their suffix."""
        return f"{sha256}-{self.asked}"

    def has(self, sha256: str) -> bool:
        """True where all files of that film are there."""
        return all((self.folder / f"{self.name(sha256)}{suffix}").is_file() for suffix in self.suffixes)

    def report(self, sha256: str) -> str:
        """Name of the file that people read, or of the answer where there is no other."""
        return f"{self.name(sha256)}{self.suffixes[-1]}"

    def said(self, sha256: str) -> tuple[str, str]:
        """The name under which that content was answered, and the status; empty where its answer does not tell."""
        try:
            said = json.loads((self.folder / f"{self.name(sha256)}.json").read_bytes())
            (row,) = said["predictions"]
            return str(row["path"]), str(row["status"])
        except (OSError, ValueError, KeyError, TypeError):
            return "", ""

    def publish(self, sha256: str, contents: Mapping[str, str | bytes]) -> None:
        """Write the film's files: all are filled beside their place before the first is renamed into it.

        Args:
            sha256: of the film.
            contents: text or bytes by suffix.

        Raises:
            HilumError: the disc is full or otherwise unwilling.
        """
        assert set(contents) == set(self.suffixes)
        write_together({self.folder / f"{self.name(sha256)}{suffix}": made for suffix, made in contents.items()})

    @contextmanager
    def kept_alone(self) -> Iterator[None]:
        """Within this context no other process writes here what this one does; half files of a killed one are removed.

        A disc without locks lets two processes in: they then do the same work twice and publish the same files.

        Raises:
            HilumError: another process has the outbox, or the folder takes no file.
        """
        with explained(self.folder, "write to"):
            descriptor = os.open(self.folder / f".{self.asked}.lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if _locked(descriptor, self.folder):
                self._remove_halves()
            yield
        finally:
            os.close(descriptor)

    def _remove_halves(self) -> None:
        half = re.compile(rf"\.[0-9a-f]{{64}}-{self.asked}\.\w+\.[0-9a-f]{{8}}\.part")
        with explained(self.folder, "read"):
            halves = [path for path in self.folder.iterdir() if half.fullmatch(path.name)]
        for path in halves:
            with suppress(OSError):
                path.unlink()


def _locked(descriptor: int, folder: Path) -> bool:
    """True with the lock, False where the disc has none; it ends with the process, however that ends."""
    if sys.platform == "win32":
        return False
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise HilumError(
            f"Another process answers into '{printable(folder)}' with this model and these settings.",
            expected="one at a time",
            do="Stop it first, or name another folder.",
        ) from error
    except OSError:
        return False
    return True
