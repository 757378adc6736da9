"""Files are written beside and renamed, hashed in blocks, and every failure of the disc is one sentence."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from hilum.errors import HilumError

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
        expected, do = _ADVICE.get(error.errno or 0, ("a working disc", "Check the disc and the path."))
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise HilumError(f"Could not {action} '{printable(path)}': {reason}.", expected=expected, do=do) from error


def printable(path: Path | str) -> str:
    """The path as text that any terminal, page or log takes, also where its bytes are not UTF-8 or move the cursor.

    >>> printable("line\\nbreak")
    'line\\\\nbreak'
    """
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode("ascii") for sign in text)


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Let `write` fill a new file beside `path`, sync it, and rename it into place: all or nothing.

    Raises:
        HilumError: the disc is full, read-only or otherwise unwilling; an older file at `path` is then intact.
    """
    path = Path(path)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    with explained(path, "write"):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with beside.open("xb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except BaseException:
            with suppress(OSError):
                beside.unlink()
            raise
        _sync_directory(path.parent)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text, all or nothing."""
    write_atomically(path, lambda file: file.write(text.encode("utf-8")))


def write_json(path: Path, value: Any) -> None:
    """Write a JSON document with sorted keys, all or nothing; NaN is refused because JSON has none."""
    write_text(path, json.dumps(value, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n")


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
    """Add one line to an append-only file in a single write, synced, so that concurrent writers never mix."""
    assert "\n" not in line
    with explained(path, "append to"):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(descriptor, line.encode("utf-8") + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


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


def read_json(path: Path) -> Any:
    """The file's JSON value."""
    try:
        return json.loads(read_text(path))
    except ValueError as error:
        raise HilumError(
            f"'{printable(path)}' is not JSON: {error}.",
            expected="a complete JSON document",
            do="Restore the file or make it again.",
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
