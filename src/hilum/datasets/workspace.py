"""The workspace: where hilum keeps a data set's catalogue, its pixel cache and the list of looks at its test films."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hilum.datasets.catalogue import Catalogue, Correction
from hilum.datasets.catalogue_file import is_catalogue, read_catalogue, require_format, write_catalogue
from hilum.datasets.corrections import correct, fit_corrections
from hilum.datasets.index import index_csv, index_folder
from hilum.errors import HilumError
from hilum.files import explained, printable
from hilum.progress import Progress, Silent

WORKSPACE = Path("hilum-data")
"""Where verbs keep the indexes unless told otherwise: in the current folder."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person asks of an index; empty values keep what an older index of the same data says.

    Attributes:
        patient: the patient key, as `index_folder` takes it.
        name: the data set's name.
        root: for a CSV table, the folder that its paths start from.
        corrections: of labels, in place of the older index's.
    """

    patient: str = ""
    name: str = ""
    root: Path | None = None
    corrections: tuple[Correction, ...] | None = None


def resolve_catalogue(data: Path, workspace: Path, progress: Progress = Silent()) -> tuple[Catalogue, Path]:
    """The catalogue that `data` means, and the folder beside whose catalogue the cache and `looks.jsonl` live.

    Args:
        data: a folder of films or a CSV table (its index in the workspace is made or brought up to date), or a
            catalogue file, which is taken as it is.
        workspace: the folder of all indexes, such as `hilum-data`.
        progress: where the bar is shown.

    Raises:
        HilumError: there is nothing at `data`, it holds no films, or another data set has its place in the workspace.
    """
    _require_there(data)
    if is_catalogue(data):
        return read_catalogue(data), data.resolve().parent
    place = place_of(data, workspace)
    return update_index(data, place, Wishes(), progress)[0], place.parent


def place_of(data: Path, workspace: Path) -> Path:
    """The catalogue's file for `data` in the workspace: under the folder's name, or the table's behind its folder's.

    Raises:
        HilumError: there is nothing at `data`, or no way to it.
    """
    _require_there(data)
    data = data.resolve()
    return workspace / (data.name if data.is_dir() else f"{data.parent.name}-{data.stem}") / "catalogue.parquet"


def update_index(
    data: Path, place: Path, wishes: Wishes, progress: Progress = Silent()
) -> tuple[Catalogue, Catalogue | None]:
    """Bring the catalogue at `place` up to date with a folder or a CSV table: as it is now, and as it was before.

    Raises:
        HilumError: as `resolve_catalogue`; also where the file at `place` is no catalogue.
    """
    _require_there(data)
    require_format(place)
    with explained(place, "read"):
        is_there = place.exists()
    previous = read_catalogue(place) if is_there else None
    found = _index(data, previous, wishes, progress)
    if wishes.corrections is not None:
        catalogue = correct(found, fit_corrections(wishes.corrections, found))
    else:
        catalogue = correct(found, previous.corrections if previous else ())
    if catalogue != previous:
        write_catalogue(place, catalogue)
    return catalogue, previous


def _index(data: Path, previous: Catalogue | None, wishes: Wishes, progress: Progress) -> Catalogue:
    """The catalogue of a folder or a CSV table as it is now, uncorrected; wishes left empty come from `previous`."""
    patient = wishes.patient or (previous.patient_key if previous else "")
    name = wishes.name or (previous.name if previous else "")
    if data.is_dir():
        _require_same_root(previous, data.resolve(), data)
        return index_folder(data, patient=patient, name=name, previous=previous, progress=progress)
    if data.suffix.lower() != ".csv":
        raise HilumError(
            f"'{printable(data)}' is neither a folder nor a table of films.",
            expected="a folder of films, a .csv table, or a catalogue.parquet",
            do="Name the folder that holds the films.",
        )
    root = wishes.root or (previous.root if previous else data.parent)
    _require_same_root(previous, root.resolve(), data)
    return index_csv(data, root=root, patient=patient, name=name, previous=previous, progress=progress)


def _require_there(data: Path) -> None:
    with explained(data, "read"):
        data.stat()


def _require_same_root(previous: Catalogue | None, root: Path, data: Path) -> None:
    if previous is not None and previous.root != root:
        raise HilumError(
            f"There is an index named like '{printable(data)}' already, of the films in '{printable(previous.root)}'.",
            expected=f"an index of '{printable(root)}', or none",
            do="Name another place with --workspace, or remove the old index if those films have moved.",
        )
