"""What is made of one film in the worker's thread: the row of an answer, a map, a film for a report."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image

from hilum.modelfolder.schema import faithfulness_in_words
from hilum.runtime import Answering, FilmAnswer, Prediction, draw_map
from hilum.runtime.mapping import PNG_LEVEL, Pixels
from hilum.runtime.neighbours import SIMILAR
from hilum.web.asked import Asked
from hilum.web.parts import Upload
from hilum.web.pictures import cases, film_and_map
from hilum.web.problems import Problem, wrong_value
from hilum.web.service import Service, unless_gone

LARGEST_MAP_PX: Final = 2000

if TYPE_CHECKING:
    from hilum.reports.film_report import About, ReportedFilm


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """A film's line of an answer.

    Args:
        prediction: the answer, or why there is none.
        more: what stands beside it: the hash, and the pictures where they were asked for.
    """

    prediction: Prediction
    more: dict[str, Any]


async def row(asked: Asked, film: Upload, has_pictures: bool) -> Row:
    """The answer for one film.

    Args:
        has_pictures: also give film, map and similar cases.

    Raises:
        ClientGoneError: nobody waits for it any more.
    """
    work = asked.service.worker.run(_row, asked.service, asked.answering, film, has_pictures)
    return await unless_gone(asked.request, work)


async def map_png(asked: Asked, film: Upload) -> bytes:
    """The model's map over one film, as `hilum predict --maps` writes it.

    Raises:
        Problem: the film is not assessed.
        ClientGoneError: nobody waits for it any more.
    """
    return await unless_gone(asked.request, asked.service.worker.run(_map_png, asked.service, asked.answering, film))


async def reported_film(asked: Asked, film: Upload, about: About, most_px: int) -> ReportedFilm:
    """What a report keeps of a film.

    Raises:
        ClientGoneError: nobody waits for it any more.
    """
    work = asked.service.worker.run(reported_of, asked.service, asked.answering, film, about, most_px)
    return await unless_gone(asked.request, work)


def require_map(answering: Answering) -> None:
    """Refuse a model without a map of its own.

    Raises:
        Problem: 404.
    """
    if not answering.has_map:
        raise Problem(
            404,
            "no-map",
            f"The model has no map of its own: {answering.predictor.manifest.activation_map}.",
            expected="a model whose graph gives one",
            do="GET /api/v1/models says which do.",
        )


def _answer(service: Service, answering: Answering, film: Upload, has_pictures: bool) -> FilmAnswer:
    with service.measures.stage("answer"):
        answer = answering.of(
            film.content,
            name=film.name,
            with_map=has_pictures,
            similar=SIMILAR if has_pictures else 0,
            limits=service.settings.allowance.film,
        )
    service.measures.film(answer.prediction.status)
    return answer


def _row(service: Service, answering: Answering, film: Upload, has_pictures: bool) -> Row:
    answer = _answer(service, answering, film, has_pictures)
    more: dict[str, Any] = {"sha256": answer.sha256}
    if has_pictures:
        with service.measures.stage("pictures"):
            more["pictures"] = film_and_map(answer, answering.predictor.geometry)
            more["similar"] = cases(answer.similar)
    return Row(answer.prediction, more)


def _map_png(service: Service, answering: Answering, film: Upload) -> bytes:
    answer = _answer(service, answering, film, True)
    if answer.film is None or answer.evidence is None:
        raise wrong_value(answer.prediction.problem, "a chest film", "Send another film.")
    worth = faithfulness_in_words(answering.predictor.manifest.faithfulness).partition(":")[0]
    caption = (f"Worth of the map: {worth}",)
    picture = draw_map(_drawable(answer.film.pixels), answer.evidence, None, answering.predictor.geometry, caption)
    content = io.BytesIO()
    picture.save(content, "PNG", compress_level=PNG_LEVEL)
    return content.getvalue()


def _drawable(pixels: Pixels) -> Pixels:
    """The film no larger than `LARGEST_MAP_PX`: drawing takes a hundred bytes a pixel."""
    if max(pixels.shape) <= LARGEST_MAP_PX:
        return pixels
    picture = Image.fromarray(pixels)
    picture.thumbnail((LARGEST_MAP_PX, LARGEST_MAP_PX))
    return np.asarray(picture)


def reported_of(service: Service, answering: Answering, film: Upload, about: About, most_px: int) -> ReportedFilm:
    """What a report keeps of a film; to be called in the worker's thread."""
    from hilum.reports.film_report import reported

    return reported(_answer(service, answering, film, True), about, most_px)


def reported_of_job(
    service: Service, answering: Answering, kept: tuple[Prediction, str, bytes | None], about: About, most_px: int
) -> ReportedFilm:
    """The same of a film that its job has answered; to be called in the worker's thread.

    Args:
        kept: the answer, the hash of the file, and its bytes where pictures are to be drawn from them.
    """
    from hilum.reports.film_report import reported

    said, sha256, content = kept
    answer = FilmAnswer(said, sha256)
    if content is not None:
        limits = service.settings.allowance.film
        drawn = answering.of(content, name=said.path, with_map=True, similar=SIMILAR, limits=limits)
        answer = replace(drawn, prediction=said)
    return reported(answer, about, most_px)
