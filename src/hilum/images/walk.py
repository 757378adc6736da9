"""The files below a folder, and which of them are films by their name."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hilum.files import explained
from hilum.images.film import IMAGE_SUFFIXES


@dataclass(frozen=True, slots=True)
class Walk:
    """What was seen below a folder.

    Attributes:
        files: everything that is no folder, also links that lead nowhere.
        not_followed: folders, reached by a link, that had been looked at already.
    """

    files: tuple[Path, ...]
    not_followed: tuple[Path, ...]


def walk(top: Path) -> Walk:
    """Everything below a folder; links are followed, but no folder is entered twice, so none leads in a circle.

    Raises:
        HilumError: a folder cannot be read. Its films would be missing from every figure without a trace.
    """
    files, not_followed = list[Path](), list[Path]()
    folders, entered = [top], set[tuple[int, int]]()
    while folders:
        folder = folders.pop()
        with explained(folder, "read"):
            status = folder.stat()
            if (status.st_dev, status.st_ino) in entered:
                not_followed.append(folder)
                continue
            # Not `iterdir` and `is_dir`: where names may be listed but not looked up, they take a folder for a file.
            with os.scandir(folder) as listed:
                children = sorted(((Path(child), _is_folder(child)) for child in listed), key=lambda pair: pair[0])
        entered.add((status.st_dev, status.st_ino))
        folders += [child for child, is_folder in children if is_folder]
        files += [child for child, is_folder in children if not is_folder]
    return Walk(tuple(files), tuple(not_followed))


def is_film(path: Path) -> bool:
    """True for the name of an image; hidden files (such as a Mac's '._' twins) are none.

    >>> is_film(Path("ward/a.JPEG")), is_film(Path("ward/._a.jpeg"))
    (True, False)
    """
    return path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")


def _is_folder(child: os.DirEntry[str]) -> bool:
    """True for a folder or a link to one; a link that leads nowhere or to itself is a file like any other."""
    with suppress(OSError):
        return child.is_dir()
    return False
