"""The cases of a model folder, from the graph's own features of the fit films."""

from __future__ import annotations

import io
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from hilum.datasets import Catalogue, FilmRecord, Split
from hilum.engine import Engine
from hilum.errors import HilumError
from hilum.modelfolder import salted_film_hash
from hilum.modelfolder.neighbours import Features, Neighbours, of_unit_length
from hilum.progress import Progress

KeptCases = Literal["none", "features", "thumbnails"]
"""What a model folder keeps of its fit films: nothing, their features, or their features and small pictures."""

THUMBNAIL_PX: Final = 64
"""The longer side: enough to see where an opacity lies, too little to read a film by."""

THUMBNAIL_QUALITY: Final = 75

Squares = npt.NDArray[np.uint8]


def kept_cases(with_neighbours: bool, with_thumbnails: bool) -> KeptCases:
    """What two switches ask for; pictures come with features.

    >>> kept_cases(False, True)
    'thumbnails'
    """
    if with_thumbnails:
        return "thumbnails"
    return "features" if with_neighbours else "none"


def kept_in_words(kept: KeptCases) -> str:
    """What the model folder keeps of the fit films, for people.

    >>> kept_in_words("features")
    'their features and no pictures'
    """
    return {
        "none": "nothing",
        "features": "their features and no pictures",
        "thumbnails": "their features and thumbnails, which are patients' images",
    }[kept]


def gather_neighbours(
    engine: Engine,
    pixels: Squares,
    films: Catalogue,
    split: Split,
    salt: str,
    *,
    geometry: str | None = None,
    at_once: int = 32,
    progress: Progress,
) -> Neighbours:
    """What the graph makes of the fit films, and how far the select films are from them.

    The cases are put into the order of their hashes, and patients are numbered in it, so that neither tells how
    files or patients were named.

    Args:
        engine: the graph of the model.
        pixels: (m, side, side) uint8 of the development films, aligned with `films` and `split`.
        salt: of the model folder.
        geometry: how films became these squares, where a thumbnail of each fit film is to be kept too.
        at_once: films a pass.

    Raises:
        HilumError: no film was fitted on, or none selected by.
    """
    fit, select = split.rows("fit"), split.rows("select")
    if not len(fit) or not len(select):
        raise HilumError(
            "Nobody knows which films the network was fitted on, so there are no cases to compare with.",
            expected="a model that hilum trained",
            do="Leave out --with-neighbours and --with-thumbnails.",
        )
    hashes = [salted_film_hash(salt, films.films[row].sha256) for row in fit]
    order = np.argsort(hashes, kind="stable")
    rows = fit[order]
    cases = _features(engine, pixels, rows, at_once, progress)
    group = films.resampling_groups()[rows]
    pictures = geometry and tuple(thumbnail(np.asarray(pixels[row]), films.films[row], geometry) for row in rows)
    return Neighbours(
        features=cases,
        is_pneumonia=films.is_pneumonia[rows],
        patient=_numbered(group),
        films=tuple(hashes[place] for place in order),
        usual=_nearest(_features(engine, pixels, select, at_once, progress), cases),
        thumbnails=pictures or None,
    )


def thumbnail(square: Squares, film: FilmRecord, geometry: str) -> bytes:
    """A small JPEG of a film in its own proportions, from the (side, side) square that it became."""
    width, height = film.width_px or 1, film.height_px or 1  # a square where the catalogue does not say
    across, down = (max(1, round(THUMBNAIL_PX * length / max(width, height))) for length in (width, height))
    # A padded film has kept its proportions and stays in its black borders.
    size = (across, down) if geometry == "squash" else (THUMBNAIL_PX, THUMBNAIL_PX)
    picture, content = Image.fromarray(square).resize(size, Image.Resampling.BILINEAR), io.BytesIO()
    picture.save(content, "JPEG", quality=THUMBNAIL_QUALITY, optimize=True)
    return content.getvalue()


def _features(
    engine: Engine, pixels: Squares, rows: npt.NDArray[np.int64], at_once: int, progress: Progress
) -> Features:
    parts = list[Features]()
    with progress.bar("Similar cases", len(rows)) as bar:
        for start in range(0, len(rows), at_once):
            films = np.asarray(pixels[rows[start : start + at_once]])
            parts.append(of_unit_length(engine.run(films, ("features",))["features"]))
            bar.advance(len(films))
    return np.concatenate(parts)


def _nearest(films: Features, cases: Features) -> npt.NDArray[np.float32]:
    """(m,) rising: how far each film is from its nearest case."""
    among, squares = cases.astype(np.float32), np.square(cases.astype(np.float32)).sum(axis=1)
    distance = [
        np.sqrt(max(0.0, float((squares - 2 * (among @ film) + film @ film).min())))
        for film in films.astype(np.float32)
    ]
    return np.sort(np.array(distance, dtype=np.float32))


def _numbered(group: npt.NDArray[np.intp]) -> npt.NDArray[np.int32]:
    """Groups as numbers from 0 on in the order in which they are met."""
    _, first, inverse = np.unique(group, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first, kind="stable"), kind="stable")
    return rank[inverse].astype(np.int32)
