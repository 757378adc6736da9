"""A film that was found but not opened yet, and the words that folders and tables use for its class and its part."""

from __future__ import annotations

from dataclasses import dataclass

_CLASSES = {
    "pneumonia": ("pneumonia", ""),
    "bacteria": ("pneumonia", "bacteria"),
    "bacterial": ("pneumonia", "bacteria"),
    "bacterial pneumonia": ("pneumonia", "bacteria"),
    "pneumonia bacteria": ("pneumonia", "bacteria"),
    "virus": ("pneumonia", "virus"),
    "viral": ("pneumonia", "virus"),
    "viral pneumonia": ("pneumonia", "virus"),
    "pneumonia virus": ("pneumonia", "virus"),
    "normal": ("normal", "normal"),
    "healthy": ("normal", "normal"),
    "no finding": ("normal", "normal"),
}
_SPLITS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}
CLASS_WORDS = tuple(_CLASSES)
SPLIT_WORDS = tuple(_SPLITS)


@dataclass(frozen=True, slots=True)
class FoundFilm:
    """Where a film lies and what its folder or its line in a table says about it.

    Attributes:
        path: relative to the data set's root, with forward slashes.
        label: "pneumonia", "normal" or "".
        subtype: "bacteria", "virus", "normal" or "".
        split: "train", "val", "test" or "".
        patient: as a table says, else "".
        problem: "" or why the film must not be opened.
    """

    path: str
    label: str
    subtype: str
    split: str
    patient: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """The films of a data set in the order of their paths, sentences about what was left out, and tables among that."""

    films: tuple[FoundFilm, ...]
    notes: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()


def class_of(word: str) -> tuple[str, str] | None:
    """Label and subtype that a folder's name or a table's cell means, in any case; None for an unknown word.

    >>> class_of("Viral_Pneumonia"), class_of("COVID")
    (('pneumonia', 'virus'), None)
    """
    return _CLASSES.get(plain(word))


def split_of(word: str) -> str | None:
    """The part that a folder's name or a table's cell means; None for an unknown word.

    >>> split_of("Validation")
    'val'
    """
    return _SPLITS.get(plain(word))


def plain(word: str) -> str:
    """The word in lower case, with blanks for dashes and underscores."""
    return " ".join(word.casefold().replace("-", " ").replace("_", " ").split())
