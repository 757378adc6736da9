"""The films in a request's body, read with limits on bytes and time while they come; nothing is put on a disc."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from starlette.requests import ClientDisconnect, Request

from hilum.files import printable
from hilum.web.parts import FilmParts, Upload
from hilum.web.problems import Problem, busy, wrong_value
from hilum.web.settings import MIB, Allowance

RAW_TYPES: Final = ("image/jpeg", "image/png", "image/tiff", "image/bmp", "application/octet-stream")
MULTIPART: Final = "multipart/form-data"
_COME_AGAIN_S: Final = 5


@dataclass(slots=True)
class HeldBytes:
    """The bytes that all requests hold in memory at this moment.

    Args:
        most: that they may hold together.
    """

    most: int
    now: int = 0

    def require_room(self) -> None:
        """Refuse what would hold more, before it is made.

        Raises:
            Problem: 503, as all requests together hold as much as they may.
        """
        if self.now >= self.most:
            raise _memory_full()

    @contextmanager
    def share(self) -> Iterator[Share]:
        """A request's share; all of it is given back when the block ends."""
        share = Share(self)
        try:
            yield share
        finally:
            self.now -= share.bytes


@dataclass(slots=True)
class Share:
    """What one request holds."""

    of: HeldBytes
    bytes: int = 0

    def take(self, more: int) -> None:
        """Count further bytes.

        Raises:
            Problem: 503, as all requests together would hold too many.
        """
        if self.of.now + more > self.of.most:
            raise _memory_full()
        self.count(more)

    def count(self, more: int) -> None:
        """Count bytes that are there already and cannot be refused."""
        self.of.now += more
        self.bytes += more


async def read_films(request: Request, allowance: Allowance, share: Share) -> tuple[Upload, ...]:
    """The films of a body: the parts `film` of a form, or one film as the body itself.

    Args:
        share: the memory they count to.

    Raises:
        Problem: 400, 408, 413, 415, 422 or 503.
        ClientDisconnect: nobody waits for the answer any more.
    """
    kind, _, rest = request.headers.get("content-type", "").partition(";")
    kind = kind.strip().lower()
    _require_plain(request)
    if kind == MULTIPART:
        _require_length(request, allowance.body_bytes)
        parts = FilmParts(_boundary(rest), allowance)
        async for chunk in _chunks(request, allowance, allowance.body_bytes, share):
            parts.feed(chunk)
        return parts.films()
    if kind in RAW_TYPES:
        _require_length(request, allowance.film.bytes)
        chunks = [chunk async for chunk in _chunks(request, allowance, allowance.film.bytes, share)]
        if not any(chunks):
            raise wrong_value("The body is empty.", "the bytes of a film", "Send the file as the body.")
        return (Upload("film", b"".join(chunks)),)
    raise Problem(
        415,
        "unsupported-media-type",
        f"The body is of the type '{printable(kind[:80])}'." if kind else "The body names no type.",
        expected=f"{MULTIPART} with parts named 'film', or one film as {', '.join(RAW_TYPES)}",
        do="Send it as: curl -F film=@FILE",
    )


async def _chunks(request: Request, allowance: Allowance, most: int, share: Share) -> AsyncIterator[bytes]:
    """The body as it comes."""
    loop = asyncio.get_running_loop()
    started, received = loop.time(), 0
    while True:
        slowest = started + allowance.grace_s + received / allowance.slowest_bytes_per_s
        try:
            async with asyncio.timeout_at(min(slowest, loop.time() + allowance.silence_s)):
                message = await request.receive()
        except TimeoutError as error:
            raise too_slow(allowance) from error
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        received += len(chunk)
        if received > most:
            raise too_large(most)
        share.take(len(chunk))
        yield chunk
        if not message.get("more_body", False):
            return


def _memory_full() -> Problem:
    return busy("The films and answers of all requests together fill their memory.", _COME_AGAIN_S, "memory-full")


def too_large(most: int) -> Problem:
    """413."""
    return Problem(
        413,
        "too-large",
        f"The body is larger than {most / MIB:,.0f} MiB.",
        expected="less in one request",
        do="Send fewer films at once, or save the film at a lower resolution.",
    )


def too_slow(allowance: Allowance) -> Problem:
    """408."""
    return Problem(
        408,
        "too-slow",
        "The body came too slowly.",
        expected=f"no pause of more than {allowance.silence_s:g} s, and {allowance.slowest_bytes_per_s / 1024:g} KiB/s",
        do="Send it again over a better line.",
    )


def _require_plain(request: Request) -> None:
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(
            415,
            "unsupported-encoding",
            "The body is compressed.",
            expected="a body as it is",
            do="Leave Content-Encoding out.",
        )


def _require_length(request: Request, most: int) -> None:
    """Refuse what says itself that it is too large; what says nothing is counted as it comes."""
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length[:20]) > most:
        raise too_large(most)


def _boundary(parameters: str) -> bytes:
    """The boundary of a form."""
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name.strip().lower() == "boundary":
            boundary = value.strip().strip('"')
            if 0 < len(boundary) <= 70 and boundary.isascii():
                return boundary.encode("ascii")
    raise Problem(
        400,
        "damaged-form",
        "The form's type names no boundary of 1 to 70 signs.",
        expected=f"{MULTIPART}; boundary=...",
        do="Leave the form to the library that sends it.",
    )
