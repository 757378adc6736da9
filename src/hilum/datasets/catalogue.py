"""The catalogue: one record for each film of a data set, what the films share, and what a person corrected."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

LABELS = ("pneumonia", "normal")
"""The two classes, positive first."""

SUBTYPES = ("bacteria", "virus", "normal")
"""What `FilmRecord.subtype` may say where it is known."""

FOLDERS = ("train", "val", "test")
"""What `FilmRecord.split` may say where the data came in folders."""


@dataclass(frozen=True, slots=True)
class FilmRecord:
    """One film: where it lies, what it shows, whose it is, and what was seen when it was opened.

    Attributes:
        path: relative to the catalogue's root, with forward slashes.
        label: "pneumonia", "normal" or "" where no label is known (then `problem` says so).
        subtype: "bacteria", "virus", "normal" or "".
        patient: the patient's key; the film's own path where nobody knows the patient.
        split: the folder it came in: "train", "val", "test" or "".
        width_px: 0 where the file could not be opened, as `height_px`.
        height_px: see `width_px`.
        mode: the mode the file was stored in ("L", "RGB", ...).
        bytes: size of the file.
        sha256: of the file's bytes, hexadecimal; "" where they could not be read.
        perceptual_hash: 16 hexadecimal digits; "" where the file could not be opened.
        problem: "" or a sentence that says why the film cannot be used.
        mtime_ns: last change of the file; with `bytes` it tells the next index what to look at again.
    """

    path: str
    label: str
    subtype: str
    patient: str
    split: str
    width_px: int = 0
    height_px: int = 0
    mode: str = ""
    bytes: int = 0
    sha256: str = ""
    perceptual_hash: str = ""
    problem: str = ""
    mtime_ns: int = 0


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person who looked at a film says of it, against what the data say.

    Attributes:
        path: of the film when it was looked at.
        sha256: of its bytes; "" as long as only the path is known.
        label: "pneumonia", "normal", or "" where the film is to be left out.
        subtype: "bacteria", "virus", "normal" or "".
    """

    path: str
    sha256: str
    label: str
    subtype: str = ""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A data set: its films in the order of their paths, and how they were found.

    Attributes:
        name: of the data set ("kermany", "phantom", or the folder's name).
        root: the folder that the films' paths start from.
        films: one record a film.
        patient_key: what tells the patients apart: "kermany", "column", "file" or "regex:...".
        notes: sentences said at indexing, about files left out and patients not known.
        corrections: of a person; `films` has them already, and every later index makes them again.
    """

    name: str
    root: Path
    films: tuple[FilmRecord, ...]
    patient_key: str = "file"
    notes: tuple[str, ...] = ()
    corrections: tuple[Correction, ...] = ()

    @property
    def usable(self) -> Catalogue:
        """The catalogue without the films that have a problem."""
        return replace(self, films=tuple(film for film in self.films if not film.problem))

    @property
    def is_pneumonia(self) -> np.ndarray:
        """(n,) bool, in the order of the films."""
        return np.array([film.label == "pneumonia" for film in self.films], dtype=bool)

    @property
    def patients(self) -> tuple[str, ...]:
        """The patient of each film, in the order of the films."""
        return tuple(film.patient for film in self.films)

    @property
    def fingerprint(self) -> str:
        """SHA-256 over what the films are (bytes, label, patient, folder), whatever their order and names."""
        rows = sorted("\t".join((film.sha256, film.label, film.patient, film.split)) for film in self.films)
        return hashlib.sha256("\n".join(rows).encode("utf-8")).hexdigest()

    def select(self, rows: Iterable[int] | np.ndarray) -> Catalogue:
        """The catalogue of the films at `rows`, in that order."""
        return replace(self, films=tuple(self.films[int(row)] for row in rows))

    def resampling_groups(self) -> np.ndarray:
        """(n,) int: films of one group are never parted and are resampled together.

        A group is a patient, or several patients who share a byte-identical file.
        """
        return np.unique(np.array(self.group_names(), dtype=str), return_inverse=True)[1].astype(np.int64)

    def group_names(self) -> tuple[str, ...]:
        """The group of each film, named by the first of its patients in alphabetical order."""
        group_of = _first_in_reach((film.patient, film.sha256) for film in self.films if not film.problem)
        return tuple(group_of.get(film.patient, film.patient) for film in self.films)


def shared_patients(catalogue: Catalogue, rows_a: Iterable[int], rows_b: Iterable[int]) -> tuple[str, ...]:
    """The patients with films among both `rows_a` and `rows_b`, in alphabetical order."""
    first = {catalogue.films[int(row)].patient for row in rows_a}
    return tuple(sorted(first & {catalogue.films[int(row)].patient for row in rows_b}))


def copies(catalogue: Catalogue) -> list[tuple[int, ...]]:
    """Groups of rows of usable films that are byte-identical; a file that stands alone makes no group."""
    rows: dict[str, list[int]] = {}
    for row, film in enumerate(catalogue.films):
        if not film.problem:
            rows.setdefault(film.sha256, []).append(row)
    return [tuple(found) for found in rows.values() if len(found) > 1]


def _first_in_reach(patient_and_file: Iterable[tuple[str, str]]) -> dict[str, str]:
    """For each patient the smallest patient that a chain of shared files leads to."""
    parent: dict[str, str] = {}

    def first_of(patient: str) -> str:
        while parent.setdefault(patient, patient) != patient:
            parent[patient] = parent[parent[patient]]
            patient = parent[patient]
        return patient

    owner: dict[str, str] = {}
    for patient, digest in patient_and_file:
        low, high = sorted((first_of(owner.setdefault(digest, patient)), first_of(patient)))
        parent[high] = low
    return {patient: first_of(patient) for patient in parent}
