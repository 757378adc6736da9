"""Pictures for the page: a film, the evidence in it by itself, and similar cases, as addresses that hold them."""

from __future__ import annotations

import io
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from hilum.reports.embedded import data_uri
from hilum.runtime import FilmAnswer
from hilum.runtime.mapping import EVIDENCE_AGAINST, EVIDENCE_FOR, PNG_LEVEL, at_film
from hilum.runtime.neighbours import SimilarCase

LONGEST_PX: Final = 1024
_QUALITY: Final = 85
_STEPS: Final = 128  # of strength for each colour: a palette of 256 takes a quarter of the bytes and time of RGBA


def film_and_map(answer: FilmAnswer, geometry: str) -> dict[str, str | None] | None:
    """The film as JPEG and its evidence as a PNG of the same size, each as an address; None for what has no film.

    Args:
        geometry: how the film became the square that the map covers.
    """
    if answer.film is None:
        return None
    picture = Image.fromarray(answer.film.pixels)
    picture.thumbnail((LONGEST_PX, LONGEST_PX))
    return {
        "film": data_uri(_file(picture, "JPEG", quality=_QUALITY)),
        "map": None if answer.evidence is None else _map(answer.evidence, picture.size, geometry),
    }


def cases(similar: tuple[SimilarCase, ...] | None) -> list[dict[str, Any]] | None:
    """Similar cases as JSON values; the hash of a training film stays here."""
    if similar is None:
        return None
    return [
        {
            "label": case.label,
            "distance": case.distance,
            "times_usual": case.times_usual,
            "farther_than": case.farther_than,
            "thumbnail": data_uri(case.thumbnail) if case.thumbnail else None,
        }
        for case in similar
    ]


def _map(evidence: npt.NDArray[np.float32], size: tuple[int, int], geometry: str) -> str:
    """Orange for pneumonia, blue against it, the more opaque the stronger; nothing where there is no evidence."""
    width, height = size
    limit = float(np.abs(evidence).max()) or 1.0
    strength = np.clip(at_film(evidence, height, width, geometry) / limit, -1, 1)
    steps = np.rint(np.abs(strength) * (_STEPS - 1)).astype(np.uint8)
    picture = Image.fromarray(np.where(strength < 0, steps + np.uint8(_STEPS), steps))
    picture.putpalette(np.repeat([EVIDENCE_FOR, EVIDENCE_AGAINST], _STEPS, axis=0).astype(np.uint8).tobytes())
    alpha = np.rint(np.linspace(0, 255, _STEPS)).astype(np.uint8)
    content = _file(picture, "PNG", compress_level=PNG_LEVEL, transparency=np.tile(alpha, 2).tobytes())
    return data_uri(content, "png")


def _file(picture: Image.Image, kind: str, **options: Any) -> bytes:
    content = io.BytesIO()
    picture.save(content, kind, **options)
    return content.getvalue()
