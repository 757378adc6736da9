"""Films in class folders, with or without train, val and test above them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import filterfalse
from pathlib import Path

from hilum.datasets.found import CLASS_WORDS, SPLIT_WORDS, Found, FoundFilm, class_of, plain, split_of
from hilum.errors import HilumError, nearest
from hilum.files import explained, printable
from hilum.images import IMAGE_SUFFIXES
from hilum.images.walk import is_film, walk

_LAYOUT = "folders named pneumonia and normal, perhaps inside folders named train, val and test"


def find_in_folders(root: Path) -> Found:
    """The films under `root`; their class and their part are the names of their folders.

    An archive unpacked one folder too deep is found as well. Every other file is counted in the notes, never opened.

    Raises:
        HilumError: the folder is missing, empty, without class folders, or one of them is misspelt.
    """
    search = _Search(root)
    for folder, split in _split_folders(search, _start(root)):
        for class_folder, label, subtype in _class_folders(search, folder):
            search.take(class_folder, label, subtype, split)
    if not search.films:
        raise _nothing_found(root)
    tables = tuple(search.name(path) for path in search.left_out if path.suffix.lower() == ".csv")
    return Found(tuple(sorted(search.films, key=lambda film: film.path)), tuple(search.notes()), tables)


@dataclass
class _Search:
    """What has been found on the way."""

    root: Path
    films: list[FoundFilm] = field(default_factory=list)
    left_out: list[Path] = field(default_factory=list)
    circular: list[Path] = field(default_factory=list)

    def name(self, path: Path) -> str:
        return printable(path.relative_to(self.root).as_posix())

    def take(self, folder: Path, label: str, subtype: str, split: str) -> None:
        """Take every film of a class folder; a folder inside it may name the subtype."""
        walked = walk(folder)
        self.circular += walked.not_followed
        for path in walked.files:
            if not is_film(path):
                self.left_out.append(path)
                continue
            problem = "" if printable(path) == str(path) else "The file's name is not UTF-8 text."
            finer = self._finer_subtype(folder, path.parent, label)
            self.films.append(FoundFilm(self.name(path), label, finer or subtype, split, "", problem))

    def _finer_subtype(self, class_folder: Path, folder: Path, label: str) -> str:
        """The subtype that the folders between the class folder and the film name, or ""."""
        subtype = ""
        for word in folder.relative_to(class_folder).parts:
            found, finer = class_of(word) or (label, "")
            if found != label:
                raise _two_classes(self.name(folder), label, found)
            subtype = finer or subtype
        return subtype

    def notes(self) -> Iterator[str]:
        if self.left_out:
            suffixes = Counter(path.suffix.lower() or "no suffix" for path in self.left_out)
            kinds = ", ".join(f"{number} {suffix}" for suffix, number in suffixes.most_common(4))
            names = ", ".join(self.name(path) for path in self.left_out[:3])
            more = ", ..." if len(self.left_out) > 3 else ""
            yield f"Ignored, because no film in a class folder: {names}{more} ({kinds})."
        for path in self.circular:
            yield f"The link '{self.name(path)}' leads to a folder that was already looked at; it was not followed."


def _is_folder(path: Path) -> bool:
    """True for a folder or a link to one; a link that leads nowhere or to itself is a file like any other."""
    with suppress(OSError):
        return path.is_dir()
    return False


def _start(root: Path) -> Path:
    """The folder in which class or split folders stand: `root`, or the only folder inside it."""
    with explained(root, "read"):
        children = [child for child in sorted(root.iterdir()) if _may_hold_films(child)]
    known = any(split_of(child.name) or class_of(child.name) for child in children)
    return _start(children[0]) if len(children) == 1 and not known and not _near(children[0].name) else root


def _may_hold_films(path: Path) -> bool:
    return _is_folder(path) and not path.is_symlink() and not path.name.startswith((".", "__"))


def _near(name: str) -> bool:
    """True where a name is probably a misspelt class or split folder."""
    return nearest(plain(name), [*CLASS_WORDS, *SPLIT_WORDS]).startswith("Did you mean")


def _children(search: _Search, folder: Path) -> list[Path]:
    """The folders inside, sorted; files that stand between them are left out by name."""
    with explained(folder, "read"):
        children = sorted(folder.iterdir())
    search.left_out += filterfalse(_is_folder, children)
    return list(filter(_is_folder, children))


def _split_folders(search: _Search, start: Path) -> Iterator[tuple[Path, str]]:
    """The train, val and test folders with what they mean, or `start` itself where there are none."""
    if not any(split_of(child.name) for child in start.iterdir() if _is_folder(child)):
        yield start, ""
        return
    for folder in _children(search, start):
        split = split_of(folder.name)
        if split:
            yield folder, split
        elif nearest(plain(folder.name), list(SPLIT_WORDS)).startswith("Did you mean"):
            raise _misspelt(search, folder, SPLIT_WORDS)
        else:
            search.left_out.append(folder)


def _class_folders(search: _Search, folder: Path) -> Iterator[tuple[Path, str, str]]:
    """The class folders inside with their label and subtype."""
    known = 0
    for child in _children(search, folder):
        meaning = class_of(child.name)
        if meaning:
            known += 1
            yield child, *meaning
        elif _near(child.name) or (not child.name.startswith((".", "__")) and _holds_film(child)):
            raise _misspelt(search, child, CLASS_WORDS)
        else:
            search.left_out.append(child)
    if not known and any(is_film(child) for child in folder.iterdir()):
        raise _no_classes(folder)


def _holds_film(folder: Path) -> bool:
    return any(is_film(Path(name)) for _, _, names in os.walk(folder) for name in names)


def _misspelt(search: _Search, folder: Path, words: tuple[str, ...]) -> HilumError:
    guess = nearest(plain(folder.name), list(words)) if _near(folder.name) else ""
    return HilumError(
        f"The folder '{search.name(folder)}' in '{printable(search.root)}' has a name that hilum does not know.",
        expected=_LAYOUT,
        do=f"{guess} Rename the folder or move it away.".lstrip(),
    )


def _two_classes(folder: str, label: str, found: str) -> HilumError:
    return HilumError(
        f"The folder '{folder}' means {found} but lies inside a folder that means {label}.",
        expected="each film under one class",
        do="Move the folder to its own class.",
    )


def _no_classes(folder: Path) -> HilumError:
    return HilumError(
        f"The folder '{printable(folder)}' holds films but no class folders.",
        expected=_LAYOUT,
        do="Sort the films into class folders, or index a CSV table with the columns path, label and patient.",
    )


def _nothing_found(root: Path) -> HilumError:
    suffixes = ", ".join(sorted(IMAGE_SUFFIXES))
    return HilumError(
        f"The folder '{printable(root)}' holds no films.",
        expected=f"{_LAYOUT}, with films ({suffixes})",
        do="Check the path, or fetch data with: hilum data fetch kermany",
    )
