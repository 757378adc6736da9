"""Clients that are slow, silent, many or gone, tried on a real server."""

from __future__ import annotations

import io
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest
from PIL import Image

from web_client import parts

pytestmark = pytest.mark.slow
_LARGE = 10_000_000

_IMPATIENT = """
import sys
from pathlib import Path
from hilum.web.app import make_app
from hilum.web.connections import ConnectionLimits
from hilum.web.listening import bound_socket, listen
from hilum.web.settings import Allowance, Settings
from starlette.responses import Response
from web_client import served

app = make_app(Settings(served(Path(sys.argv[1])), allowance=Allowance(silence_s=1, grace_s=2, places=2)))
app.add_api_route("/large", lambda: Response(b"x" * 10_000_000))
on = bound_socket("127.0.0.1", 0)
listen(
    app,
    on,
    limits=ConnectionLimits(header_s=1, stall_s=1, most=40),
    when_listening=lambda: print(on.getsockname()[1], flush=True),
    when_ending=app.state.service.end,
)
"""


@pytest.fixture(scope="module")
def port(phantom_run: Path) -> Iterator[int]:
    """Of a server with little patience."""
    server = subprocess.Popen(
        [sys.executable, "-c", _IMPATIENT, phantom_run],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    )
    assert server.stdout is not None
    yield int(server.stdout.readline())
    server.terminate()
    assert server.wait(30) == 0


def _open(port: int, sends: bytes = b"") -> socket.socket:
    opened = socket.create_connection(("127.0.0.1", port), 10)
    opened.sendall(sends)
    return opened


def _is_cut(opened: socket.socket, within_s: float) -> bool:
    """True where the server ends the connection in that time; what it still says is read."""
    opened.settimeout(within_s)
    try:
        while opened.recv(65536):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


