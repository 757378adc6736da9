"""What one file is when it is opened: size, hashes, or the reason why it cannot be used."""

from __future__ import annotations

import hashlib
import stat
from dataclasses import dataclass, replace
from pathlib import Path

from hilum.errors import HilumError
from hilum.files import explained, sha256_of
from hilum.images import Limits, perceptual_hash, read_film


@dataclass(frozen=True, slots=True)
class Traits:
    """What `FilmRecord` says about the file itself."""

    width_px: int = 0
    height_px: int = 0
    mode: str = ""
    bytes: int = 0
    sha256: str = ""
    perceptual_hash: str = ""
    problem: str = ""
    mtime_ns: int = 0


def inspect(path: Path) -> Traits:
    """The traits of the file at `path`. Never raises for a bad file: `problem` then says what is wrong with it."""
    try:
        with explained(path, "read"):
            status = path.stat()
    except HilumError as error:
        return Traits(problem=error.happened)
    if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
        return Traits(problem="It is not a regular file.", mtime_ns=status.st_mtime_ns)
    return replace(_opened(path, status.st_size), bytes=status.st_size, mtime_ns=status.st_mtime_ns)


def _opened(path: Path, size: int) -> Traits:
    digest = ""
    try:
        content = _content(path) if size <= Limits().bytes else None
        digest = sha256_of(path) if content is None else hashlib.sha256(content).hexdigest()
        film = read_film(path if content is None else content, name=path.name)
        seen = perceptual_hash(film.pixels)
    except HilumError as error:
        return Traits(sha256=digest, problem=error.happened)
    return Traits(film.width_px, film.height_px, film.mode, sha256=digest, perceptual_hash=seen)


def _content(path: Path) -> bytes:
    with explained(path, "read"):
        return path.read_bytes()
