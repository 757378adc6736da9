"""Answers on their way: in pieces, and counted to the memory that requests hold until their clients have them."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hilum.web.bodies import HeldBytes

PIECE_BYTES: Final = 64 * 1024


class Held(Response):
    """An answer that counts to what is held in memory until it is sent.

    Args:
        answer: with its whole body.
        held: that it counts to. It is not refused where that is full, because its work is done; the next body is.
    """

    def __init__(self, answer: Response, held: HeldBytes) -> None:
        super().__init__(bytes(answer.body), answer.status_code, dict(answer.headers))
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._held.share() as share:
            share.count(len(self.body))
            await super().__call__(scope, receive, send)


class Pieces:
    """Sends a large body piece by piece, as fast as its client reads.

    In one piece it would lie in the connection's buffer, where nobody waits for its end and nobody counts it.

    Args:
        app: what comes after it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            body = message.get("body", b"")
            start = 0
            if message["type"] == "http.response.body":
                while len(body) - start > PIECE_BYTES:
                    piece = body[start : start + PIECE_BYTES]
                    await send({"type": message["type"], "body": piece, "more_body": True})
                    start += PIECE_BYTES
            await send({**message, "body": body[start:]} if start else message)

        await self._app(scope, receive, sending)
