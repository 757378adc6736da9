"""A folder of phantom films in the layout and under the names of the Kermany films."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from functools import partial
from pathlib import Path

from hilum.datasets.phantom.film import draw_film
from hilum.datasets.phantom.findings import Opacity
from hilum.datasets.phantom.patients import KINDS, draw_build
from hilum.datasets.workers import in_processes
from hilum.errors import HilumError
from hilum.files import explained, printable, whole_folder, write_text
from hilum.json_files import read_json, write_json
from hilum.progress import Progress, Silent

DESCRIPTION = "phantom.json"
"""Beside the films: what they were drawn from."""

OPACITIES = "opacities.csv"
"""Beside the films: the place of every opacity in pixels, one row each."""

FEWEST_PATIENTS = 8
"""With fewer, train or test would lack a kind of patient."""

_VERSION = 2  # of the drawing: raised when the same seed begins to give other films, or another table of opacities


@dataclass(frozen=True, slots=True)
class Drawn:
    """One film of the collection before it is written."""

    path: str
    jpeg: bytes
    opacities: tuple[Opacity, ...]


@dataclass(frozen=True, slots=True)
class _Ordered:
    path: str
    patient: int
    film: int


def draw_phantom_films(
    directory: Path, *, patients: int = 240, seed: int = 0, side: int = 320, progress: Progress = Silent()
) -> int:
    """Draw chest films of phantom patients into a new folder and give back their number.

    The folder holds train|test / NORMAL|PNEUMONIA with names that the Kermany patient key reads, `opacities.csv` with
    the place of every opacity, and `phantom.json` with the arguments. Half of the patients are normal, a quarter has
    bacterial, a quarter viral pneumonia; a quarter of each is in test; many have several films. Patient n is the same
    for every number of patients. The folder appears whole or not at all; one that holds these very films is left
    as it is.

    Args:
        directory: to make.
        patients: at least 8.
        seed: the same seed draws the same films.
        side: width of the films in pixels, 96 to 640.
        progress: where the bar is shown.

    Raises:
        HilumError: an argument is out of range, `directory` holds something else, or the disc is unwilling.
    """
    _require(FEWEST_PATIENTS <= patients <= 100_000, f"{patients} phantom patients", f"{FEWEST_PATIENTS} to 100,000")
    _require(96 <= side <= 640, f"films {side} pixels wide", "96 to 640")
    _require(0 <= seed < 2**32, f"seed {seed}", "0 to 4294967295")
    description = {"drawing": _VERSION, "patients": patients, "seed": seed, "side": side}
    films = list(_order(patients, seed))
    if _holds(directory, description):
        return len(films)
    with whole_folder(directory) as folder:
        drawn = in_processes(partial(_draw, seed, side), films, progress, "Drawing phantom films")
        write_text(folder / OPACITIES, _table(list(_write(folder, drawn))))
        write_json(folder / DESCRIPTION, description)
    return len(films)


def _order(patients: int, seed: int) -> Iterator[_Ordered]:
    """Every film to draw, patient by patient."""
    for patient in range(patients):
        for film in range(draw_build(seed, patient).films):
            yield _Ordered(_path_of(patient, film), patient, film)


def _path_of(patient: int, film: int) -> str:
    """Where a film goes: every fourth group of patients is for the test; both kinds of normal names are used.

    >>> _path_of(1, 0), _path_of(6, 2)
    ('train/PNEUMONIA/person1_bacteria_1.jpeg', 'test/NORMAL/NORMAL2-IM-0002-0003.jpeg')
    """
    group, place = divmod(patient, len(KINDS))
    split, number, kind = "test" if group % 4 == 1 else "train", group + 1, KINDS[place]
    if kind == "normal":
        return f"{split}/NORMAL/{'' if place == 0 else 'NORMAL2-'}IM-{number:04d}-{film + 1:04d}.jpeg"
    return f"{split}/PNEUMONIA/person{number}_{kind}_{film + 1}.jpeg"


def _draw(seed: int, side: int, ordered: _Ordered) -> Drawn:
    film = draw_film(seed, ordered.patient, ordered.film, side)
    return Drawn(ordered.path, film.jpeg(), film.opacities)


def _write(folder: Path, drawn: Iterator[Drawn]) -> Iterator[Drawn]:
    """Write each film and pass it on without its bytes."""
    for film in drawn:
        path = folder / film.path
        with explained(path, "write"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(film.jpeg)
        yield Drawn(film.path, b"", film.opacities)


def _table(films: list[Drawn]) -> str:
    """The CSV of opacities, in the order of the paths."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["path", *(field.name for field in fields(Opacity))])
    for film in sorted(films, key=lambda film: film.path):
        for opacity in film.opacities:
            *place, kind = astuple(opacity)
            rows.writerow([film.path, *(round(value, 1) for value in place), kind])
    return text.getvalue()


def _holds(directory: Path, description: dict[str, int]) -> bool:
    """True when the folder holds these very films already."""
    with explained(directory / DESCRIPTION, "read"):
        is_there = (directory / DESCRIPTION).is_file()
    if is_there and read_json(directory / DESCRIPTION) != description:
        raise HilumError(
            f"'{printable(directory)}' holds other phantom films.",
            expected="a new folder, or one with films of the same seed, side and number of patients",
            do="Remove it or name another folder.",
        )
    return is_there


def _require(is_right: bool, happened: str, expected: str) -> None:
    if not is_right:
        raise HilumError(f"Asked for {happened}.", expected=expected, do="Choose a number in that range.")
