"""Who may send which request: proxy, name of this server, origin, token; before anything else is looked at."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from hilum.web.addresses import host_name, is_among, parsed, peer, sender, values
from hilum.web.attempts import Attempts
from hilum.web.problems import Problem
from hilum.web.settings import Access
from hilum.web.tokens import is_right

OPEN: Final = ("/", "/healthz", "/ready")
"""What anybody may ask for, beside static files: nothing there tells of a film or of a person."""
STATIC: Final = "/static/"
_HEALTH: Final = ("/healthz", "/ready")
_SAFE: Final = ("GET", "HEAD")
_OURS: Final = ("same-origin", "none")
_OF_PROXIES: Final = (b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip", b"via")


class AccessControl:
    """Lets a request through, or answers it with a problem document.

    Args:
        app: what comes after it.
        access: who may use the server.
        attempts: wrong tokens so far.
    """

    def __init__(self, app: ASGIApp, access: Access, attempts: Attempts) -> None:
        self._app, self._access, self._attempts = app, access, attempts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        try:
            self._require(scope)
        except Problem as problem:
            return await problem.response()(scope, receive, send)
        return await self._app(scope, receive, send)

    def _require(self, scope: Scope) -> None:
        if self._access.proxies:
            _require_proxy(scope, self._access)
        if self._access.token_digest is None:
            _require_direct(scope)
            _require_host(scope, self._access)
            _require_own_page(scope)
        elif not is_open(scope):
            self._require_token(scope, self._access.token_digest)

    def _require_token(self, scope: Scope, digest: bytes) -> None:
        address = sender(scope, self._access.proxies)
        given = values(scope, b"authorization")
        kind, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
        may_pass = kind.lower() == "bearer" and is_right(token.strip(), digest)
        proxies = self._access.proxies
        if may_pass and proxies and (address is None or is_among(address, proxies)):
            return  # the proxy does not say who asks, and one who guesses must not lock everybody out
        if wait_s := self._attempts.wait_s(address):
            raise Problem(
                429,
                "too-many-attempts",
                "Too many wrong tokens came from this address.",
                expected="the token of this server",
                do=f"Try again in {wait_s} s.",
                headers={"Retry-After": str(wait_s)},
            )
        if may_pass:
            return
        if given:
            self._attempts.fail(address)
        raise Problem(
            401,
            "wrong-token" if given else "no-token",
            "The token is wrong." if given else "The request brings no token.",
            expected="the header 'Authorization: Bearer TOKEN'",
            do="Ask whoever runs this server for its token.",
            headers={"WWW-Authenticate": "Bearer"},
        )


def is_open(scope: Scope) -> bool:
    """True for what needs no token."""
    return scope["method"] in _SAFE and (scope["path"] in OPEN or scope["path"].startswith(STATIC))


def _require_proxy(scope: Scope, access: Access) -> None:
    """Refuse who goes past the proxy, because the token would travel in clear; and what came to it in clear."""
    if scope["path"] in _HEALTH:
        return
    if not is_among(peer(scope), access.proxies):
        raise _forbidden("This server answers its proxy only.", "a request through the proxy", "Use its address.")
    if ",".join(values(scope, b"x-forwarded-proto")).rpartition(",")[2].strip().lower() == "http":
        raise _forbidden("The request came to the proxy without TLS.", "https", "Use the address with https.")


def _require_direct(scope: Scope) -> None:
    """Refuse what a proxy sends on to a server without a token: it would open it to others without a word."""
    if any(values(scope, name) for name in _OF_PROXIES):
        raise _forbidden(
            "The request came through a proxy, and this server has no token.",
            "requests from this machine",
            "Start it with --token-file and --behind-proxy.",
        )


def _require_host(scope: Scope, access: Access) -> None:
    """Refuse a name that is not this server's: a foreign page may have made it lead here (DNS rebinding)."""
    given = values(scope, b"host")
    name = host_name(given[0]) if len(given) == 1 else ""
    address = parsed(name)
    is_ours = name == "localhost" or name in access.hosts
    if not is_ours and not (address and (address.is_loopback or not access.is_local)):
        raise Problem(
            421,
            "wrong-host",
            "This server does not go by that name.",
            expected="localhost" if access.is_local else "the address of this machine",
            do="Open it as http://localhost with its port, or give it a token.",
        )


def _require_own_page(scope: Scope) -> None:
    """Refuse what a page of another origin sends; programs that are no browser send neither header."""
    if scope["path"] != "/" and any(site not in _OURS for site in values(scope, b"sec-fetch-site")):
        raise _foreign()
    if scope["method"] in _SAFE:
        return
    own = {f"http://{host}".lower() for host in values(scope, b"host")}
    own |= {one.replace("http://", "https://", 1) for one in own}
    if any(origin.lower() not in own for origin in values(scope, b"origin")):
        raise _foreign()


def _foreign() -> Problem:
    return _forbidden("Another page sent this request.", "requests from the page of this server", "Open its own page.")


def _forbidden(happened: str, expected: str, do: str) -> Problem:
    return Problem(403, "forbidden", happened, expected=expected, do=do)
