"""An index: the films of a folder or a table are found, opened once, and become a catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from hilum.datasets.catalogue import Catalogue, FilmRecord
from hilum.datasets.folders import find_in_folders
from hilum.datasets.found import Found, FoundFilm
from hilum.datasets.inspection import Traits, inspect
from hilum.datasets.patients import KEYS, Origin, key_named, key_that_fits
from hilum.datasets.phantom import DESCRIPTION as PHANTOM_DESCRIPTION
from hilum.datasets.tables import find_in_table
from hilum.datasets.workers import in_processes
from hilum.errors import HilumError
from hilum.files import explained, printable
from hilum.progress import Progress, Silent


def index_folder(
    root: Path,
    *,
    patient: str = "",
    name: str = "",
    previous: Catalogue | None = None,
    progress: Progress = Silent(),
) -> Catalogue:
    """The catalogue of a folder with class folders; a bad image is a film with a problem and stops nothing.

    Args:
        root: the folder.
        patient: "kermany", "file" (every film its own patient), or a regular expression with one group for the
            patient; left out, a known key is taken where it fits most file names and nothing speaks against it.
        name: of the data set; left out, the known key's or the folder's.
        previous: an older catalogue of the same folder: only files that changed since are opened.
        progress: where the bar is shown.

    Raises:
        HilumError: the folder holds no films in class folders, or the patient key fits none of them.
    """
    root = _existing(root)
    return _index(find_in_folders(root), _Wanted(root, name, patient), previous, progress)


def index_csv(
    table: Path,
    *,
    root: Path | None = None,
    patient: str = "",
    name: str = "",
    previous: Catalogue | None = None,
    progress: Progress = Silent(),
) -> Catalogue:
    """The catalogue of the films that a CSV table lists, as `index_folder`.

    Args:
        table: has the columns path and label, perhaps patient, split and subtype.
        root: the folder that the paths start from; left out, the table's own.
        patient: as in `index_folder`, or "column" for the table's own column; left out, a known key is taken where it
            fits most file names, else the column, else every film is its own patient.
        name: of the data set; left out, the known key's or the folder's.
        previous: an older catalogue of the same table: only files that changed since are opened.
        progress: where the bar is shown.
    """
    root = _existing(root or table.parent)
    return _index(find_in_table(table, root), _Wanted(root, name, patient), previous, progress)


def unchanged(catalogue: Catalogue, previous: Catalogue | None) -> int:
    """Number of films of `catalogue` that `previous` knew with the same file, so that they were not opened again."""
    known = {(film.path, film.sha256, film.mtime_ns) for film in previous.films} if previous else set()
    return sum((film.path, film.sha256, film.mtime_ns) in known for film in catalogue.films if not film.problem)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the caller asked for; an empty name or patient key leaves the choice to the index."""

    root: Path
    name: str
    patient: str


def _existing(root: Path) -> Path:
    with explained(root, "read"):
        root = root.resolve(strict=True)
        next(root.iterdir(), None)
    if printable(root) != str(root):
        raise HilumError(
            f"The name of the folder '{printable(root)}' is not UTF-8 text.",
            expected="a name that can be written into a catalogue",
            do="Rename the folder.",
        )
    return root


def _index(found: Found, wanted: _Wanted, previous: Catalogue | None, progress: Progress) -> Catalogue:
    fit = key_that_fits(found.films)
    known = wanted.patient if wanted.patient in KEYS else fit.key
    patient_key, key_notes = _patient_key(wanted.patient, fit.key, found)
    owners = _owners(found.films, patient_key)
    traits = _traits(found.films, wanted.root, previous, progress)
    films = tuple(map(_record, found.films, owners, [known] * len(owners), traits))
    name = wanted.name or _name_of(wanted.root, fit.key)
    notes = (*found.notes, *key_notes, *_unknown_patients(found, owners, patient_key, fit.doubt))
    return Catalogue(name, wanted.root, films, patient_key, notes)


