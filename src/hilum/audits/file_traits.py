"""What a file tells before it is decoded: size, JPEG tables, colour mode, EXIF, colour profile, numbering."""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from hilum.audits.columns import Columns, columns_of, one_of
from hilum.audits.numbering import place_of
from hilum.datasets.catalogue import Catalogue, FilmRecord
from hilum.datasets.workers import in_processes
from hilum.errors import HilumError
from hilum.files import explained
from hilum.progress import Progress, Silent

_FORMATS: Final = ("JPEG", "PNG", "TIFF", "BMP")
_MOST_KINDS: Final = 8  # of modes or tables that get a column of their own


@dataclass(frozen=True, slots=True)
class Header:
    """What stands in a file beside its pixels.

    Args:
        jpeg_table: digest of the quantisation tables; "" for other formats.
        luminance_step: mean of the first table: the higher, the coarser.
        jpeg_tables: how many tables.
        components: colour components of the JPEG; 0 for other formats.
        subsampling: largest sampling factor of a component.
        is_progressive: 1.0 for a progressive JPEG.
        exif_bytes: size of the EXIF data.
        exif_tags: their number.
        icc_bytes: size of the colour profile.
        has_jfif: 1.0 with a JFIF segment.
        has_adobe: 1.0 with an Adobe segment.
        comment_bytes: size of the comment.
        dots_per_inch: that the file states; 0 for none.
        segments: application segments of a JPEG, or chunks of text of a PNG.
    """

    jpeg_table: str = ""
    luminance_step: float = 0.0
    jpeg_tables: float = 0.0
    components: float = 0.0
    subsampling: float = 0.0
    is_progressive: float = 0.0
    exif_bytes: float = 0.0
    exif_tags: float = 0.0
    icc_bytes: float = 0.0
    has_jfif: float = 0.0
    has_adobe: float = 0.0
    comment_bytes: float = 0.0
    dots_per_inch: float = 0.0
    segments: float = 0.0


def headers_of(films: Catalogue, progress: Progress = Silent()) -> tuple[Header, ...]:
    """The header of each film's file, in their order.

    Raises:
        HilumError: a file is gone or no longer what the index saw.
    """
    found = list[Header]()
    for film, header in zip(
        films.films, in_processes(partial(_header, films.root), films.films, progress, "Headers"), strict=True
    ):
        if isinstance(header, str):
            raise HilumError(
                f"The film '{film.path}' is not as it was indexed: {header}",
                expected="the films as they were indexed",
                do="Index them again with: hilum data index",
            )
        found.append(header)
    return tuple(found)


def file_columns(films: Catalogue, headers: Sequence[Header]) -> dict[str, Columns]:
    """By probe: what the films' files tell. Words become one column each, the most frequent ones first."""
    records = films.films
    width, height, size = (
        np.array([getattr(film, part) for film in records], dtype=np.float64)
        for part in ("width_px", "height_px", "bytes")
    )
    area = np.maximum(width * height, 1)
    numbers = [float(place_of(film).number) for film in records]
    return {
        "size and aspect": columns_of(
            {"width": width, "height": height, "pixels": area, "aspect ratio": width / np.maximum(height, 1)}
        ),
        "file size": columns_of({"bytes": size, "bytes a pixel": size / area}),
        "JPEG tables": columns_of(
            _named(headers, "luminance_step", "jpeg_tables", "components", "subsampling", "is_progressive")
            | _kinds([header.jpeg_table for header in headers], "table")
        ),
        "colour mode": columns_of(_kinds([film.mode for film in records], "mode")),
        "EXIF and ICC": columns_of(
            _named(headers, "exif_bytes", "exif_tags", "icc_bytes", "has_jfif", "has_adobe", "comment_bytes")
            | _named(headers, "dots_per_inch", "segments")
        ),
        "id block": columns_of({"number in the name": numbers}),
    }


def _named(headers: Sequence[Header], *parts: str) -> dict[str, Any]:
    return {part.replace("_", " "): [getattr(header, part) for header in headers] for part in parts}


def _kinds(words: Sequence[str], name: str) -> dict[str, Any]:
    return one_of(words, [word for word, _ in Counter(words).most_common(_MOST_KINDS)], name)


def _header(root: Path, film: FilmRecord) -> Header | str:
    """The header of one file, or the sentence that says why there is none."""
    try:
        with explained(film.path, "read"):
            content = (root / film.path).read_bytes()
    except HilumError as error:
        return error.happened
    if hashlib.sha256(content).hexdigest() != film.sha256:
        return "the file has changed."
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
            return _seen(image)
    except Exception as error:  # a file that was decoded at its index; Pillow's plugins raise what they like
        return f"its header cannot be read ({type(error).__name__})."


def _seen(image: Image.Image) -> Header:
    info, tables = image.info, getattr(image, "quantization", None) or {}
    layers = getattr(image, "layer", None) or []
    density = info.get("dpi", (0.0, 0.0))
    return Header(
        jpeg_table=hashlib.sha256(repr(sorted(tables.items())).encode()).hexdigest()[:6] if tables else "",
        luminance_step=float(np.mean(tables[min(tables)])) if tables else 0.0,
        jpeg_tables=float(len(tables)),
        components=float(len(layers)),
        subsampling=float(max((one[1] * one[2] for one in layers), default=0)),
        is_progressive=float(bool(info.get("progressive"))),
        exif_bytes=float(len(info.get("exif", b""))),
        exif_tags=float(len(image.getexif())),
        icc_bytes=float(len(info.get("icc_profile") or b"")),
        has_jfif=float("jfif" in info),
        has_adobe=float("adobe" in info),
        comment_bytes=float(len(info.get("comment", b""))),
        dots_per_inch=_finite(density[0]),
        segments=float(len(getattr(image, "applist", None) or getattr(image, "text", None) or ())),
    )


def _finite(value: Any) -> float:
    """The number, and 0.0 for what a damaged header gives in its place."""
    try:
        number = float(value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return 0.0
    return number if np.isfinite(number) else 0.0
