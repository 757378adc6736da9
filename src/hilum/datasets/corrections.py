"""Corrections: what a person who looked at the films says against their labels, from a CSV file into the catalogue."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from hilum.datasets.catalogue import LABELS, Catalogue, Correction, FilmRecord
from hilum.datasets.found import class_of, plain
from hilum.datasets.tables import rows_of
from hilum.errors import HilumError, nearest
from hilum.files import printable

LEAVE_OUT: Final = "leave out"
"""What stands in the column "label" for a film that no label fits."""

COLUMNS: Final = ("path", "label", "sha256")
"""The columns that are read; those with other names are for the person alone."""

_WORDS: Final = ("pneumonia", "normal", "bacteria", "virus", LEAVE_OUT)


def read_corrections(files: Sequence[Path]) -> tuple[Correction, ...]:
    """The decided lines of CSV files with the columns path, label and, to be sure of the film, sha256.

    A line without a label decides nothing: the film keeps the label it has. What a later file says of a film takes the
    place of what an earlier one says.

    Raises:
        HilumError: a file cannot be read, lacks a column, holds a word that is no label, or says two things of a film.
    """
    decided: dict[str, Correction] = {}
    for file in files:
        decided |= _in_file(file)
    return tuple(decided.values())


def fit_corrections(corrections: Sequence[Correction], catalogue: Catalogue) -> tuple[Correction, ...]:
    """The corrections with the SHA-256 of their film, whatever its name is now.

    Raises:
        HilumError: a correction is of a film that the catalogue does not have, or that has changed since.
    """
    by_path = {film.path: film for film in catalogue.films if not film.problem}
    known = {film.sha256 for film in by_path.values()}
    fitted = []
    for one in corrections:
        film = by_path.get(one.path)
        if one.sha256 not in known and (film is None or one.sha256):
            raise _of_another_film(one, film)
        fitted.append(replace(one, sha256=one.sha256 or (film.sha256 if film else "")))
    return tuple(fitted)


def correct(catalogue: Catalogue, corrections: Sequence[Correction]) -> Catalogue:
    """The catalogue as the corrections have it: other labels, without the films to leave out, and a note that says so.

    Byte-identical films are corrected together. A correction whose film is gone is kept, in case it comes back.

    Args:
        catalogue: as the folders or the table have it, without corrections.
        corrections: fitted to the catalogue, now or at an earlier index.
    """
    if not corrections:
        return catalogue
    by_film = {one.sha256: one for one in corrections}
    films = tuple(_corrected(catalogue.films, by_film))
    notes = (*catalogue.notes, _in_words(catalogue, by_film))
    return replace(catalogue, films=films, notes=notes, corrections=tuple(corrections))


def _corrected(films: Sequence[FilmRecord], by_film: dict[str, Correction]) -> Iterator[FilmRecord]:
    for film in films:
        correction = None if film.problem else by_film.get(film.sha256)
        if correction is None or correction.label == film.label:
            yield film
        elif correction.label:
            yield replace(film, label=correction.label, subtype=correction.subtype)


def _in_words(catalogue: Catalogue, by_film: dict[str, Correction]) -> str:
    """How many films changed, and a fingerprint of the corrections."""
    label_of = {film.sha256: film.label for film in catalogue.films if not film.problem}
    found = Counter(
        "gone" if film not in label_of else "already so" if one.label == label_of[film] else one.label or LEAVE_OUT
        for film, one in by_film.items()
    )
    parts = [f"{found[label]} now {label}" for label in LABELS if found[label]]
    parts += [f"{found[LEAVE_OUT]} left out"] if found[LEAVE_OUT] else []
    parts += [f"{found['already so']} that had the label already"] if found["already so"] else []
    parts += [f"{found['gone']} not among the films any more"] if found["gone"] else []
    lines = sorted(f"{one.sha256}\t{one.label}\t{one.subtype}" for one in by_film.values())
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return f"Corrected by a person: {', '.join(parts)} (corrections {digest[:12]})."


def _in_file(file: Path) -> dict[str, Correction]:
    """The decided lines of one file, by SHA-256 where it is given, else by path."""
    rows = rows_of(file)
    header = [plain(word) for word in rows[0]] if rows else []
    for name in COLUMNS[:2]:
        if name not in header:
            raise HilumError(
                f"'{printable(file)}' has no column '{name}' (found: {', '.join(header) or 'nothing'}).",
                expected="a CSV file with the columns path and label",
                do="Take the one that the review page of hilum audit labels saves.",
            )
    decided: dict[str, Correction] = {}
    for number, row in enumerate(rows[1:], start=2):
        cells = {name: cell.strip() for name, cell in zip(header, row, strict=False)}
        if not cells.get("label"):
            continue
        one = _correction(cells, f"'{printable(file)}', line {number},")
        key = one.sha256 or one.path
        if decided.setdefault(key, one).label != one.label:
            raise HilumError(
                f"'{printable(file)}', line {number}, contradicts a line above it about '{printable(one.path)}'.",
                expected="one label for a film and its copies",
                do="Remove one of the two lines.",
            )
    return decided


def _correction(cells: dict[str, str], where: str) -> Correction:
    word, path, digest = plain(cells["label"]), cells.get("path", ""), cells.get("sha256", "").lower()
    if not path:
        raise HilumError(f"{where} names no film.", expected="a path in each line", do="Complete or remove the line.")
    if word == LEAVE_OUT:
        return Correction(path, digest, "")
    meaning = class_of(word)
    if meaning is None:
        raise HilumError(
            f"{where} has the label '{cells['label']}'.",
            expected=f"one of {', '.join(_WORDS)}",
            do=nearest(word, list(_WORDS)),
        )
    return Correction(path, digest, *meaning)


def _of_another_film(one: Correction, film: FilmRecord | None) -> HilumError:
    happened = "has changed since it was looked at" if film else "is not among the usable films of these data"
    return HilumError(
        f"The film '{printable(one.path)}', for which there is a correction, {happened}.",
        expected="corrections of the films as they are",
        do="Look at it again, or remove its line.",
    )
