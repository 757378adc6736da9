"""Every name that a film came under: one file beside the reports, to which whole lines are added."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from hilum.files import explained

INDEX: Final = "index.jsonl"

_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
_DIGITS: Final = 64
"""Of the hash that a report's name begins with."""
_BACKWARDS_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class Line:
    """A film that came under a name.

    Args:
        time: at which it was written down, in ISO 8601.
        path: of the film in the folder that is watched.
        sha256: of its content.
        report: name of the file that answers for this content, whatever name it came under first.
        status: of the answer, such as "answered"; empty where the report does not tell.
    """

    time: str
    path: str
    sha256: str
    report: str
    status: str


class Index:
    """The list of films in a folder of reports. A name stands in it again only when its content has changed.

    Each line is added by one write and synced. What a crash or a full disc left of a line is cut off before the next
    is added, and as the list is opened, so that every line of it can be read.

    Args:
        folder: of the reports; it must exist.

    Raises:
        HilumError: the list cannot be read or mended.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / INDEX
        self._last: dict[tuple[str, str], str] = {}
        if self.path.exists():
            with self._open() as descriptor:
                _cut_half_line(descriptor)
            for path, report in self._known():
                self._last[path, report[_DIGITS:]] = report

    def add(self, line: Line) -> None:
        """Write that a film came under a name, unless that is what was written of this name last.

        Raises:
            HilumError: the disc takes no line; the list is then as it was.
        """
        key = line.path, line.report[_DIGITS:]
        if self._last.get(key) == line.report:
            return
        content = json.dumps(asdict(line)).encode("ascii") + b"\n"
        with self._open() as descriptor:
            end = _cut_half_line(descriptor)
            try:
                written = os.write(descriptor, content)
                if written < len(content):  # the disc became full: its next write says so
                    os.write(descriptor, content[written:])
                os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, end)
                raise
        self._last[key] = line.report

    @contextmanager
    def _open(self) -> Iterator[int]:
        """A descriptor that only adds; no other watch has one meanwhile, where the disc has locks."""
        with explained(self.path, "write to"):
            descriptor = os.open(self.path, _FLAGS, 0o666)
            try:
                _lock(descriptor)
                yield descriptor
            finally:
                os.close(descriptor)

    def _known(self) -> Iterator[tuple[str, str]]:
        """Path and report of each line; lines that say neither are passed over."""
        with explained(self.path, "read"), self.path.open("rb") as file:
            for text in file:
                with suppress(ValueError):
                    said = json.loads(text)
                    path, report = (said.get("path"), said.get("report")) if isinstance(said, dict) else (None, None)
                    if isinstance(path, str) and isinstance(report, str):
                        yield path, report


def _cut_half_line(descriptor: int) -> int:
    """Cut off what stands behind the last whole line; its end comes back, in bytes from the start."""
    size = end = os.lseek(descriptor, 0, os.SEEK_END)
    while end:
        begin = max(0, end - _BACKWARDS_BYTES)
        os.lseek(descriptor, begin, os.SEEK_SET)
        if (newline := os.read(descriptor, end - begin).rfind(b"\n")) >= 0:
            end = begin + newline + 1
            break
        end = begin
    if end < size:
        os.ftruncate(descriptor, end)
    return end


def _lock(descriptor: int) -> None:
    """Wait until no other process adds a line; the lock ends with the descriptor."""
    if sys.platform != "win32":
        import fcntl

        with suppress(OSError):  # a disc without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
