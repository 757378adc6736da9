"""What an archive holds, told alike for zip and tar: each entry with its sizes and what is wrong with it."""

from __future__ import annotations

import gzip
import os
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Protocol, cast

from hilum.errors import HilumError

_LONGEST_HEADER = 1 << 20
_SHORTEST_END = 1 << 24


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of an archive.

    Attributes:
        name: as stored: not to be trusted.
        size: bytes it declares.
        packed: bytes it takes in the archive; in a tar as many as `size`.
        is_folder: True for an entry without bytes of its own.
        flaw: why such an entry is never taken, or "".
        open: gives its bytes.
    """

    name: str
    size: int
    packed: int
    is_folder: bool
    flaw: str
    open: Callable[[], IO[bytes]]


class Fault(Protocol):
    """Makes the error for an archive from what happened and what was expected."""

    def __call__(self, happened: str, expected: str) -> HilumError:
        """The error to raise."""


@contextmanager
def opened_members(archive: Path, ratio: int, fault: Fault) -> Iterator[Iterator[Member]]:
    """The members of a zip, tar or tar.gz, told by its first bytes; they can be opened inside the block.

    Args:
        archive: the file.
        ratio: a tar.gz is not followed further than this many times its own size.
        fault: makes the error for a tar that grows beyond that.
    """
    with archive.open("rb") as file:
        start = file.read(2)
        file.seek(0)
        if start == b"PK":
            with zipfile.ZipFile(file) as opened:
                yield _members_of_zip(opened)
            return
        packed_bytes = os.fstat(file.fileno()).st_size
        plain = cast("IO[bytes]", gzip.GzipFile(fileobj=file)) if start == b"\x1f\x8b" else file
        bounded = _Bounded(plain, max(packed_bytes * ratio, _SHORTEST_END), fault)
        with plain, tarfile.open(fileobj=cast("IO[bytes]", bounded), mode="r:") as tar:
            yield _members_of_tar(tar)


def _members_of_zip(file: zipfile.ZipFile) -> Iterator[Member]:
    for entry in file.infolist():
        flaw = _flaw_in_zip(entry)
        yield Member(
            entry.orig_filename, entry.file_size, entry.compress_size, entry.is_dir(), flaw, partial(file.open, entry)
        )


def _flaw_in_zip(entry: zipfile.ZipInfo) -> str:
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a link or a device"
    if entry.flag_bits & 0x1:
        return "is encrypted"
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "is packed in an unusual way"
    return ""


def _members_of_tar(file: tarfile.TarFile) -> Iterator[Member]:
    for entry in file:
        is_plain = entry.isdir() or (entry.isreg() and not entry.issparse())
        flaw = "" if is_plain else "is a link, a device or a sparse file"
        opener = cast("Callable[[], IO[bytes]]", partial(file.extractfile, entry))
        yield Member(entry.name, entry.size, entry.size, entry.isdir(), flaw, opener)


class _Bounded:
    """A file for `tarfile` to read through that refuses headers of megabytes and positions beyond `end`."""

    def __init__(self, file: IO[bytes], end: int, fault: Fault) -> None:
        self.file, self.end, self.fault = file, end, fault

    def read(self, size: int) -> bytes:
        if not 0 <= size <= _LONGEST_HEADER:
            raise self._bomb()
        return self.file.read(size)

    def seek(self, position: int) -> int:
        if position > self.end:
            raise self._bomb()
        return self.file.seek(position)

    def tell(self) -> int:
        return self.file.tell()

    def _bomb(self) -> HilumError:
        return self.fault("grows beyond measure when it is unpacked", "an archive of films")
