"""Corrections: what a person who looked at the films says against their labels, from a CSV file into the catalogue."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from hilum.datasets.catalogue import LABELS, SUBTYPES, Catalogue, Correction, FilmRecord
from hilum.datasets.found import class_of, plain
from hilum.datasets.tables import rows_of
from hilum.errors import HilumError, nearest
from hilum.files import printable

LEAVE_OUT: Final = "leave out"
"""What stands in the column "label" for a film that no label fits."""

COLUMNS: Final = ("path", "label", "sha256")
"""The columns that are read; those with other names are for the person alone."""

_WORDS: Final = ("pneumonia", "normal", "bacteria", "virus", LEAVE_OUT)


@dataclass(frozen=True, slots=True)
class CorrectionLine(Correction):
    """A correction as it stands in a file, before anybody knows of which film it is.

    Attributes:
        file: that it stands in.
        line: its number there, from 1.
    """

    file: str = ""
    line: int = 0


def read_corrections(files: Sequence[Path]) -> tuple[CorrectionLine, ...]:
    """The decided lines of CSV files with the columns path, label and, to be sure of the film, sha256, in order.

    A line without a label decides nothing: the film keeps the label it has.

    Raises:
        HilumError: a file cannot be read, lacks a column, or holds a word that is no label.
    """
    return tuple(one for file in files for one in _in_file(file))


def fit_corrections(corrections: Sequence[Correction], catalogue: Catalogue) -> tuple[Correction, ...]:
    """One correction a film, with its SHA-256, whatever its name is now.

    What a later file says of a film takes the place of what an earlier one says; lines of one file must agree.

    Args:
        corrections: of `read_corrections`; those that stand in no file are taken for one file.
        catalogue: the films, without corrections.

    Raises:
        HilumError: a correction is of a film that the catalogue does not have, that has changed since or that lies in
            the test folder; its path and its SHA-256 are of two films; or two lines of a file contradict each other.
    """
    by_path = {film.path: film for film in catalogue.films if not film.problem}
    is_test = _all_test(by_path.values())
    decided, said = dict[str, Correction](), dict[tuple[str, str], Correction]()
    for one in corrections:
        digest = _film_of(one, by_path.get(one.path), is_test)
        found = Correction(one.path, digest, one.label, one.subtype)
        file = one.file if isinstance(one, CorrectionLine) else ""
        first = said.setdefault((file, digest), found)
        if (first.label, first.subtype) != (found.label, found.subtype):
            raise _contradiction(one, first)
        decided[digest] = found
    return tuple(decided.values())


def correct(catalogue: Catalogue, corrections: Sequence[Correction]) -> Catalogue:
    """The catalogue as the corrections have it: other labels, without the films to leave out, and a note that says so.

    Byte-identical films are corrected together, but for those of a test folder, which stay as they are. A correction
    whose film is gone is kept, in case it comes back.

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
        correction = None if film.problem or film.split == "test" else by_film.get(film.sha256)
        if correction is None or _is_so(correction, film):
            yield film
        elif correction.label:
            yield replace(film, label=correction.label, subtype=correction.subtype)


def _in_words(catalogue: Catalogue, by_film: dict[str, Correction]) -> str:
    """How many films changed, and a fingerprint of the corrections."""
    known: dict[str, list[FilmRecord]] = {}
    for film in catalogue.films:
        if not film.problem and film.sha256 in by_film:
            known.setdefault(film.sha256, []).append(film)
    found = Counter(_outcome(one, known.get(digest, [])) for digest, one in by_film.items())
    in_test = sum(film.split == "test" for films in known.values() for film in films)
    parts = [f"{found[label]} now {label}" for label in (*LABELS, *SUBTYPES[:2]) if found[label]]
    parts += [f"{found[LEAVE_OUT]} left out"] if found[LEAVE_OUT] else []
    parts += [f"{found['already so']} that had the label already"] if found["already so"] else []
    parts += [f"{found['gone']} not among the films any more"] if found["gone"] else []
    parts += [f"{in_test} in the test folder left as they are"] if in_test else []
    lines = sorted(f"{one.sha256}\t{one.label}\t{one.subtype}" for one in by_film.values())
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return f"Corrected by a person: {', '.join(parts)} (corrections {digest[:12]})."


