"""Refusals of requests whose body has not come yet: the rest is let run out, so that the answer can be read."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LONGEST_S: Final = 3.0
MOST_BYTES: Final = 512 * 1024 * 1024
_SMALL_BYTES: Final = 8 * 1024 * 1024
_SHORT_S: Final = 1.0


class Lingering:
    """Answers what needs no body, or not all of it, so that the client can read the answer.

    A connection that is closed while its client still sends is reset, and the client then never sees why. So what is
    left of a small body is let run out first, and the connection goes on. Of a larger one it is dropped for a while
    after the answer, and then the connection ends. Who waits for "100 Continue" has sent nothing, and nothing is
    waited for.

    Args:
        app: what comes after it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _has_body(scope):
            return await self._app(scope, receive, send)
        body = _Body(receive)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and not body.has_come:
                if _is_small(scope) and body.may_be_asked(scope):
                    await body.run_out(_SHORT_S, _SMALL_BYTES)
                if not body.has_come:
                    message["headers"] = [*message.get("headers", []), (b"connection", b"close")]
            elif not message.get("more_body", False) and not body.has_come and body.may_be_asked(scope):
                await send({**message, "more_body": True})
                await body.run_out(LONGEST_S, MOST_BYTES)
                message = {"type": "http.response.body", "body": b"", "more_body": False}
            await send(message)

        return await self._app(scope, body.receive, sending)


class _Body:
    """A request's body, and how much of it was asked for.

    Args:
        receive: gives its pieces.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.is_asked = self.has_come = False

    async def receive(self) -> Message:
        """The next piece."""
        self.is_asked = True
        message = await self._receive()
        self.has_come = self.has_come or message["type"] == "http.disconnect" or not message.get("more_body", False)
        return message

    def may_be_asked(self, scope: Scope) -> bool:
        """False where the client waits to hear whether it shall send the body at all."""
        return self.is_asked or not any(
            name == b"expect" and value.lower() == b"100-continue" for name, value in scope["headers"]
        )

    async def run_out(self, longest_s: float, most_bytes: int) -> None:
        """Drop what still comes, for a while."""
        dropped = 0
        try:
            async with asyncio.timeout(longest_s):
                while not self.has_come and dropped < most_bytes:
                    dropped += len((await self.receive()).get("body", b""))
        except TimeoutError:
            pass


def _has_body(scope: Scope) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value.strip() != b"0")
        for name, value in scope["headers"]
    )


def _is_small(scope: Scope) -> bool:
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    return len(lengths) == 1 and lengths[0].isdigit() and int(lengths[0][:20]) <= _SMALL_BYTES
