"""A socket, an event loop and uvicorn around an application, until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, Final

from starlette.types import ASGIApp
from uvicorn import Config, Server

from hilum.errors import HilumError
from hilum.files import explained, printable
from hilum.web.connections import ConnectionLimits, GuardedConnection

HANDSHAKE_S: Final = 10.0
LAST_ANSWERS_S: Final = 60
"""How long a server that was told to stop goes on with what it has accepted."""
_KEEP_ALIVE_S: Final = 5
_BACKLOG: Final = 512
_SPARE_FILES: Final = 200


def bound_socket(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 takes a free one.

    Raises:
        HilumError: the port is taken or not allowed, or this machine has no such address.
    """
    if not 0 <= port <= 65535:  # the system would take the remainder
        raise _not_there(host, port, ValueError("there is no such port"))
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except (OSError, OverflowError, UnicodeError) as error:
        raise _not_there(host, port, error) from error


def _not_there(host: str, port: int, error: Exception) -> HilumError:
    where = f"'{printable(host)}', port {port}"
    if getattr(error, "errno", None) == errno.EADDRINUSE:
        return HilumError(f"Something else listens on {where}.", expected="a free port", do="Name another: --port 8001")
    if getattr(error, "errno", None) == errno.EACCES:
        return HilumError(f"Not allowed to listen on {where}.", expected="a port from 1024", do="Name one: --port 8000")
    return HilumError(
        f"Cannot listen on {where}: {getattr(error, 'strerror', None) or error}.",
        expected="an address of this machine and a port of 0 to 65535",
        do="Leave --host out to serve this machine alone.",
    )


def tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS from 1.2 with this certificate.

    Raises:
        HilumError: one of the files cannot be read, or they do not belong together.
    """
    for path in (certificate, key):
        with explained(path, "read"), path.open("rb"):
            pass
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except (ssl.SSLError, ValueError) as error:
        raise HilumError(
            f"'{printable(certificate)}' and '{printable(key)}' are no certificate and its key.",
            expected="two files in PEM form that belong together, the key without a password",
            do="Check which files were named as --tls-cert and --tls-key.",
        ) from error
    return context


def _no_password() -> str:
    """Instead of a question on the terminal that a service could not answer."""
    raise ValueError("the key has a password")


def listen(
    app: ASGIApp,
    on: socket.socket,
    *,
    tls: ssl.SSLContext | None = None,
    limits: ConnectionLimits | None = None,
    when_listening: Callable[[], None],
    when_ending: Callable[[], None],
) -> int:
    """Answer on that socket until SIGTERM or Ctrl-C, then finish what was accepted; a second one ends at once.

    Args:
        tls: None for plain HTTP.
        limits: of the connections; as many as this process may open files for if not given.
        when_listening: called when the first request may come.
        when_ending: called before the last answers are waited for.

    Returns:
        Requests that were answered.
    """
    config = Config(
        app,
        http=partial(GuardedConnection, limits=limits or ConnectionLimits(most=_most_connections())),  # type: ignore[arg-type]
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,  # it would believe every process of this machine; see hilum.web.addresses
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=LAST_ANSWERS_S,
        backlog=_BACKLOG,
    )
    config.load()
    config.ssl = tls
    server = _Server(config, when_listening, when_ending)
    with asyncio.Runner(loop_factory=_Loop) as runner:
        runner.run(server.serve([on]))
    return server.server_state.total_requests


class _Server(Server):
    """Uvicorn's server, which says when it listens, and ends as a program that was asked to end: with status 0."""

    def __init__(self, config: Config, when_listening: Callable[[], None], when_ending: Callable[[], None]) -> None:
        super().__init__(config)
        self._when_listening, self._when_ending = when_listening, when_ending

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._when_listening()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._when_ending()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {one: signal.signal(one, self.handle_exit) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True


class _Loop(asyncio.SelectorEventLoop):
    """An event loop whose TLS handshakes end in time: 60 s, the usual limit, is long for who sends nothing."""

    async def create_server(self, *arguments: Any, **named: Any) -> asyncio.Server:
        if named.get("ssl"):
            named["ssl_handshake_timeout"] = HANDSHAKE_S
        return await super().create_server(*arguments, **named)


def _most_connections() -> int:
    """As many as there may be open files, less those that the process needs itself."""
    if sys.platform == "win32":
        return 200
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4096 if hard == resource.RLIM_INFINITY else min(hard, 4096)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    available = wanted if soft == resource.RLIM_INFINITY else min(soft, wanted)
    return max(50, min(2000, available - _SPARE_FILES))
