"""The application of one server: its routes, and what every request passes before it comes to one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from fastapi import Depends, FastAPI
from starlette.middleware import Middleware
from starlette.staticfiles import StaticFiles

import hilum
from hilum.web import films, job_routes, plain
from hilum.web.access import AccessControl
from hilum.web.attempts import Attempts
from hilum.web.guard import Guard
from hilum.web.handlers import add_handlers
from hilum.web.lingering import Lingering
from hilum.web.parameters import known_parameters
from hilum.web.sending import Pieces
from hilum.web.service import Service
from hilum.web.settings import Settings

if TYPE_CHECKING:
    from fastapi.telemetry import TelemetryConfig  # of FastAPI 0.160 or so; older ones take what they do not know

_NO_TELEMETRY: Final[TelemetryConfig] = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
"""FastAPI would else tell a collector that the environment names of every request and every error's words."""


def make_app(settings: Settings) -> FastAPI:
    """The application.

    Args:
        settings: its models, users and limits.
    """
    service = Service.of(settings)
    app = FastAPI(
        title="hilum",
        version=hilum.__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=_NO_TELEMETRY,
        dependencies=[Depends(known_parameters)],
        lifespan=_life,
        middleware=[
            Middleware(Pieces),
            Middleware(Guard, measures=service.measures),
            Middleware(Lingering),
            Middleware(AccessControl, access=settings.access, attempts=Attempts()),
        ],
    )
    app.state.service = service
    app.include_router(plain.router)
    app.include_router(films.router)
    app.include_router(job_routes.router)
    app.mount("/static", StaticFiles(packages=[("hilum.web", "static")]), name="static")
    add_handlers(app)
    return app


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    """Open the graphs while the first requests may already come; at the end let the worker finish."""
    service: Service = app.state.service
    opening = asyncio.create_task(service.open())
    yield
    opening.cancel()
    await asyncio.wait({opening})
    await asyncio.to_thread(service.stop)
