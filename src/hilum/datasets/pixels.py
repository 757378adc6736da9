"""The pixel cache: each film is decoded once, to a file of squares that is mapped into memory."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import numpy as np

from hilum.datasets.catalogue import Catalogue, FilmRecord
from hilum.datasets.mapped import MappedSquares, map_squares, remove_unless_held
from hilum.datasets.workers import in_processes
from hilum.errors import HilumError
from hilum.files import PART_IS_STALE_AFTER_S, explained, printable, sha256_of, write_atomically
from hilum.images import read_film, to_square
from hilum.json_files import read_json, write_json
from hilum.progress import Progress, Silent

PREPROCESSING = 1
"""Raised with every change of `read_film` or `to_square` that alters a pixel, so that no older cache is taken."""

KEPT = 8
"""Caches of one side and geometry that stay when another is made: training and test films under several protocols."""


@dataclass(frozen=True, slots=True)
class _Contents:
    """What a cache holds: the squares of the films with these SHA-256, in this order."""

    side: int
    geometry: str
    films: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, int, int]:
        return len(self.films), self.side, self.side

    @property
    def file_name(self) -> str:
        lines = [str(PREPROCESSING), str(self.side), self.geometry, *self.films]
        digest = hashlib.sha256("\n".join(lines).encode("utf-8")).hexdigest()
        return f"pixels-{self.side}-{self.geometry}-{digest[:16]}.npy"

    @property
    def header(self) -> bytes:
        """What NumPy writes in front of the squares."""
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": self.shape})
        return header.getvalue()


def open_pixels(
    catalogue: Catalogue, side: int, geometry: str, directory: Path, progress: Progress = Silent()
) -> MappedSquares:
    """(n, side, side) uint8, read-only: the squares of the catalogue's films, in their order.

    The file lies in `directory`, is named by side, geometry and a digest of the films' bytes, and is checked against
    its checksum whenever it is opened; what is missing or damaged is made (again). It appears by a rename, so runs at
    the same time may share it. Films that another sound cache in `directory` holds are copied from it; the others are
    decoded. Memory stays flat: a few films a process are under way at a time. When a cache is made, those opened
    longest ago are removed beyond the `KEPT` latest of its side and geometry, unless a process has them mapped.

    Args:
        catalogue: films without problems; `catalogue.usable` gives them.
        side: of the squares, in pixels.
        geometry: "squash" or "pad", as `to_square` takes it.
        directory: beside the catalogue.
        progress: where the bar is shown.

    Raises:
        HilumError: a film has a problem, is gone or changed since the index, or the disc is full.
    """
    _require_usable(catalogue)
    to_square(np.zeros((1, 1), np.uint8), side, geometry)  # refuses a side or a geometry before any film is opened
    contents = _Contents(side, geometry, tuple(film.sha256 for film in catalogue.films))
    path = directory / contents.file_name
    pixels = _opened(path, contents)
    if pixels is None:
        with explained(path, "read"):
            label = "Decoding again (damaged cache)" if path.exists() else "Decoding films"
        _build(path, contents, _squares(catalogue, contents, _known_squares(directory, contents), progress, label))
        pixels = map_squares(path, contents.shape, len(contents.header))
        _remove_unused(path, contents)
    return pixels


def _require_usable(catalogue: Catalogue) -> None:
    bad = [film for film in catalogue.films if film.problem]
    if bad:
        names = ", ".join(f"'{film.path}'" for film in bad[:3])
        raise HilumError(
            f"{len(bad)} films cannot be decoded: {names}{', ...' if len(bad) > 3 else ''} ({bad[0].problem})",
            expected="films that can be opened",
            do="See them with hilum data check; leave them out or mend them.",
        )
    if not catalogue.films:
        raise HilumError("There are no films to decode.", expected="at least one film", do="Check the choice of films.")


def _sidecar(path: Path) -> Path:
    return path.with_suffix(".json")


def _opened(path: Path, contents: _Contents) -> MappedSquares | None:
    """The cache, held before it is checked so that nobody removes it in between; None where there is no sound one."""
    with suppress(HilumError):
        pixels = map_squares(path, contents.shape, len(contents.header))
        if _is_sound(path, contents):
            with suppress(OSError):  # another user's cache: it is theirs to keep
                os.utime(path)
            return pixels
    return None


def _remove_unused(made: Path, contents: _Contents) -> None:
    """Keep the caches of this side and geometry that were opened last; a part of a killed writer goes after a day."""
    with suppress(OSError):  # another process may be removing the same
        latest_first = sorted(_caches(made.parent, contents), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in latest_first[KEPT:]:
            if path != made and remove_unless_held(path):
                _sidecar(path).unlink(missing_ok=True)
        for part in made.parent.glob(".pixels-*.part"):
            if made.stat().st_mtime - part.stat().st_mtime > PART_IS_STALE_AFTER_S:
                part.unlink()


def _caches(directory: Path, like: _Contents) -> Iterator[Path]:
    """The files of this side and geometry."""
    return directory.glob(f"pixels-{like.side}-{like.geometry}-*.npy")


def _is_sound(path: Path, contents: _Contents) -> bool:
    """True where the file is there, whole, and the one that its sidecar describes."""
    try:
        stated = read_json(_sidecar(path))
        return bool(stated == {"films": list(contents.films), "sha256": sha256_of(path)})
    except HilumError:
        return False


def _known_squares(directory: Path, wanted: _Contents) -> dict[str, np.ndarray]:
    """(side, side) squares by the SHA-256 of their film, mapped into memory, from the sound caches in `directory`.

    Only a cache that holds a wanted film which no larger one holds is checked against its checksum.
    """
    films, known = set(wanted.films), dict[str, np.ndarray]()
    for path, contents in _neighbours(directory, wanted):
        if films.intersection(contents.films) - known.keys() and _is_sound(path, contents):
            squares = map_squares(path, contents.shape, len(contents.header))
            known |= {film: square for film, square in zip(contents.films, squares, strict=True) if film in films}
    return known


def _neighbours(directory: Path, wanted: _Contents) -> list[tuple[Path, _Contents]]:
    """Caches of the same side, geometry and preprocessing with what their sidecars say, those of most films first."""
    found = []
    for path in _caches(directory, wanted):
        with suppress(HilumError, KeyError, TypeError):
            contents = _Contents(wanted.side, wanted.geometry, tuple(map(str, read_json(_sidecar(path))["films"])))
            if path.name == contents.file_name:  # else it is of an older preprocessing, or was renamed
                found.append((path, contents))
    return sorted(found, key=lambda cache: (-len(cache[1].films), cache[0]))


def _build(path: Path, contents: _Contents, squares: Iterator[np.ndarray]) -> None:
    checksum = hashlib.sha256()

    def write(file: BinaryIO) -> None:
        # Written film after film, not into a mapping: there a full disc would be a signal, not an error.
        for piece in chain([contents.header], (square.tobytes() for square in squares)):
            checksum.update(piece)
            file.write(piece)

    write_atomically(path, write)
    write_json(_sidecar(path), {"films": list(contents.films), "sha256": checksum.hexdigest()})


def _squares(
    catalogue: Catalogue, contents: _Contents, known: dict[str, np.ndarray], progress: Progress, label: str
) -> Iterator[np.ndarray]:
    decode = partial(_decode, catalogue.root, contents.side, contents.geometry)
    missing = [film for film in catalogue.films if film.sha256 not in known]
    decoded = in_processes(decode, missing, progress, label)
    for film in catalogue.films:
        square = known[film.sha256] if film.sha256 in known else next(decoded)
        if isinstance(square, str):
            raise HilumError(
                f"The film '{film.path}' is not as it was indexed: {square}",
                expected="the films as they were indexed",
                do=f"Index them again with: hilum data index '{printable(catalogue.root)}'",
            )
        yield square
    next(decoded, None)  # nothing is left, but only now the bar is closed


def _decode(root: Path, side: int, geometry: str, film: FilmRecord) -> np.ndarray | str:
    """(side, side) uint8, or a sentence that says why there is none."""
    try:
        with explained(film.path, "read"):
            content = (root / film.path).read_bytes()
        if hashlib.sha256(content).hexdigest() != film.sha256:
            return "the file has changed."
        return to_square(read_film(content, name=film.path).pixels, side, geometry)
    except HilumError as error:
        return error.happened
