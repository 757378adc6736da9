"""Patient keys: how a film's patient is told from its name."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from hilum.errors import HilumError

_PNEUMONIA = re.compile(r"person(?P<number>\d+)_(?P<subtype>bacteria|virus)_\d+(?:_\d+)*\.", re.IGNORECASE)
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


KEYS: dict[str, PatientKey] = {"kermany": kermany}
"""The keys that hilum knows by name."""


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


def key_that_fits(paths: Sequence[str]) -> str:
    """The first known key that fits more than half of the paths, else "file": every film its own patient."""
    for name, key in KEYS.items():
        if sum(key(path) is not None for path in paths) * 2 > len(paths):
            return name
    return "file"


def _unfit(happened: str) -> HilumError:
    return HilumError(
        happened,
        expected="a regular expression with one group, such as '(?P<patient>P[0-9]+)_'",
        do="Mend the expression, or leave --patient out.",
    )
