"""What a report keeps of one film: its answer, and its pictures in small."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image

from hilum.attribution.evidence import EvidenceMap
from hilum.images import Film
from hilum.modelfolder import salted_film_hash
from hilum.reports.film_report_about import About
from hilum.runtime import FilmAnswer, Prediction
from hilum.runtime.mapping import overlay, strength_of
from hilum.runtime.neighbours import SimilarCase

_QUALITY: Final = 85
LARGEST_PX: Final = 1000


@dataclass(frozen=True, slots=True, eq=False)
class ReportedFilm:
    """One film as a report shows it; of its pixels only small pictures are kept.

    Args:
        prediction: the answer, or why there is none.
        sha256: of the file; empty where it could not be read.
        size_px: width and height of the upright film; None where it could not be read.
        stored_as: format and kind of pixels of the file, such as "JPEG" and "L".
        picture: the film as a JPEG; None where it could not be read.
        map_over: the same with the model's map over it; None where there is none.
        full_colour: the evidence that is drawn in full colour.
        similar: the nearest training films; None where the model folder has none, or there is no answer.
        has_met: True where the model was made with this very file.
    """

    prediction: Prediction
    sha256: str
    size_px: tuple[int, int] | None = None
    stored_as: tuple[str, str] = ("", "")
    picture: bytes | None = None
    map_over: bytes | None = None
    full_colour: float = 0.0
    similar: tuple[SimilarCase, ...] | None = None
    has_met: bool = False


def picture_px(films: int) -> int:
    """The longest side of the pictures in a report on so many films, so that its file can still be opened and sent.

    >>> [picture_px(films) for films in (1, 100, 1000)]
    [1000, 640, 400]
    """
    return next(side for most, side in ((24, LARGEST_PX), (240, 640), (films, 400)) if films <= most)


def reported(answer: FilmAnswer, about: About, most_px: int = LARGEST_PX) -> ReportedFilm:
    """What a report keeps of an answer.

    Args:
        answer: with its film, and its map where the model has one.
        about: of the model that answered.
        most_px: longest side of the pictures; see `picture_px`.
    """
    training, film = about.manifest.training, answer.film
    has_met = bool(answer.sha256) and salted_film_hash(training.salt, answer.sha256) in about.met
    if film is None:
        return ReportedFilm(answer.prediction, answer.sha256, has_met=has_met)
    small = _reduced(film, most_px)
    limit = 0.0 if answer.evidence is None else strength_of(answer.evidence) or 1.0
    return ReportedFilm(
        prediction=answer.prediction,
        sha256=answer.sha256,
        size_px=(film.width_px, film.height_px),
        stored_as=(film.source_format, film.mode),
        picture=_jpeg(small),
        map_over=None if answer.evidence is None else _map_over(small, answer.evidence, limit, about),
        full_colour=limit,
        similar=answer.similar,
        has_met=has_met,
    )


def _reduced(film: Film, most_px: int) -> Image.Image:
    small = Image.fromarray(film.pixels)
    small.thumbnail((most_px, most_px))
    return small


def _map_over(small: Image.Image, evidence: EvidenceMap, limit: float, about: About) -> bytes:
    return _jpeg(overlay(np.asarray(small), evidence, limit, about.manifest.geometry))


def _jpeg(picture: Image.Image) -> bytes:
    content = io.BytesIO()
    picture.save(content, "JPEG", quality=_QUALITY, optimize=True)
    return content.getvalue()
