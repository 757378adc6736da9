"""The load on `hilum serve`: in small against a real server, and against one that does everything wrong."""

from __future__ import annotations

import argparse
import shutil
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path

import pytest
import serve_load
from idle_connections import Idle
from serve_load import Load, Memory

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("wrk"), reason="wrk is not installed"),
]


@pytest.fixture
def film(phantom_films: Path) -> Path:
    """A phantom."""
    return next((phantom_films / "test" / "NORMAL").iterdir())


class WrongAnswers(BaseHTTPRequestHandler):
    """Of four requests: right; another probability; a mistake; a refusal without Retry-After."""

    protocol_version = "HTTP/1.1"
    number = count()

    def do_POST(self) -> None:
        """Answer one request."""
        self.rfile.read(int(self.headers["Content-Length"]))
        kind = next(self.number) % 4
        body = b'{"logit":1.5}' if kind == 0 else b'{"logit":1.25}'
        self.send_response((200, 200, 500, 503)[kind])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def wrong_port() -> Iterator[int]:
    """Where such a server listens."""
    with ThreadingHTTPServer(("127.0.0.1", 0), WrongAnswers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_every_kind_of_wrong_answer_is_counted(wrong_port: int, film: Path) -> None:
    class Elsewhere:
        url = f"http://127.0.0.1:{wrong_port}"

    counted = serve_load.told(serve_load.wrk(Elsewhere(), film, '"logit":1.5', 3, 1))  # type: ignore[arg-type]
    assert set(counted["statuses"]) == {"200", "500", "503"}
    assert abs(counted["wrong"] - counted["statuses"]["500"]) <= 3
    assert counted["without_retry_after"] == counted["statuses"]["503"]
    assert len(counted["accepted_ms"]) == counted["statuses"]["200"]


def test_server_answers_rightly_or_says_when_to_come_again(phantom_run: Path, film: Path) -> None:
    chosen = argparse.Namespace(
        model=str(phantom_run), film=film, clients=[4, 24], seconds=1, requests=[30, 60], idle=60, queue=8, quick=True
    )
    judged = serve_load.measured(argparse.Namespace(**vars(chosen), python=sys.executable))
    loads = [one for one in judged if isinstance(one, Load)]
    assert len(loads) == 3 and any("503" in one.statuses for one in loads)
    for one in loads:
        assert set(one.statuses) <= {"200", "503"} and one.statuses["200"] > 0
        assert (one.wrong, one.without_retry_after) == (0, 0)
        assert not any(one.transport_errors.values())
    assert [type(one) for one in judged if not isinstance(one, Load)] == [Memory, Idle]
