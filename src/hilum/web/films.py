"""Routes that answer for films: predict, map, report."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse, Response

from hilum.verbs.predict import gathered
from hilum.web import answers
from hilum.web.asked import Asked, Asking, received
from hilum.web.documents import Format, Language, document, made_now, pdf, require_format, require_pdf
from hilum.web.problems import wrong_value
from hilum.web.sending import Held
from hilum.web.service import unless_gone

router = APIRouter(prefix="/api/v1", tags=["films"])


@router.post("/predict")
async def predict(
    asked: Asking, pictures: Annotated[bool, Query(description="Also give film, map and similar cases.")] = False
) -> Response:
    """Answer for films: calibrated probability and decision, one row a film, as `hilum predict --json` does."""
    async with received(asked) as films:
        rows = [await answers.row(asked, film, pictures) for film in films]
    said = gathered(asked.answering, [row.prediction for row in rows]).as_json()
    said["predictions"] = [given | row.more for given, row in zip(said["predictions"], rows, strict=True)]
    return Held(JSONResponse(said), asked.service.held)


@router.post("/map")
async def draw(asked: Asking) -> Response:
    """The model's own map over one film, as a PNG."""
    answers.require_map(asked.answering)
    async with received(asked) as films:
        if len(films) > 1:
            raise wrong_value(f"Got {len(films)} films.", "one film for a map", "Send each in a request of its own.")
        picture = Response(await answers.map_png(asked, films[0]), media_type="image/png")
    return Held(picture, asked.service.held)


@router.post("/report")
async def report(asked: Asking, format: Format = "html", language: Language = None) -> Response:
    """The report on films as one document, as `hilum predict --report` writes it."""
    service = asked.service
    if format == "pdf":
        await require_pdf(service)
    await service.press.require_place()
    async with AsyncExitStack() as held:
        page = await _page(asked, held, format, language or service.settings.language)
        content = page.encode() if format == "html" else await unless_gone(asked.request, pdf(service, page))
    return Held(document(content, format), service.held)


async def _page(asked: Asked, held: AsyncExitStack, format: str, language: str) -> str:
    """The page; `held` keeps a place for it from when the films have come, so that none is kept by a slow line."""
    from hilum.reports.film_report import about, picture_px, report_page

    facts = about(asked.answering, made_now())
    async with received(asked) as films:
        require_format(asked.service, format, len(films))
        await held.enter_async_context(asked.service.press.place())
        most_px = picture_px(len(films))
        kept = [await answers.reported_film(asked, film, facts, most_px) for film in films]
    with asked.service.measures.stage("report"):
        return await unless_gone(asked.request, asked.service.press.run(report_page, facts, kept, language))
