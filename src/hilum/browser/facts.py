"""What a page without a server must know of its model, as JSON values; nothing of any patient is among it."""

from __future__ import annotations

import base64
import io
from typing import Any, Final

import numpy as np
from msgspec.structs import asdict
from PIL import Image

import hilum
from hilum.images import DEFAULT_LIMITS, read_film, to_square
from hilum.modelfolder import GRAPH
from hilum.runtime import Answering
from hilum.runtime.described import described

TAKES: Final = "Frontal films as JPEG or PNG; one, many, or a folder."
STAYS: Final = (
    "Films stay in this page: it asks nobody, sends nothing and keeps nothing. "
    "What you see here is gone when the tab is closed."
)
_KNOWN_SIDE: Final = 16
_UPRIGHT_BY_6: Final = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"


def facts(answering: Answering, answer: dict[str, Any]) -> dict[str, Any]:
    """All that the page's modules ask for.

    Args:
        answering: the model at its site.
        answer: what `hilum predict --json` says of no film at all: what holds for every film.
    """
    manifest = answering.predictor.manifest
    return {
        "side": manifest.side,
        "geometry": manifest.geometry,
        "graph_sha256": manifest.files[GRAPH],
        "calibration": asdict(manifest.calibration),
        "operating_points": [asdict(point) for point in manifest.operating_points],
        "gate": asdict(manifest.gate) if manifest.gate else None,
        "conformal": asdict(manifest.conformal) if manifest.conformal else None,
        "map_places": _places(answering),
        "site_prevalence": answering.shift.stated if answering.shift else None,
        "answer": answer,
        "about": about_page(answering),
        "known_film": known_film(answering),
    }


def about_page(answering: Answering) -> dict[str, Any]:
    """What a server would say of itself and its one model."""
    return {
        "models": [described(answering) | {"has_cases": False}],  # they would carry patients' images
        "hilum_version": hilum.__version__,
        "has_store": False,
        "largest_bytes": DEFAULT_LIMITS.bytes,
        "largest_pixels": DEFAULT_LIMITS.pixels,
        "most_films": 0,
        "languages": ["en"],
        "has_pdf": False,
        "is_insecure": False,
        "takes": TAKES,
        "stays": STAYS,
    }


def known_film(answering: Answering) -> dict[str, Any]:
    """A drawn film that the page tries itself on: the JPEG, how it looks as a small square, and the graph's logit."""
    content = _drawn()
    film = read_film(content)
    square = to_square(film.pixels, _KNOWN_SIDE)
    logit = answering.predictor.look(content).assessment.logit
    return {
        "jpeg": base64.b64encode(content).decode("ascii"),
        "side": _KNOWN_SIDE,
        "square": base64.b64encode(square.tobytes()).decode("ascii"),
        "logit": logit,
    }


def _drawn() -> bytes:
    """A colour JPEG that lies on its side: chroma, EXIF and the resize all have a part in how it reads."""
    across, down = np.meshgrid(np.linspace(-1, 1, 200), np.linspace(-1, 1, 152))
    lungs = np.exp(-((np.abs(across) - 0.45) ** 2) / 0.06 - down**2 / 0.5)
    grey = 200 - 150 * lungs + 12 * np.sin(9 * down)
    tinted = np.stack([grey, grey - 3, grey - 8], axis=2).clip(0, 255).astype(np.uint8)
    content = io.BytesIO()
    Image.fromarray(tinted).save(content, "JPEG", quality=85, subsampling=2, exif=_UPRIGHT_BY_6)
    return content.getvalue()


def _places(answering: Answering) -> dict[str, float] | None:
    places = answering.predictor.manifest.map_places
    return {"first_px": places.first_px, "step_px": places.step_px} if places else None
