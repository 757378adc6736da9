"""Connections whose requests never come to an end, and how a server answers good requests beside them."""

from __future__ import annotations

import itertools
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from serving import Server

BAR_IDLE_S = 1.0


@dataclass(frozen=True)
class Idle:
    """Good requests beside connections that come to no end.

    Args:
        open_at_end: connections that the server had not cut when the last good request was answered.
        waited_s: how long was waited for the others to be cut.
        cut_after_s: seconds from the first byte until the last of them was cut; None where some were left.
    """

    connections: int
    good_requests: int
    longest_s: float
    open_at_end: int
    waited_s: float
    cut_after_s: float | None

    @property
    def is_right(self) -> bool:
        """True where it meets its bar."""
        return self.longest_s < BAR_IDLE_S and (self.cut_after_s is not None or not self.waited_s)

    def __str__(self) -> str:
        return (
            f"{self.connections} idle connections: longest of {self.good_requests} good requests "
            f"{self.longest_s:.3f} s; {self.open_at_end} were still open, the last cut after {self.cut_after_s} s; "
            f"{'met' if self.is_right else 'NOT MET'}"
        )


@contextmanager
def never_ending(server: Server, connections: int) -> Iterator[list[socket.socket]]:
    """Connections of three kinds: no byte at all, half a header, a header with a body that does not come."""
    beginnings = itertools.cycle(
        [
            b"",
            b"POST /api/v1/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
            b"POST /api/v1/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/jpeg\r\n"
            b"Content-Length: 90000\r\n\r\n\xff\xd8\xff",
        ]
    )
    with ExitStack() as stack:
        opened = []
        for beginning in itertools.islice(beginnings, connections):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=10))
            one.sendall(beginning)
            one.setblocking(False)
            opened.append(one)
        yield opened


def drip(sockets: list[socket.socket]) -> list[socket.socket]:
    """Send one more byte where a request was begun; those that the server has not cut come back."""
    left = []
    for number, one in enumerate(sockets):
        with suppress(OSError):
            if number % 3:
                one.send(b"a")
            with suppress(BlockingIOError):
                if not one.recv(65536):
                    continue
            left.append(one)
    return left


def idle(server: Server, film: bytes, connections: int, good_requests: int, patience_s: float) -> Idle:
    """Good requests while the others send a byte now and then, and how long these are borne."""
    longest_s, started = 0.0, time.monotonic()
    with never_ending(server, connections) as opened:
        kinds = list(opened)
        for _ in range(good_requests):
            asked = time.perf_counter()
            server.predict(film)
            longest_s = max(longest_s, time.perf_counter() - asked)
            time.sleep(0.1)
        still_open = len(drip(kinds))
        left = kinds
        while left and time.monotonic() < started + patience_s:
            left = drip(left)
            time.sleep(0.5)
        cut_after_s = None if left else round(time.monotonic() - started, 1)
    return Idle(connections, good_requests, longest_s, still_open, patience_s, cut_after_s)
