"""A server's application in this process, and a real server in another, for the tests of the REST interface."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from starlette.testclient import TestClient

from hilum.site import Site
from hilum.web.app import make_app
from hilum.web.models import ServedModels, open_models
from hilum.web.settings import Access, Allowance, Settings

Result = TypeVar("Result")
TOKEN = "Zk3vQ9xT1mB7cR5yH2nW8pL4sD6fG0jA"
_SERVE = "import sys, pathlib; from hilum.web.serve import serve; Path = pathlib.Path; serve(**eval(sys.argv[1]))"


def served(run: Path) -> ServedModels:
    """The model of that run, as a server has it."""
    return open_models([run], Site(), None, None, threads=1)


@contextmanager
def client(models: ServedModels, access: Access | None = None, **more: Any) -> Iterator[TestClient]:
    """A client of an application with these models; `more` are the allowance, as values by name, and the store."""
    store = more.pop("store", None)
    settings = Settings(models, access or Access(), Allowance(**{"refusal_s": 0.0, **more}), store)
    with TestClient(make_app(settings), base_url="http://127.0.0.1:8000", raise_server_exceptions=False) as opened:
        yield opened


def parts(*films: Path | tuple[str, bytes]) -> list[tuple[str, tuple[str, bytes]]]:
    """Films as parts of a form."""
    named = [(film.name, film.read_bytes()) if isinstance(film, Path) else film for film in films]
    return [("film", film) for film in named]


@dataclass(frozen=True, slots=True)
class LiveServer:
    """A server in a process of its own.

    Args:
        address: such as http://127.0.0.1:43211
        said: what it wrote when it began to listen.
    """

    address: str
    said: str
    process: subprocess.Popen[str]

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.address.rpartition(":")[2])

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait()

    def connection(self, timeout_s: float = 10.0) -> socket.socket:
        """An open connection to it."""
        return socket.create_connection(("127.0.0.1", self.port), timeout_s)


@contextmanager
def live(folders: Sequence[Path], environment: dict[str, str] | None = None, **more: Any) -> Iterator[LiveServer]:
    """A server of these model folders on a free port; `more` are arguments of the verb."""
    words = repr({"model": list(folders), "port": 0, "threads": 1, **more}).replace("PosixPath", "Path")
    given = {name: value for name, value in os.environ.items() if name != "HILUM_TOKEN"} | (environment or {})
    process = subprocess.Popen([sys.executable, "-c", _SERVE, words], stderr=subprocess.PIPE, text=True, env=given)
    try:
        assert process.stderr is not None
        said = process.stderr.readline()
        found = re.search(r"https?://\S+", said)
        if found is None:
            raise AssertionError(said + process.stderr.read())
        yield LiveServer(found.group(), said, process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        with suppress(ValueError):
            process.communicate(timeout=30)


def finished(story: Coroutine[Any, Any, Result]) -> Result:
    """What a coroutine gives back, run in a thread of its own: Playwright keeps a loop running in the main one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, story).result()