def _answer(opened: socket.socket, within_s: float = 10.0) -> tuple[int, bytes]:
    opened.settimeout(within_s)
    content = b""
    while piece := opened.recv(65536):
        content += piece
        head, ended, body = content.partition(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        if ended and lengths and len(body) >= int(lengths[0].split(b":")[1]):
            break
    return int(content.split()[1]), content.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize("sends", [b"", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A"])
def test_connection_without_a_request_is_cut(port: int, sends: bytes) -> None:
    assert _is_cut(_open(port, sends), within_s=3)


def test_header_that_comes_byte_by_byte_is_cut(port: int) -> None:
    opened, begun = _open(port, b"GET / HTTP/1.1\r\nHost: localhost\r\n"), time.monotonic()
    with pytest.raises(OSError):
        while time.monotonic() < begun + 5:
            opened.sendall(b"X-A: b\r\n")
            time.sleep(0.1)
    assert time.monotonic() - begun < 4


def test_header_without_end_is_cut(port: int) -> None:
    opened = _open(port)
    with pytest.raises(OSError):
        for _ in range(1000):
            opened.sendall(b"X-A: " + b"b" * 4000 + b"\r\n")
            time.sleep(0.001)


def test_second_request_of_a_connection_has_to_come_too(port: int) -> None:
    opened = _open(port, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert _answer(opened)[0] == 200
    opened.sendall(b"GET /he")
    assert _is_cut(opened, within_s=3)


_HEAD = b"POST /api/v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"


def test_body_that_stands_still_is_cut_with_a_reason(port: int) -> None:
    status, content = _answer(_open(port, _HEAD + b"Content-Length: 100\r\n\r\nabc"), 8)
    assert (status, json.loads(content)["type"]) == (408, "urn:hilum:problem:too-slow")


def test_body_that_drips_is_cut(port: int) -> None:
    opened, begun = _open(port, _HEAD + b"Content-Length: 100000\r\n\r\n"), time.monotonic()
    with pytest.raises(OSError):
        while time.monotonic() < begun + 20:
            opened.sendall(b"a" * 100)
            time.sleep(0.2)
    assert time.monotonic() - begun < 12


def test_body_that_nobody_asked_for_does_not_hold_a_connection(port: int) -> None:
    head = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n"
    opened, begun = _open(port, head), time.monotonic()
    with pytest.raises(OSError):
        while time.monotonic() < begun + 20:
            opened.sendall(b"a" * 100)
            time.sleep(0.2)
    assert time.monotonic() - begun < 12


def test_refusal_of_a_large_body_can_be_read(port: int) -> None:
    pieces = (b"x" * 65536 for _ in range(1200))  # 75 MiB without a length
    answer = httpx.post(
        f"http://127.0.0.1:{port}/api/v1/predict", content=pieces, headers={"Content-Type": "image/png"}
    )
    assert answer.status_code == 413
    large = httpx.post(
        f"http://127.0.0.1:{port}/api/v1/predict", content=b"x" * 75 * 2**20, headers={"Content-Type": "image/png"}
    )
    assert large.status_code == 413


def test_small_refused_body_keeps_the_connection(port: int) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as kept:
        first = kept.post("/api/v1/predict?model=nobody", content=b"x" * 1000, headers={"Content-Type": "image/png"})
        assert first.status_code == 422
        assert "connection" not in first.headers
        assert kept.get("/healthz").status_code == 200


def test_client_that_does_not_read_is_cut(port: int, films: list[Path]) -> None:
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    opened.connect(("127.0.0.1", port))
    request = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
    opened.settimeout(0.2)
    begun, is_cut = time.monotonic(), False
    while time.monotonic() < begun + 15 and not is_cut:
        try:
            opened.sendall(request * 50)
        except TimeoutError:
            continue
        except OSError:
            is_cut = True
    assert is_cut


@pytest.mark.parametrize(
    "sends",
    [
        b"GARBAGE\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
def test_what_is_no_http_gets_a_problem_document(port: int, sends: bytes) -> None:
    status, content = _answer(_open(port, sends), 5)
    assert (status, json.loads(content)["type"]) == (400, "urn:hilum:problem:no-request")


def test_request_for_a_websocket_is_answered_as_what_it_also_is(port: int) -> None:
    upgrade = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n"
    assert _answer(_open(port, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + upgrade + b"\r\n"))[0] == 200


def test_silent_connections_do_not_keep_others_out(port: int) -> None:
    with ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(_open(port, b"GET"))
        begun = time.monotonic()
        assert httpx.get(f"http://127.0.0.1:{port}/api/v1/models").status_code == 200
        assert time.monotonic() - begun < 5


def test_full_queue_says_when_to_come_again_and_drops_who_has_left(port: int, films: list[Path]) -> None:
    large = io.BytesIO()
    Image.linear_gradient("L").resize((3000, 3000)).save(large, "JPEG")
    part = b'--b\r\nContent-Disposition: form-data; name="film"; filename="a.jpeg"\r\n\r\n'
    form = (part + large.getvalue() + b"\r\n") * 60
    body = form + b"--b--\r\n"
    head = b"POST /api/v1/predict?pictures=true HTTP/1.1\r\nHost: localhost\r\n"
    head += b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: %d\r\n\r\n" % len(body)
    waiting = [_open(port, head + body) for _ in range(2)]
    time.sleep(0.6)
    refused = httpx.post(f"http://127.0.0.1:{port}/api/v1/predict", files=parts(films[0]))
    assert (refused.status_code, refused.json()["type"]) == (503, "urn:hilum:problem:queue-full")
    assert int(refused.headers["retry-after"]) >= 1
    for one in waiting:
        one.close()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        again = httpx.post(f"http://127.0.0.1:{port}/api/v1/predict", files=parts(films[0]))
        if again.status_code == 200:
            break
    assert again.status_code == 200


def test_client_that_reads_slowly_but_steadily_gets_its_whole_answer(port: int) -> None:
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    opened.connect(("127.0.0.1", port))
    opened.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
    received, begun = 0, time.monotonic()
    while received < _LARGE and (piece := opened.recv(65536)):
        received += len(piece)
        time.sleep(len(piece) / 3e6)
    assert received >= _LARGE
    assert time.monotonic() - begun > 2.5  # longer than the server waits for a client that stands still


def test_client_that_stops_in_the_middle_of_an_answer_is_cut(port: int) -> None:
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    opened.connect(("127.0.0.1", port))
    opened.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
    opened.recv(4096)
    time.sleep(4)
    received = 0
    with suppress(OSError):
        while piece := opened.recv(65536):
            received += len(piece)
    assert received < _LARGE // 2
