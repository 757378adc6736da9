"""Routes without films: the page, what is served here, health, metrics, the description of the interface."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec

from fastapi import APIRouter, Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

import hilum
from hilum.site import LANGUAGES
from hilum.web.description import described
from hilum.web.problems import Problem
from hilum.web.service import service_of

router = APIRouter()


@router.get("/", include_in_schema=False)
async def page(request: Request) -> Response:
    """The page; it holds nothing that is not public."""
    return HTMLResponse(_page(service_of(request).settings.access.warning))


@router.get("/healthz", tags=["server"])
async def healthz() -> Response:
    """That the server runs."""
    return PlainTextResponse("ok\n")


@router.get("/ready", tags=["server"])
async def ready(request: Request) -> Response:
    """That the models are open: 200, else 503."""
    if not service_of(request).is_ready:
        raise Problem(
            503,
            "not-ready",
            "The models are still being opened.",
            expected="a few seconds of patience",
            do="Ask again in 1 s.",
            headers={"Retry-After": "1"},
        )
    return PlainTextResponse("ready\n")


@router.get("/api/v1/models", tags=["server"])
async def models(request: Request) -> Response:
    """The served models with their operating points and limits, and what one request may ask for."""
    settings = service_of(request).settings
    return JSONResponse(
        {
            "models": [model.as_json() for model in settings.models.models],
            "hilum_version": hilum.__version__,
            "has_store": settings.store is not None,
            "largest_bytes": settings.allowance.film.bytes,
            "largest_pixels": settings.allowance.film.pixels,
            "most_films": settings.allowance.most_films,
            "languages": list(LANGUAGES),
            "language": settings.language,
            "has_pdf": find_spec("weasyprint") is not None,
            "is_insecure": bool(settings.access.warning),
            "warning": settings.access.warning,
        }
    )


@router.get("/metrics", tags=["server"])
async def metrics(request: Request) -> Response:
    """Counts and times for Prometheus."""
    return Response(service_of(request).measures.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


@router.get("/openapi.json", include_in_schema=False)
async def openapi(request: Request) -> Response:
    """The description of this interface."""
    return JSONResponse(described(request.app, service_of(request).settings))


@cache
def _page(warning: str) -> str:
    environment = Environment(loader=PackageLoader("hilum.web"), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("page.html.j2").render(is_insecure=bool(warning), warning=warning)
