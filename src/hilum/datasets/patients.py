"""Patient keys: how a film's patient is told from its name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from hilum.datasets.found import FoundFilm
from hilum.errors import HilumError

_PNEUMONIA = re.compile(r"person(?P<number>\d+)_(?P<subtype>bacteria|virus)_\d+(?:_\d+)*\.", re.IGNORECASE)
_EXPORT = re.compile(r"IM-\d+-\d", re.IGNORECASE)
_NORMAL = re.compile(r"(?P<patient>(?:NORMAL2-)?IM-\d+)-\d", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Origin:
    """What a file name says about a film; an empty string where it says nothing."""

    patient: str
    label: str = ""
    subtype: str = ""


PatientKey = Callable[[str], Origin | None]
"""From a film's path (forward slashes) to its origin, or None where the key does not fit."""


def kermany(path: str) -> Origin | None:
    """Patient and subtype by the file names of Kermany et al. 2018.

    Bacterial and viral numbers are two separate series, so is each kind of normal name: `person78` is one patient with
    bacterial and another with viral pneumonia.

    >>> kermany("test/PNEUMONIA/person78_bacteria_378.jpeg")
    Origin(patient='bacteria-78', label='pneumonia', subtype='bacteria')
    >>> kermany("train/NORMAL/NORMAL2-IM-0383-0001.jpeg").patient
    'NORMAL2-IM-0383'
    """
    name = PurePosixPath(path).name
    if match := _PNEUMONIA.match(name):
        subtype = match["subtype"].lower()
        return Origin(f"{subtype}-{match['number']}", "pneumonia", subtype)
    if match := _NORMAL.match(name):
        return Origin(match["patient"].upper(), "normal", "normal")
    return None


def doubt_of_kermany(films: Sequence[FoundFilm]) -> str:
    """Why films with such names are perhaps not those of Kermany et al. after all, or "".

    `IM-0001-0001` is also how DICOM viewers name what they export: one such name in the folder of every patient.
    Those of pneumonia and the second series of normal films have names that nobody else gives.
    """
    known = [film for film in films if kermany(film.path)]
    exports = [film for film in known if _EXPORT.match(PurePosixPath(film.path).name)]
    others = [film for film in known if not _EXPORT.match(PurePosixPath(film.path).name)]
    if exports and not others:
        return f"all are like '{exports[0].path}', as DICOM viewers name films too"
    sick = [film for film in exports if film.label == "pneumonia"]
    if len(sick) > _FEW * len(exports):
        return f"{len(sick)} films of pneumonia have the name of a normal one, such as '{sick[0].path}'"
    again = _names_in_two_folders(exports)
    # Where the names that nobody else gives come twice as well, these are copies of the same films.
    if len(again) > _FEW * len(exports) and len(_names_in_two_folders(others)) <= _FEW * len(others):
        return f"films of one name lie in several folders, such as '{again[0].path}' and '{again[1].path}'"
    return ""


def _names_in_two_folders(films: Sequence[FoundFilm]) -> list[FoundFilm]:
    """The films whose name another of them has in another folder, those of one name side by side."""
    of_name = defaultdict[str, list[FoundFilm]](list)
    for film in films:
        of_name[PurePosixPath(film.path).name.lower()].append(film)
    return [film for alike in of_name.values() if len(alike) > 1 for film in alike]


KEYS: dict[str, PatientKey] = {"kermany": kermany}
"""The keys that hilum knows by name."""

_DOUBTS: dict[str, Callable[[Sequence[FoundFilm]], str]] = {"kermany": doubt_of_kermany}
_FEW = 0.1
"""Share of films that may lie in a wrong folder before their names are doubted."""


def regex_key(pattern: str) -> PatientKey:
    """A key from a regular expression with one group, searched for in the film's path.

    Raises:
        HilumError: the expression cannot be read, or has no group to take the patient from.
    """
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise _unfit(f"The patient pattern '{pattern}' is not a regular expression: {error}.") from error
    group = "patient" if "patient" in compiled.groupindex else 1
    if not compiled.groups:
        raise _unfit(f"The patient pattern '{pattern}' has no group.")

    def key(path: str) -> Origin | None:
        match = compiled.search(path)
        return Origin(match[group]) if match and match[group] else None

    return key


def key_named(name: str) -> PatientKey:
    """The key that a catalogue's `patient_key` names: one of `KEYS`, or "regex:" and its pattern."""
    return KEYS[name] if name in KEYS else regex_key(name.removeprefix("regex:"))


@dataclass(frozen=True, slots=True)
class Fit:
    """The key that a data set's file names suggest.

    Attributes:
        key: a name in `KEYS`, or "file": every film its own patient.
        doubt: a sentence that says why a key that fits the names was not taken, or "".
    """

    key: str
    doubt: str = ""


def key_that_fits(films: Sequence[FoundFilm]) -> Fit:
    """The first known key that fits more than half of the names and agrees with the folders, else "file"."""
    for name, key in KEYS.items():
        if sum(key(film.path) is not None for film in films) * 2 > len(films):
            doubt = _DOUBTS[name](films)
            return Fit("file", _doubted(name, doubt)) if doubt else Fit(name)
    return Fit("file")


def _doubted(name: str, doubt: str) -> str:
    return f"The names look like those of '{name}', but {doubt}. Use --patient {name} if they are."


def _unfit(happened: str) -> HilumError:
    return HilumError(
        happened,
        expected="a regular expression with one group, such as '(?P<patient>P[0-9]+)_'",
        do="Mend the expression, or leave --patient out.",
    )
