"""Reports as documents: HTML or PDF, written one after the other in a thread of their own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Literal

from fastapi import Query
from starlette.responses import Response

from hilum.errors import HilumError
from hilum.provenance import Provenance, current
from hilum.web.problems import Problem, wrong_value
from hilum.web.service import Service

Format = Annotated[Literal["html", "pdf"], Query(description="Of the document.")]
Language = Annotated[Literal["en", "fr"] | None, Query(description="Of the document; the site's if not given.")]


def document(content: bytes, kind: str) -> Response:
    """A report that a browser saves under a plain name.

    Args:
        kind: "html" or "pdf".
    """
    return Response(
        content,
        media_type="text/html; charset=utf-8" if kind == "html" else "application/pdf",
        headers={"Content-Disposition": f'attachment; filename="hilum-report.{kind}"'},
    )


def made_now() -> Provenance:
    """Who makes a report at this moment; the command without its arguments, which name places on this machine."""
    return replace(_current(), command="hilum serve", created=datetime.now(UTC).isoformat(timespec="seconds"))


@cache
def _current() -> Provenance:
    """Once, because in a checkout it asks git."""
    return current()


async def require_pdf(service: Service) -> None:
    """Refuse where this server can write no PDF.

    Raises:
        Problem: 501.
    """
    from hilum.reports import pdf

    try:
        # In the thread that decodes films, because the library changes how Pillow does that while it is imported.
        await service.worker.run(pdf.require_pdf)
    except HilumError as error:
        raise Problem.of(error, 501, "no-pdf") from error


def require_format(service: Service, format: str, films: int) -> None:
    """Refuse a PDF of many films: all its pages are laid out together, which takes 4 MB and 0.2 s a film.

    Raises:
        Problem: 422.
    """
    most = service.settings.allowance.most_pdf_films
    if format == "pdf" and films > most:
        raise wrong_value(
            f"A PDF of {films:,} films would take too long.",
            f"at most {most:,} films for a PDF",
            "Ask for format=html, or for PDFs of fewer films each.",
        )


async def pdf(service: Service, page: str) -> bytes:
    """The page as a PDF."""
    from hilum.reports.pdf import pdf_of

    with service.measures.stage("report"):
        return await service.press.run(pdf_of, page)
