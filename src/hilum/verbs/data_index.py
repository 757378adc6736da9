"""hilum data index: a folder or a table of films in, a catalogue out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hilum.datasets.catalogue import LABELS, Catalogue
from hilum.datasets.catalogue_file import is_catalogue, read_catalogue, write_catalogue
from hilum.datasets.corrections import read_corrections
from hilum.datasets.counts import PlaceCount, count_films
from hilum.datasets.index import unchanged
from hilum.datasets.workspace import WORKSPACE, Wishes, place_of, update_index
from hilum.errors import HilumError
from hilum.files import printable
from hilum.progress import on_stderr

if TYPE_CHECKING:
    from rich.console import RenderableType

_SHOWN_PROBLEMS = 10


@dataclass(frozen=True, slots=True)
class Indexed:
    """What an index found.

    Attributes:
        data: the data as the command named it.
        catalogue: the file that was written.
        name: of the data set.
        films: number of films, those that cannot be used among them.
        patients: number of patients.
        patient_key: what tells the patients apart.
        opened: films that were opened; the others had not changed since the last index.
        counts: films and patients of each folder.
        problems: path and reason of each film that cannot be used.
        notes: what was ignored, and what is not known.
    """

    data: str
    catalogue: str
    name: str
    films: int
    patients: int
    patient_key: str
    opened: int
    counts: tuple[PlaceCount, ...]
    problems: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]

    @property
    def exit_status(self) -> int:
        """1 where a film cannot be used."""
        return int(bool(self.problems))

    def __rich__(self) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        from hilum.verbs.data_tables import counts_table

        problems = [f"Cannot be used: {path}: {reason}" for path, reason in self.problems[:_SHOWN_PROBLEMS]]
        left = len(self.problems) - len(problems)
        lines = [
            "",
            f"{self.films - self.opened:,} films had not changed, {self.opened:,} were opened. "
            f"Patients are told apart by: {self.patient_key}.",
            *problems,
            *([f"... and {left:,} more films that cannot be used: hilum data check"] if left else []),
            *self.notes,
            "",
            f"Catalogue  {self.catalogue}",
            f"Next       hilum data check {self.data}",
        ]
        head = Text(f"{self.name}: {self.films:,} films of {self.patients:,} patients\n")
        return Group(head, counts_table(self.counts), *map(Text, lines))

    def as_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return asdict(self)


def index(
    data: Path,
    *,
    output: Path | None = None,
    patient: str = "",
    name: str = "",
    root: Path | None = None,
    corrections: Sequence[Path] = (),
    workspace: Path = WORKSPACE,
) -> Indexed:
    """Make a catalogue: one row a film with label, patient, folder, size, hashes and what is wrong with it.

    A second run only opens the films that changed. A film that cannot be used is a row with its reason; the others go
    on, and the exit status is 1.

    Args:
        data: Folder of class folders (normal, pneumonia), with or without train, val and test above them; or a CSV
            table with the columns path, label and, where known, patient, split and subtype.
        output: Write the catalogue here instead (.parquet or .csv).
        patient: How a film's path tells the patient: kermany, file (each film its own patient), column (of the
            table), or a regular expression with one group. By itself: Kermany names, else the table, else file.
        name: Name of the data set.
        root: Folder that the paths in a table start from; the table's own if not given.
        corrections: CSV file of corrected labels, as the page of hilum audit labels saves it; may be given several
            times. They are made again at every later index, until --corrections names others.
        workspace: Folder of all indexes.

    Examples:
        hilum data index data/chest_xray
        hilum data index data/ward --patient 'patient([0-9]+)_'
        hilum data index data/labels.csv --output catalogue.csv
        hilum data index data/chest_xray --corrections corrections.csv
    """
    place = output or place_of(data, workspace)
    _require_suffix(place)
    if is_catalogue(data):
        catalogue, previous = _copied(data, place, corrections)
    else:
        wishes = Wishes(patient, printable(name), root, read_corrections(corrections) if corrections else None)
        catalogue, previous = update_index(data, place, wishes, on_stderr())
    return Indexed(
        data=printable(data),
        catalogue=printable(place),
        name=catalogue.name,
        films=len(catalogue.films),
        patients=len(set(catalogue.patients)),
        patient_key=catalogue.patient_key,
        opened=len(catalogue.films) - unchanged(catalogue, previous),
        counts=count_films(catalogue),
        problems=tuple((film.path, film.problem) for film in catalogue.films if film.problem),
        notes=(*catalogue.notes, *_missing_classes(catalogue)),
    )


def _require_suffix(place: Path) -> None:
    """Refuse a name by which no verb would know the catalogue again."""
    if place.suffix.lower() not in (".parquet", ".csv"):
        raise HilumError(
            f"'{printable(place)}' is no name for a catalogue.",
            expected="a name that ends in .parquet or .csv",
            do="Change --output.",
        )


def _missing_classes(catalogue: Catalogue) -> list[str]:
    there = {film.label for film in catalogue.usable.films}
    return [f"There is no usable film labelled {label}: a model needs both." for label in LABELS if label not in there]


def _copied(data: Path, place: Path, corrections: Sequence[Path]) -> tuple[Catalogue, Catalogue | None]:
    """A catalogue written once more, perhaps in the other format; no film is opened."""
    if corrections:
        raise HilumError(
            f"'{printable(data)}' is a catalogue, which keeps the corrections that it was made with.",
            expected="the folder or the table of films that is to be corrected",
            do="Name that one with --corrections.",
        )
    catalogue = read_catalogue(data)
    write_catalogue(place, catalogue)
    return catalogue, catalogue
