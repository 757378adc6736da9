"""Files are written beside and renamed, hashed in blocks, and every failure of the disc is one sentence."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

from hilum.errors import HilumError

PART_IS_STALE_AFTER_S = 24 * 3600.0
"""A part file that nobody wrote to for so long belongs to a process that was killed."""

_ADVICE = {
    errno.ENOSPC: (
        "free space on the disc",
        "Free some space or choose another place, then run the same command again.",
    ),
    errno.EDQUOT: (
        "free space in the quota",
        "Free some space or choose another place, then run the same command again.",
    ),
    errno.EACCES: ("permission to do so", "Change the permissions or choose another place."),
    errno.EPERM: ("permission to do so", "Change the permissions or choose another place."),
    errno.EROFS: ("a disc that can be written", "Choose another place."),
    errno.EEXIST: ("a name that is not taken", "Choose another name."),
    errno.ENOENT: ("an existing file or folder", "Check the spelling of the path."),
    errno.ENOTDIR: ("a folder in the middle of the path", "Check the spelling of the path."),
    errno.EISDIR: ("a file", "Name a file inside the folder."),
    errno.ELOOP: ("a path without circular links", "Remove the link that points back to itself."),
    errno.EMFILE: ("room for another open file", "Raise the limit (ulimit -n) or close other programs."),
    errno.ENAMETOOLONG: ("a shorter name", "Choose a shorter path."),
}


@contextmanager
def explained(path: Path | str, action: str) -> Iterator[None]:
    """Turn an operating-system error on `path` into a HilumError: `action` is "read", "write", ..."""
    try:
        yield
    except OSError as error:
        raise disc_error(error, path, action) from error


def disc_error(error: OSError, path: Path | str, action: str) -> HilumError:
    """The sentence for an operating-system error on `path`: `action` is "read", "write", ..."""
    expected, do = _ADVICE.get(error.errno or 0, ("a working disc", "Check the disc and the path."))
    reason = os.strerror(error.errno) if error.errno else str(error)
    return HilumError(f"Could not {action} '{printable(path)}': {reason}.", expected=expected, do=do)


def printable(path: Path | str) -> str:
    """The path as text that any terminal, page or log takes, also where its bytes are not UTF-8 or move the cursor.

    >>> printable("line\\nbreak")
    'line\\\\nbreak'
    """
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode("ascii") for sign in text)


def spreadsheet_safe(cell: object) -> object:
    """The cell of a CSV table, with a quote in front where a spreadsheet would run it as a formula.

    >>> spreadsheet_safe("=1+1.png"), spreadsheet_safe(-1.5)
    ("'=1+1.png", -1.5)
    """
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Let `write` fill a new file beside `path`, sync it, and rename it into place: all or nothing.

    Of two writers at once the later rename stands. What a killed writer left beside `path` is removed after a day.

    Raises:
        HilumError: the disc is full, read-only or otherwise unwilling; an older file at `path` is then intact.
    """
    _write_all({Path(path): write})


def write_together(texts: Mapping[Path, str | bytes]) -> None:
    """Write files that belong together (text as UTF-8): none appears before all have been filled.

    Raises:
        HilumError: as `write_atomically`; older files at these paths are then intact.
    """
    contents = {path: _utf8(path, text) if isinstance(text, str) else text for path, text in texts.items()}
    _write_all({path: partial(_put, content) for path, content in contents.items()})


def _put(content: bytes, file: BinaryIO) -> None:
    file.write(content)


def _write_all(writers: Mapping[Path, Callable[[BinaryIO], object]]) -> None:
    """Fill a file beside each path, then rename them all."""
    filled: dict[Path, Path] = {}
    try:
        for path, write in writers.items():
            with explained(path, "write"):
                filled[path] = _beside(path)
                with filled[path].open("xb") as file:
                    _remove_stale_parts(path, os.fstat(file.fileno()).st_mtime)
                    write(file)
                    file.flush()
                    os.fsync(file.fileno())
        for path, beside in filled.items():
            with explained(path, "write"):
                beside.replace(path)
            _sync_directory(path.parent)
    except BaseException:
        for beside in filled.values():
            with suppress(OSError):
                beside.unlink()
        raise


def _beside(path: Path) -> Path:
    """A name in the path's own folder, which is made where it is missing."""
    if not path.name:  # "" and "." name the current folder
        raise IsADirectoryError(errno.EISDIR, "Is a directory")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")


