"""The folder of an explanation: filled beside and then put in place, without touching what others keep in it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Any, Final

from hilum.errors import HilumError
from hilum.files import explained, printable, write_together
from hilum.json_files import as_json, read_json
from hilum.verbs.room import room_in

PAGE: Final = "index.html"
RECORD: Final = "explanation.json"
KIND: Final = "explanation"
UNFINISHED: Final = ".unfinished"
"""The folder inside in which the maps wait until all are drawn."""
_OURS: Final = {".png", ".html"}
_ELSEWHERE: Final = {"\0", "\\", ":"}
"""Signs of no file of an explanation; the last two lead to other folders and drives on Windows."""


@dataclass(frozen=True, slots=True)
class ExplanationFolder:
    """A folder that no other run writes into as long as this one does.

    Args:
        path: of the folder.
        earlier: the files of an earlier explanation that lie in it, relative to it.
    """

    path: Path
    earlier: frozenset[str]

    @property
    def unfinished(self) -> Path:
        """The folder in which the maps wait."""
        return self.path / UNFINISHED

    @property
    def taken(self) -> set[str]:
        """The names in the folder, without the .png of pictures, that no file of an earlier explanation has."""
        with explained(self.path, "read"):
            others = [entry.name for entry in self.path.iterdir() if not self._is_earlier(entry)]
        return {name[:-4] if name.lower().endswith(".png") else name for name in others}

    def put(self, files: Sequence[str], page: str, record: Mapping[str, Any]) -> None:
        """Move the files from `unfinished` into the folder, with page and record; those of an earlier run go.

        A run that is killed meanwhile leaves no page, and a record of all files, which the next one removes.
        """
        every = sorted(self.earlier.union(files))
        write_together({self.path / RECORD: as_json({"kind": KIND, "is_finished": False, "files": every})})
        with explained(self.path / PAGE, "remove"):
            (self.path / PAGE).unlink(missing_ok=True)
        for name in files:
            with explained(self.path / name, "write"):
                (self.path / name).parent.mkdir(parents=True, exist_ok=True)
                (self.unfinished / name).replace(self.path / name)
        finished = as_json({**record, "kind": KIND, "is_finished": True, "files": list(files)})
        write_together({self.path / PAGE: page, self.path / RECORD: finished})
        remove_files(self.path, self.earlier - set(files))

    def _is_earlier(self, entry: Path) -> bool:
        if entry.is_symlink() or not entry.is_dir():
            return entry.name in self.earlier
        files = [path.relative_to(self.path) for path in entry.rglob("*") if path.is_symlink() or not path.is_dir()]
        return bool(files) and self.earlier.issuperset(path.as_posix() for path in files)


@contextmanager
def explanation_folder(output: Path | None, default: Path) -> Iterator[ExplanationFolder]:
    """The folder that is asked for, where a new explanation replaces an earlier one, or else a new one.

    Args:
        output: as it was asked for; None for a new one.
        default: of the new one: default, default-2, default-3, ...

    Raises:
        HilumError: the folder takes no file, holds a page of something else, or another run writes into it.
    """
    with ExitStack() as stack:
        path = _new(default, stack) if output is None else _asked_for(output, stack)
        folder = ExplanationFolder(path, frozenset(files_of_earlier(path)))
        with explained(folder.unfinished, "write"):
            _clear(folder.unfinished)  # of a run that was killed
            folder.unfinished.mkdir()
        try:
            yield folder
        finally:
            with suppress(OSError):
                _clear(folder.unfinished)
                if output is None:
                    path.rmdir()  # where nothing came of it


def without_earlier(films: Sequence[Path], output: Path | None) -> list[Path]:
    """The films without the pictures of an earlier explanation in the folder of the new one.

    Raises:
        HilumError: none is left.
    """
    if output is None:
        return list(films)
    top = Path(os.path.realpath(output))
    ours = {Path(os.path.realpath(output / name)) for name in files_of_earlier(output)}
    places = [(film, Path(os.path.realpath(film))) for film in films]
    left = [film for film, place in places if place not in ours and top / UNFINISHED not in place.parents]
    if not left:
        raise HilumError(
            f"'{printable(films[0])}' is a map of the earlier explanation in '{printable(output)}'.",
            expected="films",
            do="Name films, or another folder with --output.",
        )
    return left


def files_of_earlier(folder: Path) -> set[str]:
    """The files that an earlier explanation lists, where there is one; paths that lead elsewhere are left out."""
    if not (folder / RECORD).exists():
        return set()
    with suppress(HilumError, KeyError, TypeError):
        record = read_json(folder / RECORD)
        if record["kind"] == KIND:
            return {str(name) for name in record["files"] if _stays_inside(folder, str(name))}
    return set()


def remove_files(folder: Path, names: AbstractSet[str]) -> None:
    """Remove files of an earlier run from the folder, and folders that are then empty; never what lies elsewhere."""
    inside = sorted(name for name in names if _stays_inside(folder, name))
    for name in inside:
        with explained(folder / name, "remove"):
            (folder / name).unlink(missing_ok=True)
    parents = {parent for name in inside for parent in PurePosixPath(name).parents if parent.parts}
    for parent in sorted(parents, key=lambda one: -len(one.parts)):
        with suppress(OSError):  # one that holds something still stays
            (folder / parent).rmdir()


def _stays_inside(folder: Path, name: str) -> bool:
    """True for a picture or page below the folder, where links and, on Windows, drives lead; a link is no way there."""
    path = PurePosixPath(name)
    if _ELSEWHERE.intersection(name) or path.is_absolute() or ".." in path.parts or path.suffix not in _OURS:
        return False
    parent = Path(os.path.realpath((folder / name).parent))
    top = Path(os.path.realpath(folder))
    return parent == top.joinpath(*path.parts[:-1])


def _asked_for(folder: Path, stack: ExitStack) -> Path:
    """The folder, made and tried before any film is looked at."""
    with explained(folder, "write to"):
        is_file = folder.exists() and not folder.is_dir()
    if is_file:
        raise HilumError(
            f"'{printable(folder)}' is a file.",
            expected="a folder for the page and its maps",
            do="Name another folder with --output.",
        )
    room_in(folder, (PAGE, RECORD), lambda: _is_ours(folder / RECORD), "an earlier explanation")
    if not stack.enter_context(_locked(folder)):
        raise HilumError(
            f"Another hilum explain writes into '{printable(folder)}'.",
            expected="a folder of its own for each run",
            do="Wait for it, or name another folder with --output.",
        )
    return folder


def _new(default: Path, stack: ExitStack) -> Path:
    """The first folder of that name, with a number if need be, that holds nothing, but for what a killed run left."""
    for number in count(1):
        folder = default if number == 1 else default.with_name(f"{default.name}-{number}")
        with explained(folder, "write to"):
            if folder.exists() and _is_used(folder):
                continue
            folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as trial:
            if trial.enter_context(_locked(folder)) and not _is_used(folder):
                stack.push(trial.pop_all())
                return room_in(folder, (), lambda: True, "")
    raise AssertionError


def _is_used(folder: Path) -> bool:
    return not folder.is_dir() or any(entry.name != UNFINISHED for entry in folder.iterdir())


@contextmanager
def _locked(folder: Path) -> Iterator[bool]:
    """False where another run has the folder; where the disc knows no locks, nobody has."""
    if sys.platform == "win32":
        yield True
        return
    import fcntl

    with explained(folder, "read"):
        descriptor = os.open(folder, os.O_RDONLY)
    try:
        is_mine = True
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            is_mine = False
        except OSError:
            pass
        yield is_mine
    finally:
        os.close(descriptor)


def _clear(folder: Path) -> None:
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)


def _is_ours(record: Path) -> bool:
    try:
        return bool(read_json(record)["kind"] == KIND)
    except (HilumError, KeyError, TypeError):
        return False
