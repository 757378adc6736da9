"""Where a film stands in the numbering of its series: "IM" 115, "bacteria" 78."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from hilum.datasets.catalogue import FilmRecord

_NUMBERED = re.compile(r"(.*?)(\d+)\D*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Place:
    """A series of names and the number within it; -1 where the name holds none."""

    series: str
    number: int


def place_of(film: FilmRecord) -> Place:
    """The series and the number of a film's patient; of the file's own name where nobody knows the patient.

    >>> place_of(FilmRecord("train/NORMAL/NORMAL2-IM-0115-0001.jpeg", "normal", "normal", "NORMAL2-IM-0115", "train"))
    Place(series='NORMAL2-IM', number=115)
    """
    name = PurePosixPath(film.path).stem if film.patient == film.path else film.patient
    found = _NUMBERED.fullmatch(name)
    if not found:
        return Place(name, -1)
    return Place(found[1].strip(" -_."), int(found[2][-15:]))
