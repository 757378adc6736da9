"""A connection that is cut where its client sends no request, does not read its answer, or too many others come."""

from __future__ import annotations

import asyncio
import json
import socket
from dataclasses import dataclass
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from hilum.web.problems import PROBLEM_TYPE, Problem

_SEND_BUFFER_BYTES: Final = 256 * 1024
"""Of the system; a larger one of its own choice would hide for a minute that a slow client reads on."""
_NO_REQUEST: Final = Problem(
    400, "no-request", "That is no HTTP request.", expected="HTTP/1.1", do="Check the address and the port."
)


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """How long a connection may do nothing useful.

    Args:
        header_s: from its beginning, or the end of an answer, until the header of a request has come in full.
        stall_s: how long an answer may wait for its client to read on.
        most: connections at once; then the oldest that has sent no request makes room.
    """

    header_s: float = 10.0
    stall_s: float = 30.0
    most: int = 800


class GuardedConnection(H11Protocol):
    """Uvicorn's connection with the time limits that it lacks (a slow-loris keeps its own open for ever).

    Args:
        limits: of every connection.
        arguments: of uvicorn's own.
    """

    def __init__(self, *, limits: ConnectionLimits, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._limits = limits
        self._waits_since = self.loop.time()
        self._header_timer: asyncio.TimerHandle | None = None
        self._stall_timer: asyncio.TimerHandle | None = None

    @property
    def waits_since(self) -> float | None:
        """Since when no header has come, on the loop's clock; None while a request is at work."""
        return self._waits_since if self.conn.their_state is h11.IDLE else None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a header."""
        super().connection_made(transport)
        if on := transport.get_extra_info("socket"):
            on.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        self._wait_for_header()
        if len(self.connections) > self._limits.most:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let the timers go."""
        super().connection_lost(exc)
        for timer in (self._header_timer, self._stall_timer):
            if timer:
                timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Stop waiting when the header has come in full; single bytes of it do not count."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE and self._header_timer:
            self._header_timer.cancel()
            self._header_timer = None

    def on_response_complete(self) -> None:
        """Wait for the next header, or end where the rest of a body would come that nobody needs."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._watch_stall()
        elif self.conn.their_state is h11.IDLE:
            self._wait_for_header()
        elif self.conn.their_state is h11.SEND_BODY:  # of a request whose answer did not need its body
            self.transport.close()

    def timeout_keep_alive_handler(self) -> None:
        """End a connection that is done, also where its client reads no more."""
        super().timeout_keep_alive_handler()
        self._watch_stall()

    def pause_writing(self) -> None:
        """The client reads slower than its answer is made."""
        super().pause_writing()
        self._watch_stall()

    def resume_writing(self) -> None:
        """The client reads on."""
        super().resume_writing()
        if self._stall_timer and not self.transport.is_closing():
            self._stall_timer.cancel()
            self._stall_timer = None

    def send_400_response(self, msg: str) -> None:
        """Say that this is no HTTP; where an answer is on its way already, there is nothing left to say."""
        content = json.dumps(_NO_REQUEST.as_json()).encode()
        headers = [("content-type", PROBLEM_TYPE), ("content-length", str(len(content))), ("connection", "close")]
        events = (h11.Response(status_code=400, headers=headers), h11.Data(data=content), h11.EndOfMessage())
        try:
            for event in events:
                self.transport.write(self.conn.send(event) or b"")
        except h11.LocalProtocolError:
            self.transport.abort()
            return
        self.transport.close()
        self._watch_stall()

    def _wait_for_header(self) -> None:
        if self._header_timer:
            self._header_timer.cancel()
        self._waits_since = self.loop.time()
        self._header_timer = self.loop.call_later(self._limits.header_s, self._end_waiting)

    def _end_waiting(self) -> None:
        """End a connection that sends no request; what it still reads of its last answer it may read."""
        if self.transport.get_write_buffer_size():
            self.transport.close()
            self._watch_stall()
        else:
            self.transport.abort()

    def _watch_stall(self) -> None:
        if self._stall_timer is None:
            unread = self.transport.get_write_buffer_size()
            self._stall_timer = self.loop.call_later(self._limits.stall_s, self._end_stall, unread)

    def _end_stall(self, unread: int) -> None:
        """Cut a client that has read nothing for so long; one that reads slowly is waited for."""
        self._stall_timer = None
        if self.transport.get_write_buffer_size() < unread:
            self._watch_stall()
        else:
            self.transport.abort()

    def _make_room(self) -> None:
        """End the oldest connection that waits for a header; those that wait for an answer are left alone."""
        waiting = [
            one for one in self.connections if isinstance(one, GuardedConnection) and one.waits_since is not None
        ]
        oldest = min(waiting, key=lambda one: one.waits_since or 0.0)
        oldest.transport.abort()