def _is_so(correction: Correction, film: FilmRecord) -> bool:
    """True where the film is what the correction says; one that names no kind of pneumonia agrees with either."""
    return correction.label == film.label and correction.subtype in ("", correction.label, film.subtype)


def _outcome(one: Correction, films: Sequence[FilmRecord]) -> str:
    """What becomes of a film and its copies: a label, a kind of pneumonia, or why nothing does."""
    free = [film for film in films if film.split != "test"]
    if not free:
        return "test" if films else "gone"
    changed = [film for film in free if not _is_so(one, film)]
    if not changed:
        return "already so"
    return one.label or LEAVE_OUT if any(film.label != one.label for film in changed) else one.subtype


def _all_test(films: Iterable[FilmRecord]) -> dict[str, bool]:
    """By SHA-256: do all films of these bytes lie in the test folder?"""
    is_test: dict[str, bool] = {}
    for film in films:
        is_test[film.sha256] = is_test.get(film.sha256, True) and film.split == "test"
    return is_test


def _film_of(one: Correction, film: FilmRecord | None, is_test: Mapping[str, bool]) -> str:
    """The SHA-256 of the film that a correction is of; `film` is the one that lies at its path."""
    digest = one.sha256 or (film.sha256 if film else "")
    if digest not in is_test:
        raise _of_another_film(one, film)
    if film is not None and film.sha256 != digest:
        raise HilumError(
            f"{_place(one)} has the path '{printable(one.path)}' of one film and the SHA-256 of another.",
            expected="path and SHA-256 of one film",
            do="Look which film is meant, and take the other out of the line.",
        )
    if is_test[digest]:
        raise HilumError(
            f"The film '{printable(one.path)}', for which there is a correction, lies in the test folder.",
            expected="corrections of films outside it, as a test keeps the labels that it came with",
            do="Remove its line.",
        )
    return digest


def _in_file(file: Path) -> Iterator[CorrectionLine]:
    """The decided lines of one file."""
    rows = rows_of(file)
    header = [plain(word) for word in rows[0]] if rows else []
    for name in COLUMNS[:2]:
        if name not in header:
            raise HilumError(
                f"'{printable(file)}' has no column '{name}' (found: {', '.join(header) or 'nothing'}).",
                expected="a CSV file with the columns path and label",
                do="Take the one that the review page of hilum audit labels saves.",
            )
    for number, row in enumerate(rows[1:], start=2):
        cells = {name: cell.strip() for name, cell in zip(header, row, strict=False)}
        if cells.get("label"):
            yield _correction(cells, printable(file), number)


def _correction(cells: dict[str, str], file: str, line: int) -> CorrectionLine:
    where = f"'{file}', line {line},"
    word, path, digest = plain(cells["label"]), cells.get("path", ""), cells.get("sha256", "").lower()
    if not path:
        raise HilumError(f"{where} names no film.", expected="a path in each line", do="Complete or remove the line.")
    if word == LEAVE_OUT:
        return CorrectionLine(path, digest, "", "", file, line)
    meaning = class_of(word)
    if meaning is None:
        raise HilumError(
            f"{where} has the label '{cells['label']}'.",
            expected=f"one of {', '.join(_WORDS)}",
            do=nearest(word, list(_WORDS)),
        )
    return CorrectionLine(path, digest, *meaning, file, line)


def _place(one: Correction) -> str:
    return f"'{one.file}', line {one.line}," if isinstance(one, CorrectionLine) else "A correction"


def _contradiction(one: Correction, first: Correction) -> HilumError:
    above = "" if first.path == one.path else f", which is the film '{printable(first.path)}'"
    return HilumError(
        f"{_place(one)} contradicts a line above it about '{printable(one.path)}'{above}.",
        expected="one label for a film and its copies",
        do="Remove one of the two lines.",
    )


def _of_another_film(one: Correction, film: FilmRecord | None) -> HilumError:
    happened = "has changed since it was looked at" if film else "is not among the usable films of these data"
    return HilumError(
        f"The film '{printable(one.path)}', for which there is a correction, {happened}.",
        expected="corrections of the films as they are",
        do="Look at it again, or remove its line.",
    )
