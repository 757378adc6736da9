"""The pixel cache: each film is decoded once, to a file of squares that is mapped into memory."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import numpy as np

from hilum.datasets.catalogue import Catalogue, FilmRecord
from hilum.datasets.workers import in_processes
from hilum.errors import HilumError
from hilum.files import explained, printable, read_json, sha256_of, write_atomically, write_json
from hilum.images import read_film, to_square
from hilum.progress import Progress, Silent

PREPROCESSING = 1
"""Raised with every change of `read_film` or `to_square` that alters a pixel, so that no older cache is taken."""


def open_pixels(
    catalogue: Catalogue, side: int, geometry: str, directory: Path, progress: Progress = Silent()
) -> np.memmap:
    """(n, side, side) uint8, read-only: the squares of the catalogue's films, in their order.

    The file lies in `directory`, is named by side, geometry and a digest of the films' bytes, and is checked against
    its checksum whenever it is opened; what is missing or damaged is made (again). It appears by a rename, so runs at
    the same time may share it. Memory stays flat: a few films a process are under way at a time.

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
    path = directory / f"pixels-{side}-{geometry}-{_digest(catalogue, side, geometry)[:16]}.npy"
    shape = (len(catalogue.films), side, side)
    if not _is_sound(path, shape):
        label = "Decoding again (damaged cache)" if path.exists() else "Decoding films"
        _build(path, shape, _squares(catalogue, side, geometry, progress, label))
    with explained(path, "read"):
        pixels: np.memmap = np.load(path, mmap_mode="r", allow_pickle=False)
    return pixels


def _digest(catalogue: Catalogue, side: int, geometry: str) -> str:
    lines = [str(PREPROCESSING), str(side), geometry, *(film.sha256 for film in catalogue.films)]
    return hashlib.sha256("\n".join(lines).encode("ascii")).hexdigest()


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


def _is_sound(path: Path, shape: tuple[int, int, int]) -> bool:
    """True where the file is there, whole, and the one that its sidecar describes."""
    try:
        stated = read_json(_sidecar(path))
        return bool(stated == {"shape": list(shape), "sha256": sha256_of(path)})
    except HilumError:
        return False


def _build(path: Path, shape: tuple[int, int, int], squares: Iterator[np.ndarray]) -> None:
    checksum = hashlib.sha256()

    def write(file: BinaryIO) -> None:
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": shape})
        # Written film after film, not into a mapping: there a full disc would be a signal, not an error.
        for piece in chain([header.getvalue()], (square.tobytes() for square in squares)):
            checksum.update(piece)
            file.write(piece)

    write_atomically(path, write)
    write_json(_sidecar(path), {"shape": list(shape), "sha256": checksum.hexdigest()})


def _squares(catalogue: Catalogue, side: int, geometry: str, progress: Progress, label: str) -> Iterator[np.ndarray]:
    decode = partial(_decode, catalogue.root, side, geometry)
    for film, square in zip(catalogue.films, in_processes(decode, catalogue.films, progress, label), strict=True):
        if isinstance(square, str):
            raise HilumError(
                f"The film '{film.path}' is not as it was indexed: {square}",
                expected="the films as they were indexed",
                do=f"Index them again with: hilum data index '{printable(catalogue.root)}'",
            )
        yield square


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
