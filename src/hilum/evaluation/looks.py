"""Every look at held-out films is written down: a figure chosen after many looks is worth less than the first."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from hilum.datasets.catalogue import Catalogue
from hilum.files import append_line, read_text
from hilum.modelfolder import Manifest
from hilum.provenance import Provenance

LOOKS: Final = "looks.jsonl"


@dataclass(frozen=True, slots=True)
class Look:
    """One evaluation of one model on one set of films.

    Args:
        time: UTC, ISO 8601.
        model: the model's name.
        model_hash: of its folder.
        recipe: that it was trained by.
        part: of the data, such as "test".
        films: how many.
        films_hash: which; see `hash_of_films`.
        command: that looked.
    """

    time: str
    model: str
    model_hash: str
    recipe: str
    part: str
    films: int
    films_hash: str
    command: str


@dataclass(frozen=True, slots=True)
class LookCount:
    """How often films have been looked at, the present look included.

    Args:
        models: different models that were judged on exactly these films; the number that matters.
        looks: looks at exactly these films, repetitions included.
        unreadable: damaged lines of the file; each may have been a look at these films.
    """

    models: int
    looks: int
    unreadable: int


def hash_of_films(films: Catalogue) -> str:
    """SHA-256 over the films' own hashes, whatever their order, names and labels."""
    return hashlib.sha256("\n".join(sorted(film.sha256 for film in films.films)).encode()).hexdigest()


def look_at(manifest: Manifest, model_hash: str, films: Catalogue, part: str, made: Provenance) -> Look:
    """The look of one model at these films, which are the part of that name."""
    return Look(
        time=made.created,
        model=manifest.name,
        model_hash=model_hash,
        recipe=str(manifest.recipe.get("name", "")),
        part=part,
        films=len(films.films),
        films_hash=hash_of_films(films),
        command=made.command,
    )


def sets_seen(films: Catalogue, part: str) -> dict[str, Catalogue]:
    """The films that a look at one part shows, by part: "all" shows the whole test folder too, if there is one."""
    tests = [row for row, film in enumerate(films.films) if film.split == "test"]
    shows_more = part == "all" and 0 < len(tests) < len(films.films)
    return {part: films} | ({"test": films.select(tests)} if shows_more else {})


def record_look(directory: Path, look: Look) -> None:
    """Append the look to `looks.jsonl` in the catalogue's directory.

    Raises:
        HilumError: the file cannot be written; nothing must then be shown.
    """
    append_line(directory / LOOKS, json.dumps(asdict(look), sort_keys=True))


def read_looks(directory: Path) -> tuple[tuple[Look, ...], int]:
    """All looks recorded beside a catalogue, oldest first, and the number of lines that cannot be read."""
    if not (directory / LOOKS).exists():
        return (), 0
    lines = [line for line in read_text(directory / LOOKS).splitlines() if line.strip()]
    looks = [look for look in map(_parse, lines) if look is not None]
    return tuple(looks), len(lines) - len(looks)


def count_looks(looks: Iterable[Look], unreadable: int, films_hash: str) -> LookCount:
    """Count what has been seen of the films with this hash."""
    at_these = [look for look in looks if look.films_hash == films_hash]
    return LookCount(
        models=len({look.model_hash for look in at_these}),
        looks=len(at_these),
        unreadable=unreadable,
    )


def _parse(line: str) -> Look | None:
    """The look of one line; None where a full disc or an editor has damaged it."""
    try:
        return Look(**json.loads(line))
    except (ValueError, TypeError):
        return None
