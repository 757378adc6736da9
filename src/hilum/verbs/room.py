"""A folder for what a command writes: made and tried before the work, and never one that holds something else.

Names of the files in it are given out here too.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from itertools import chain, count
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

from hilum.errors import HilumError, nearest
from hilum.files import explained, printable


def room_in(folder: Path, names: Sequence[str], is_ours: Callable[[], bool], expected: str) -> Path:
    """The folder, made before anything is looked at: a look whose figures cannot be kept would be wasted.

    Args:
        folder: where the files will lie.
        names: of these files.
        is_ours: says whether files of these names that lie there already may be replaced; asked only where there are.
        expected: what may lie there, in words.

    Raises:
        HilumError: the folder takes no file, or holds files of these names that are not ours.
    """
    with explained(folder, "write to"):
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder):  # a folder that exists may still take no file
            pass
    held = [name for name in names if (folder / name).exists()]
    if held and not is_ours():
        raise HilumError(
            f"'{printable(folder)}' holds '{held[0]}' of something else.",
            expected=f"an empty folder, or {expected}",
            do="Name another folder with --output.",
        )
    return folder


def require_file(path: Path, what: str, suffixes: Sequence[str]) -> None:
    """Refuse what cannot become a file of that kind, before the work that it is to hold; its folder is made.

    Args:
        what: it is called in the sentence.
        suffixes: that its name may end in.

    Raises:
        HilumError: the name ends otherwise, it is a folder, or the folder that it would lie in takes no file.
    """
    if path.name and path.is_dir():
        raise HilumError(
            f"The {what} '{printable(path)}' is a folder.", expected="a file", do="Name a file inside the folder."
        )
    suffix = path.suffix.lower()
    if suffix not in suffixes:
        ending = f"ends in '{printable(path.suffix)}'" if path.suffix else "has no ending"
        raise HilumError(
            f"The {what} '{printable(path)}' {ending}.",
            expected=f"a file name ending in {' or '.join(suffixes)}",
            do=nearest(suffix, list(suffixes)),
        )
    with explained(path, "write"):
        path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=path.parent):  # a folder that exists may still take no file
            pass


def free_name(name: str, used: set[str]) -> str:
    """The name, or the first of name-2, name-3, ... that is free; `used` takes it up, as `disc_key` gives it.

    >>> free_name("a", {"a", "a-2"})
    'a-3'
    """
    names = chain([name], (f"{name}-{number}" for number in count(2)))
    free = next(one for one in names if disc_key(one) not in used)
    used.add(disc_key(free))
    return free


def disc_key(name: str) -> str:
    """What two names share that some disc takes for one: case and the way accents are composed do not count.

    >>> disc_key("A\u0308") == disc_key("\u00e4")
    True
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def cut_to_bytes(name: str, most: int) -> str:
    """As much of the name as `most` bytes hold, whole signs only: discs count bytes.

    >>> cut_to_bytes("a\u80ba\u708e", 6)
    'a\u80ba'
    """
    return name.encode("utf-8")[:most].decode("utf-8", "ignore")
