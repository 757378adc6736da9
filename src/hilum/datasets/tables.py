"""Films listed in a CSV table with the columns path, label and, where known, patient, split and subtype."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path, PurePosixPath

from hilum.datasets.catalogue import SUBTYPES
from hilum.datasets.found import Found, FoundFilm, class_of, plain, split_of
from hilum.errors import HilumError, nearest
from hilum.files import printable, read_text

_COLUMNS = {
    "path": ("path", "file", "filename", "file name", "image"),
    "label": ("label", "class"),
    "patient": ("patient", "patient id", "patientid"),
    "split": ("split", "part"),
    "subtype": ("subtype",),
}


def find_in_table(table: Path, root: Path) -> Found:
    """The films that `table` lists; their paths start from `root`. Columns with other names are ignored.

    A file that is missing or a label that is empty becomes a film with a problem when it is opened; a word that is no
    class, a path outside `root` and a path listed twice are errors, because the table then says something else.

    Raises:
        HilumError: the table cannot be read, lacks a column, or has a line that cannot be meant.
    """
    rows = rows_of(table)
    if not rows:
        raise _unfit(table, "is empty", "a header line and one line a film")
    columns = _columns(table, rows[0])
    films: dict[str, FoundFilm] = {}
    for number, row in enumerate(rows[1:], start=2):
        if any(row):
            cells = {name: row[at].strip() if at < len(row) else "" for name, at in columns.items()}
            film = _film(cells, root, f"{printable(table.name)}, line {number}")
            if film.path in films:
                raise _unfit(table, f"names '{film.path}' again in line {number}", "each film once")
            films[film.path] = film
    if not films:
        raise _unfit(table, "lists no films", "a header line and one line a film")
    return Found(tuple(films[path] for path in sorted(films)))


def rows_of(table: Path) -> list[list[str]]:
    """The cells of a CSV table, line by line, whether its commas are commas, semicolons or tabs.

    Raises:
        HilumError: it cannot be read, or is no CSV.
    """
    text = io.StringIO(read_text(table).removeprefix("\ufeff"), newline="")
    try:
        return list(csv.reader(text, _dialect(table)))
    except csv.Error as error:
        raise _unfit(table, f"is no CSV ({error})", "lines of cells between commas") from error


def _dialect(table: Path) -> type[csv.Dialect]:
    """Commas, or the semicolons or tabs of other spreadsheets."""
    header = read_text(table).partition("\n")[0]

    class Separated(csv.excel):
        delimiter = max(",;\t", key=header.count)

    return Separated


def _columns(table: Path, header: list[str]) -> dict[str, int]:
    """Where each known column stands."""
    words = [plain(word) for word in header]
    found = {name: words.index(word) for name, known in _COLUMNS.items() for word in reversed(known) if word in words}
    for name in ("path", "label"):
        if name not in found:
            raise _unfit(table, f"has no column '{name}' (found: {', '.join(header)})", "the columns path and label")
    return found


def _film(cells: dict[str, str], root: Path, where: str) -> FoundFilm:
    path = _inside(cells["path"], root, where)
    if not cells["label"]:
        return FoundFilm(path, "", "", _split(cells, where), cells.get("patient", ""), "The table gives no label.")
    meaning = class_of(cells["label"])
    if meaning is None:
        raise _unknown_word(where, "label", cells["label"], ["pneumonia", "normal", "bacteria", "virus"])
    label, subtype = meaning
    return FoundFilm(path, label, _subtype(cells, where) or subtype, _split(cells, where), cells.get("patient", ""))


def _inside(cell: str, root: Path, where: str) -> str:
    """The path from `root`, also where the table gives it in full or with back slashes."""
    if not cell or "\0" in cell:
        raise HilumError(f"{where} names no file.", expected="a path in each line", do="Complete or remove the line.")
    text = os.path.relpath(cell, root) if Path(cell).is_absolute() else os.path.normpath(cell.replace("\\", "/"))
    path = PurePosixPath(Path(text).as_posix())
    if path.parts[:1] == ("..",):
        raise HilumError(
            f"{where} names '{cell}', which lies outside '{printable(root)}'.",
            expected="paths inside the folder of the data set",
            do="Name that folder with --root.",
        )
    return str(path)


def _split(cells: dict[str, str], where: str) -> str:
    word = cells.get("split", "")
    split = split_of(word) if word else ""
    if split is None:
        raise _unknown_word(where, "split", word, ["train", "val", "test"])
    return split


def _subtype(cells: dict[str, str], where: str) -> str:
    word = cells.get("subtype", "")
    subtype = (class_of(word) or ("", None))[1] if word else ""
    if subtype is None:
        raise _unknown_word(where, "subtype", word, list(SUBTYPES))
    return subtype


def _unknown_word(where: str, column: str, word: str, known: list[str]) -> HilumError:
    return HilumError(
        f"{where} has the {column} '{word}'.", expected=f"one of {', '.join(known)}", do=nearest(word.lower(), known)
    )


def _unfit(table: Path, problem: str, expected: str) -> HilumError:
    return HilumError(
        f"The table '{printable(table)}' {problem}.", expected=expected, do="Mend the table and run again."
    )
