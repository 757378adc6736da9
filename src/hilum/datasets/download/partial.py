"""A file on its way: what has arrived, what the server calls it, and who is filling it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from hilum.errors import HilumError
from hilum.files import explained, printable, read_text, write_text


class Part:
    """The file that bytes arrive in, `NAME.part`, held by one process at a time; it stays until it is finished."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.path, self.file = path, file
        self.tag_path = path.with_name(path.name + ".etag")

    @staticmethod
    @contextmanager
    def of(target: Path) -> Iterator[Part]:
        """The part of `target`, with what earlier runs left in it; an empty one does not stay behind.

        Raises:
            HilumError: another process is filling it, or the disc is unwilling.
        """
        path = target.with_name(target.name + ".part")
        with explained(path, "write"):
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("ab")
        with file:
            _hold(file, path)
            part = Part(path, file)
            try:
                yield part
            finally:
                if not file.closed and part.size == 0:
                    part.remove()

    @property
    def size(self) -> int:
        """Bytes that have arrived."""
        return os.fstat(self.file.fileno()).st_size

    @property
    def tag(self) -> str:
        """What the server called the file that these bytes come from; "" where it did not say."""
        with suppress(HilumError):
            return read_text(self.tag_path).strip()
        return ""

    def append(self, block: bytes) -> None:
        """Put bytes to those that have arrived."""
        with explained(self.path, "write"):
            self.file.write(block)
            self.file.flush()

    def restart(self, tag: str = "") -> None:
        """Forget what has arrived; what comes is called `tag`."""
        with explained(self.path, "write"):
            self.file.truncate(0)
        write_text(self.tag_path, tag)

    def finish(self, target: Path) -> None:
        """Give the file its name, all of it being on the disc."""
        with explained(target, "write"):
            os.fsync(self.file.fileno())
            self.file.close()
            self.path.replace(target)
            self.tag_path.unlink(missing_ok=True)

    def remove(self) -> None:
        """Leave nothing behind."""
        for path in (self.path, self.tag_path):
            with suppress(OSError):
                path.unlink(missing_ok=True)


def _hold(file: BinaryIO, path: Path) -> None:
    """Refuse a second download of the same file; where a platform lacks such locks, the checksum finds the damage."""
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise HilumError(
            f"Another download into '{printable(path)}' is under way.",
            expected="one at a time",
            do="Wait for it, or end it and run the same command again.",
        ) from None
