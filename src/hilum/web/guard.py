"""Around every request: headers that keep browsers strict, a count, and a problem document for our own mistakes."""

from __future__ import annotations

import logging
import traceback
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hilum.web.access import STATIC
from hilum.web.measures import Measures
from hilum.web.problems import Problem

LOG = logging.getLogger("hilum.web")

PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
DATA_POLICY: Final = "default-src 'none'; frame-ancestors 'none'; sandbox"
_ALWAYS: Final = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


class Guard:
    """The outermost layer.

    Args:
        app: what comes after it.
        measures: counts the answers.
    """

    def __init__(self, app: ASGIApp, measures: Measures) -> None:
        self._app, self._measures = app, measures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        headers, status = _headers(scope["path"]), 0

        async def guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", []), *headers]
            await send(message)

        try:
            await (_ambiguous().response() if _is_ambiguous(scope) else self._app)(scope, receive, guarded)
        except Exception as error:
            log_without_words(error)
            if status:
                raise RuntimeError("An answer broke off; see the line before.") from None
            await our_mistake().response()(scope, receive, guarded)
        finally:
            self._measures.request(_route(scope), status)


def log_without_words(error: BaseException) -> None:
    """Where an error happened and of what kind it is; its words may name a film."""
    places = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    LOG.error("A mistake in hilum: %s at %s", type(error).__name__, " < ".join(reversed(places[-8:])))


def _headers(path: str) -> list[tuple[bytes, bytes]]:
    is_page = path == "/" or path.startswith(STATIC)
    more = {
        "content-security-policy": PAGE_POLICY if is_page else DATA_POLICY,
        "cache-control": "no-cache" if path.startswith(STATIC) else "no-store",
    }
    return [(name.encode(), value.encode()) for name, value in (_ALWAYS | more).items()]


def _route(scope: Scope) -> str:
    """The pattern of the route, never the path itself: that could be anything."""
    if scope["path"].startswith(STATIC):
        return STATIC
    return str(getattr(scope.get("route"), "path", "none"))


def _is_ambiguous(scope: Scope) -> bool:
    """True where a proxy and this server might not agree on where the body ends (RFC 9112, 6.1)."""
    return {b"content-length", b"transfer-encoding"} <= {name for name, _ in scope["headers"]}


def _ambiguous() -> Problem:
    return Problem(
        400,
        "two-lengths",
        "The request gives its length in two ways.",
        expected="Content-Length or Transfer-Encoding",
        do="Leave one of them out.",
        headers={"Connection": "close"},
    )


def our_mistake() -> Problem:
    """500."""
    return Problem(
        500,
        "mistake",
        "hilum made a mistake; this request was not answered.",
        expected="an answer",
        do="Tell whoever runs this server; its log says where it happened.",
    )