def _name_of(root: Path, known: str) -> str:
    """Phantoms bear the names of Kermany films, but their figures must never be taken for those of real patients."""
    if (root / PHANTOM_DESCRIPTION).is_file():
        return "phantom"
    return known if known in KEYS else root.name


def _patient_key(wanted: str, known: str, found: Found) -> tuple[str, tuple[str, ...]]:
    """The name of the patient key to use, and a sentence where that may surprise."""
    has_column = any(film.patient for film in found.films)
    if wanted:
        has_name = wanted in (*KEYS, "file", "column") or wanted.startswith("regex:")
        return wanted if has_name else f"regex:{wanted}", ()
    if known in KEYS and has_column:
        return known, (
            f"The patients come from the file names ({known}), not from the table; --patient column changes that.",
        )
    return known if known in KEYS or not has_column else "column", ()


def _owners(films: Sequence[FoundFilm], patient_key: str) -> list[str]:
    """The patient of each film, "" where the key does not tell.

    Raises:
        HilumError: the key tells for no film at all.
    """
    if patient_key == "file":
        return [""] * len(films)
    if patient_key == "column":
        owners = [film.patient for film in films]
    else:
        key = key_named(patient_key)
        owners = [(key(film.path) or Origin("")).patient for film in films]
    if not any(owners):
        raise HilumError(
            f"The patient key '{patient_key.removeprefix('regex:')}' fits none of the {len(films)} films, "
            f"such as '{films[0].path}'.",
            expected="a key that finds the patient in a film's path or in the table",
            do="Mend the key, or leave --patient out.",
        )
    return owners


def _unknown_patients(found: Found, owners: Sequence[str], patient_key: str, doubt: str) -> tuple[str, ...]:
    unknown = [film.path for film, owner in zip(found.films, owners, strict=True) if not owner]
    if patient_key == "file":
        table = f"index the table '{found.tables[0]}' itself" if found.tables else "index a table"
        unknown_to_all = f"No patients are known: each film counts as a patient of its own. Use --patient, or {table}."
        return (doubt, unknown_to_all) if doubt else (unknown_to_all,)
    if unknown:
        return (
            f"{len(unknown)} of {len(owners)} films do not tell their patient ({patient_key}) and count as patients of "
            f"their own, such as '{unknown[0]}'.",
        )
    return ()


def _record(film: FoundFilm, owner: str, known: str, traits: Traits) -> FilmRecord:
    told = KEYS[known](film.path) if known in KEYS else None
    subtype = film.subtype or (told.subtype if told and told.label == film.label else "")
    return FilmRecord(film.path, film.label, subtype, owner or film.path, film.split, **asdict(traits))


def _traits(films: Sequence[FoundFilm], root: Path, previous: Catalogue | None, progress: Progress) -> list[Traits]:
    """The traits of each film; a file that has its old size and time keeps what `previous` says."""
    kept = _kept_traits(films, root, previous)
    to_open = [root / film.path for film in films if not film.problem and film.path not in kept]
    opened = iter(list(in_processes(inspect, to_open, progress, "Opening films")))
    return [Traits(problem=film.problem) if film.problem else kept.get(film.path) or next(opened) for film in films]


def _kept_traits(films: Sequence[FoundFilm], root: Path, previous: Catalogue | None) -> dict[str, Traits]:
    if previous is None or previous.root != root:
        return {}
    # A film with a problem is opened again: permissions can be mended without a trace in size or time.
    old = {film.path: film for film in previous.films if not film.problem}
    kept = {}
    for path in (film.path for film in films if film.path in old):
        with suppress(OSError):
            status = (root / path).stat()
            if (status.st_size, status.st_mtime_ns) == (old[path].bytes, old[path].mtime_ns):
                kept[path] = Traits(**{field.name: getattr(old[path], field.name) for field in fields(Traits)})
    return kept
