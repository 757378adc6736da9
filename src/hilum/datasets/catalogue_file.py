"""A catalogue on disc: Parquet, or CSV where a person or another program wants to read it."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from hilum.datasets.catalogue import Catalogue, Correction, FilmRecord
from hilum.errors import HilumError, missing_extra, require_installed
from hilum.files import explained, printable, read_text, write_atomically, write_text
from hilum.json_files import typed

_FORMAT = 2
"""Only catalogues with corrections are written so: a hilum that knows none would lose them in silence."""

_PARQUET = "A catalogue in Parquet"
_CSV_MARK = "# hilum catalogue "
_META_KEY = b"hilum"
_COLUMNS = {field.name: str(field.type) for field in fields(FilmRecord)}


@dataclass(frozen=True, slots=True)
class _About:
    """What a catalogue says beside its films."""

    format: int
    name: str
    root: str
    patient_key: str
    notes: tuple[str, ...]
    corrections: tuple[Correction, ...] = ()


def write_catalogue(path: Path, catalogue: Catalogue) -> None:
    """Write the catalogue as Parquet, or as CSV where `path` ends in .csv: all or nothing.

    Raises:
        HilumError: the place cannot be written, or Parquet is asked for and pyarrow is not installed.
    """
    if path.suffix.lower() == ".csv":
        write_text(path, _as_csv(catalogue))
    else:
        _write_parquet(path, catalogue)


def read_catalogue(path: Path) -> Catalogue:
    """Read what `write_catalogue` wrote.

    Raises:
        HilumError: the file cannot be read, is no catalogue, or was written by a newer hilum.
    """
    if path.suffix.lower() == ".csv":
        return _from_csv(path, read_text(path))
    return _read_parquet(path)


def is_catalogue(path: Path) -> bool:
    """True for a file that `write_catalogue` wrote; a folder or a CSV table of paths and labels is none."""
    with explained(path, "read"):
        if path.is_dir():
            return False
        if path.suffix.lower() != ".csv":
            return path.suffix.lower() == ".parquet"
        with path.open("rb") as file:
            return file.read(len(_CSV_MARK)).decode("latin-1") == _CSV_MARK


def require_format(path: Path) -> None:
    """Refuse a place for a catalogue whose format needs a library that is not installed, before any film is opened.

    Raises:
        HilumError: Parquet without pyarrow.
    """
    if path.suffix.lower() != ".csv":
        require_installed(["pyarrow"], _PARQUET, "judge")


def _meta(catalogue: Catalogue) -> str:
    about = {
        "format": _FORMAT if catalogue.corrections else 1,
        "name": catalogue.name,
        "root": printable(catalogue.root),
        "patient_key": catalogue.patient_key,
        "notes": list(catalogue.notes),
    }
    if catalogue.corrections:
        about["corrections"] = [asdict(one) for one in catalogue.corrections]
    return json.dumps(about, ensure_ascii=False)


def _catalogue(path: Path, meta: str, rows: list[dict[str, Any]]) -> Catalogue:
    """Put the parts together; every value is checked because the file may come from elsewhere."""
    try:
        about = _about(path, json.loads(meta))
        films = tuple(FilmRecord(**{name: _cell(name, row[name]) for name in _COLUMNS}) for row in rows)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise _no_catalogue(path) from error
    return Catalogue(about.name, Path(about.root), films, about.patient_key, about.notes, about.corrections)


def _about(path: Path, values: Any) -> _About:
    written_as = values.get("format") if isinstance(values, dict) else None
    if isinstance(written_as, int) and written_as > _FORMAT:
        raise _newer(path, written_as)
    refused = _no_catalogue(path)
    return typed(values, _About, refused.happened.rstrip("."), expected=refused.expected, do=refused.do)


def _cell(name: str, value: Any) -> Any:
    """A value of a column: of its type, or in CSV the digits of a whole number."""
    if not isinstance(value, (int, str) if _COLUMNS[name] == "int" else str):
        raise TypeError(f"{name}: {value!r}")
    return int(value) if _COLUMNS[name] == "int" else value


def _newer(path: Path, found: int) -> HilumError:
    return HilumError(
        f"The catalogue '{printable(path)}' has format {found}.",
        expected=f"format {_FORMAT} or older",
        do="Install a newer hilum, or make the catalogue again with: hilum data index",
    )


def _no_catalogue(path: Path) -> HilumError:
    return HilumError(
        f"'{printable(path)}' is not a catalogue made by hilum.",
        expected="a file written by hilum data index, or a folder of films",
        do="Make it again with: hilum data index FOLDER",
    )


def _as_csv(catalogue: Catalogue) -> str:
    text = io.StringIO(newline="")
    text.write(f"{_CSV_MARK}{_meta(catalogue)}\n")
    writer = csv.DictWriter(text, fieldnames=list(_COLUMNS), lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(film) for film in catalogue.films)
    return text.getvalue()


def _from_csv(path: Path, text: str) -> Catalogue:
    first, _, rest = text.partition("\n")
    if not first.startswith(_CSV_MARK):
        raise _no_catalogue(path)
    try:
        rows = list(csv.DictReader(io.StringIO(rest, newline="")))
    except csv.Error as error:
        raise _no_catalogue(path) from error
    return _catalogue(path, first.removeprefix(_CSV_MARK), rows)


def _arrow() -> Any:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise missing_extra(_PARQUET, "judge") from error
    return pyarrow


def _write_parquet(path: Path, catalogue: Catalogue) -> None:
    arrow = _arrow()
    kinds = {"int": arrow.int64(), "str": arrow.string()}
    schema = arrow.schema([(name, kinds[kind]) for name, kind in _COLUMNS.items()])
    columns = {name: [getattr(film, name) for film in catalogue.films] for name in _COLUMNS}
    table = arrow.table(columns, schema=schema.with_metadata({_META_KEY: _meta(catalogue).encode("utf-8")}))
    write_atomically(path, lambda file: arrow.parquet.write_table(table, file, write_page_checksum=True))


def _read_parquet(path: Path) -> Catalogue:
    arrow = _arrow()
    with explained(path, "read"):
        content = path.read_bytes()
    try:
        # One thread: a process that ends while Arrow's pool still runs is aborted (4 of 150 runs; apache/arrow #34314).
        file = arrow.parquet.ParquetFile(arrow.BufferReader(content), pre_buffer=False, page_checksum_verification=True)
        table = file.read(use_threads=False)
    except (arrow.ArrowException, OSError) as error:
        raise _no_catalogue(path) from error
    meta = (table.schema.metadata or {}).get(_META_KEY, b"")
    return _catalogue(path, meta.decode("utf-8", "replace"), table.to_pylist())
