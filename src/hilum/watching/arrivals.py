"""Which films of a folder are complete, told by looking again and again: network discs tell nobody of new files."""

from __future__ import annotations

import math
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from hilum.errors import HilumError
from hilum.files import explained
from hilum.images.walk import is_film, walk

PATIENCE: Final = 12
"""Times the settling time after which a film that cannot be decoded is taken as it is: its sender may have stalled."""


class Version(NamedTuple):
    """What changes as a file is written; not its number, which some network discs make up anew."""

    size: int
    modified_ns: int


class _Identity(NamedTuple):
    """What a file keeps as it is renamed."""

    device: int
    number: int
    version: Version


@dataclass(frozen=True, slots=True)
class _Seen:
    identity: _Identity
    since_s: float

    @property
    def version(self) -> Version:
        return self.identity.version


@dataclass(frozen=True, slots=True)
class Arrival:
    """A film that is complete as far as can be seen from outside.

    Args:
        path: of the film.
        version: its size and time, to tell whether it has changed since.
        is_last_word: True where what cannot be decoded is not waited for any longer.
    """

    path: Path
    version: Version
    is_last_word: bool


class Arrivals:
    """The films of a folder and its subfolders, each given out once it is complete, and again when it changes.

    A film is complete when its size and time have stayed the same for the settling time, or when it was renamed from
    a name that is no film's (such as `.film.png.x1` or `film.png.part`) and has not changed since the look before.
    Time is that of the caller: clocks of network discs differ.

    Args:
        folder: is only read.
        settle_s: seconds for which nothing must have changed.
    """

    def __init__(self, folder: Path, settle_s: float) -> None:
        self.folder, self._settle_s = folder, settle_s
        self._seen: dict[Path, _Seen] = {}
        self._done: dict[Path, Version] = {}
        self._held: dict[Path, tuple[Version, float]] = {}
        self._passed_over = self._closed = 0

    def look(self, now_s: float) -> list[Arrival]:
        """The films that are complete and not done, the oldest first.

        Raises:
            HilumError: the folder cannot be read; of a folder in it that cannot, the others do not suffer.
        """
        paths, self._closed = _files(self.folder)
        seen, renamed = {}, {one.identity for path, one in self._seen.items() if not is_film(path)}
        for path in paths:
            if identity := _identity(path):
                before = self._seen.get(path)
                is_renamed = before is None and is_film(path) and identity in renamed
                is_same = before is not None and before.version == identity.version
                seen[path] = before if before and is_same else _Seen(identity, -math.inf if is_renamed else now_s)
        self._seen = seen
        self._done = {path: version for path, version in self._done.items() if path in seen}
        self._held = {path: held for path, held in self._held.items() if path in seen}
        self._passed_over = sum(_is_passed_over(path) and self._age(path, now_s) >= self._settle_s for path in seen)
        ready = [self._arrival(path, now_s) for path in self._waiting() if self._is_due(path, now_s)]
        return sorted(ready, key=lambda one: (one.version.modified_ns, one.path))

    @property
    def waiting(self) -> int:
        """Films that were seen at the last look and are not done."""
        return len(self._waiting())

    @property
    def waiting_files(self) -> frozenset[tuple[Path, Version]]:
        """These films, each with its size and time, so that one that changes is another."""
        return frozenset((path, self._seen[path].version) for path in self._waiting())

    @property
    def passed_over(self) -> int:
        """Files of the last look that are no films by their name, such as `notes.txt`; hidden ones are not counted."""
        return self._passed_over

    @property
    def closed(self) -> int:
        """Folders of the last look that could not be read."""
        return self._closed

    @property
    def patience_s(self) -> float:
        """Seconds after which a film that cannot be decoded is taken as it is."""
        return PATIENCE * self._settle_s

    def is_unchanged(self, arrival: Arrival) -> bool:
        """True where the file is still the one that was given out."""
        identity = _identity(arrival.path)
        return identity is not None and identity.version == arrival.version

    def done(self, arrival: Arrival) -> None:
        """Give this film out again only after it has changed."""
        self._done[arrival.path] = arrival.version

    def hold(self, arrival: Arrival, now_s: float) -> None:
        """Give this film out again when the patience has passed, or after it has changed."""
        self._held[arrival.path] = arrival.version, now_s + self.patience_s

    def _waiting(self) -> list[Path]:
        return [path for path, one in self._seen.items() if is_film(path) and self._done.get(path) != one.version]

    def _arrival(self, path: Path, now_s: float) -> Arrival:
        return Arrival(path, self._seen[path].version, self._age(path, now_s) >= self.patience_s)

    def _age(self, path: Path, now_s: float) -> float:
        return now_s - self._seen[path].since_s

    def _is_due(self, path: Path, now_s: float) -> bool:
        version, until_s = self._held.get(path, (None, 0.0))
        return self._age(path, now_s) >= self._settle_s and (version != self._seen[path].version or now_s >= until_s)


def _files(top: Path) -> tuple[list[Path], int]:
    """The files below a folder, and how many folders in it cannot be read.

    Raises:
        HilumError: the folder itself cannot be read.
    """
    with suppress(HilumError):
        return list(walk(top).files), 0
    files, closed = list[Path](), 0
    with explained(top, "read"), os.scandir(top) as listed:
        children = [(Path(child), child.is_dir(follow_symlinks=False)) for child in listed]
    for child, is_folder in children:
        if not is_folder:
            files.append(child)
            continue
        try:
            below, closed_below = _files(child)
        except HilumError:
            closed += child.exists()  # it may have been removed meanwhile
        else:
            files, closed = files + below, closed + closed_below
    return files, closed


def _is_passed_over(path: Path) -> bool:
    return not is_film(path) and not path.name.startswith(".")


def _identity(path: Path) -> _Identity | None:
    """None for what has gone meanwhile, for a link that leads nowhere, and for pipes and devices."""
    try:
        status = path.stat()
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return _Identity(status.st_dev, status.st_ino, Version(status.st_size, status.st_mtime_ns))
