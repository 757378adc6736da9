"""A folder for what a command writes: made and tried before the work, and never one that holds something else.

Names of the files in it are given out here too.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from itertools import chain, count
from pathlib import Path
from tempfile import TemporaryDirectory

from hilum.errors import HilumError
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