def _remove_stale_parts(path: Path, now: float) -> None:
    """Remove the parts of `path` that have lain untouched for a day; `now` is the time of the same disc's clock.

    Every writer has a part of its own, so two at once never share one. A fixed name would need a lock, which
    network discs may not have, or would let a part of a killed writer stand in the way of the next. Age alone is
    safe: a running writer's part grows, and one that truly stood still for a day fails at its rename, in words,
    with the older file intact.
    """
    start, end = f".{path.name}.", ".part"
    with suppress(OSError), os.scandir(path.parent) as entries:
        for entry in entries:
            is_part = entry.name.startswith(start) and entry.name.endswith(end)
            if is_part and len(entry.name) == len(start) + 8 + len(end):
                with suppress(OSError):
                    if now - entry.stat(follow_symlinks=False).st_mtime > PART_IS_STALE_AFTER_S:
                        os.unlink(entry.path)  # noqa: PTH108 -- the entry holds its path as text


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text, all or nothing."""
    write_together({Path(path): text})


def _utf8(path: Path, text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise HilumError(
            f"What is to be written to '{printable(path)}' holds bytes that are no text.",
            expected="UTF-8 text in every option",
            do="Check the options for odd signs.",
        ) from error


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """An empty folder beside `target` to fill: it becomes `target` when the block ends well, else it is removed.

    What a killed run left there is removed first. `target` must be missing or empty.
    """
    target = Path(os.path.abspath(target))  # noqa: PTH100 -- `resolve` would follow a link at the target itself
    beside = target.with_name(f".{target.name}.unfinished")
    with explained(target, "write"):
        if os.path.lexists(target) and (target.is_symlink() or not target.is_dir() or any(target.iterdir())):
            raise HilumError(
                f"'{printable(target)}' exists already.",
                expected="a new or an empty folder",
                do="Remove it or name another folder.",
            )
        if beside.exists():
            shutil.rmtree(beside)
        beside.mkdir(parents=True)
    try:
        yield beside
        with explained(target, "write"):
            _put_in_place(beside, target)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def _put_in_place(folder: Path, target: Path) -> None:
    """One sync for all files, because thousands of single ones would take minutes on a slow disc; then the rename."""
    if hasattr(os, "sync"):
        os.sync()
    if target.is_dir():
        target.rmdir()
    folder.rename(target)


def append_line(path: Path, line: str) -> None:
    """Add one line to an append-only file in a single write, synced, so that concurrent writers never mix.

    A line that an older writer left without its end is ended first.

    Raises:
        HilumError: the disc is full or otherwise unwilling; the file then is as it was.
    """
    assert "\n" not in line
    with explained(path, "append to"):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            _lock(descriptor)
            _append(descriptor, line.encode("utf-8") + b"\n")
        finally:
            os.close(descriptor)


def _lock(descriptor: int) -> None:
    """Keep other writers of the file waiting until it is closed, where the disc can.

    Without the lock a single write still never mixes; only the mending of a half line could then meet another's.
    """
    if sys.platform != "win32":
        import fcntl

        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)


def _append(descriptor: int, line: bytes) -> None:
    """Write the line whole and synced, or leave the file at its old length; a full disc shows as a short write."""
    length = os.lseek(descriptor, 0, os.SEEK_END)
    if length:
        os.lseek(descriptor, length - 1, os.SEEK_SET)
        line = line if os.read(descriptor, 1) == b"\n" else b"\n" + line
    try:
        if os.write(descriptor, line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(descriptor)
    except OSError:
        with suppress(OSError):
            os.ftruncate(descriptor, length)
        raise


def read_text(path: Path) -> str:
    """The file's UTF-8 text."""
    with explained(path, "read"):
        content = Path(path).read_bytes()
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise HilumError(
            f"'{printable(path)}' is not UTF-8 text (byte {error.start}).",
            expected="a text file",
            do="Check that the right file was named.",
        ) from error


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    with explained(path, "read"), Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync_directory(directory: Path) -> None:
    """Make a rename durable; file systems that cannot sync a directory are left as they are."""
    with suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def size_in_bytes(text: str) -> int:
    """Bytes of a size as people write it: "20GB", "512 MB", "1.5GiB", or a plain number of bytes.

    >>> size_in_bytes("1.5 GB"), size_in_bytes("2KiB"), size_in_bytes("77")
    (1500000000, 2048, 77)
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:([kmgt])(i?)b?|b)?\s*", text, re.IGNORECASE)
    if not found:
        raise HilumError(f"Got the size '{text}'.", expected="a number with a unit", do="For instance: 500MB or 20GB")
    number, unit, binary = found.groups()
    power = "kmgt".index(unit.lower()) + 1 if unit else 0
    return int(float(number) * (1024 if binary else 1000) ** power)
