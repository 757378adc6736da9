"""deploy/nginx.conf in front of a real `hilum serve --behind-proxy`, both as processes of their own."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

CONFIGURATION = Path(__file__).resolve().parents[2] / "deploy" / "nginx.conf"
TOKEN = "q7Jd0vYb3mZr8TnXcW1uLpE5sKaH2fGi9oBxN4yVtQk"
AROUND = """
daemon off; pid {room}/nginx.pid; error_log {room}/error.log warn;
events {{ worker_connections 256; }}
http {{
    client_body_temp_path {room}/body; proxy_temp_path {room}/proxy; fastcgi_temp_path {room}/fastcgi;
    uwsgi_temp_path {room}/uwsgi; scgi_temp_path {room}/scgi;
    include {room}/hilum.conf;
}}
"""
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not NGINX, reason="nginx is not installed"),
    pytest.mark.skipif(not shutil.which("openssl"), reason="openssl, which makes the certificate, is not installed"),
]


@dataclass(frozen=True)
class Behind:
    """A server behind its proxy; `room` holds all that nginx writes."""

    proxy_port: int
    own_port: int
    room: Path

    def ask(self, path: str, film: bytes | None = None, **headers: str) -> tuple[int, Any]:
        """Status and body of the answer to a request through the proxy."""
        return _ask(f"https://localhost:{self.proxy_port}{path}", film, headers)


def _ask(url: str, film: bytes | None, headers: dict[str, str]) -> tuple[int, Any]:
    request = urllib.request.Request(
        url, data=film, headers={name.replace("_", "-"): headers[name] for name in headers}
    )
    request.add_header("Content-Type", "image/jpeg")
    try:
        with urllib.request.urlopen(request, timeout=30, context=ssl._create_unverified_context()) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def wait_until_ready(proxy_port: int, processes: list[subprocess.Popen[bytes]]) -> None:
    """Until the server says through its proxy that its model is open."""
    end_s = time.monotonic() + 60
    while time.monotonic() < end_s:
        assert all(process.poll() is None for process in processes)
        with suppress(OSError):
            if _ask(f"https://localhost:{proxy_port}/ready", None, {})[0] == 200:
                return
        time.sleep(0.05)
    raise AssertionError("The server was not ready in time.")


def configured(room: Path, proxy_port: int, own_port: int, **more: str) -> Path:
    """The example with ports, certificate and logs of this test; everything else as it stands, unless `more` names
    other values of directives."""
    text = CONFIGURATION.read_text("utf-8")
    for directive, value in more.items():
        text, count = re.subn(rf"(?m)^( *{directive}) .*;$", rf"\1 {value};", text)
        assert count == 1, directive
    changes = {
        "listen 443 ssl;": f"listen 127.0.0.1:{proxy_port} ssl;",
        "    listen [::]:443 ssl;\n": "",
        "127.0.0.1:8000": f"127.0.0.1:{own_port}",
        "/etc/ssl/hilum/": f"{room}/",
        "/var/log/nginx/": f"{room}/",
    }
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    (room / "hilum.conf").write_text(text)
    (room / "nginx.conf").write_text(AROUND.format(room=room))
    return room / "nginx.conf"


@pytest.fixture(scope="module")
def behind(phantom_run: Path) -> Iterator[Behind]:
    """Both, with a token."""
    # Not pytest's own folder: nginx gives up root for its workers, and these may not enter it.
    with tempfile.TemporaryDirectory(prefix="hilum-nginx-") as folder:
        room = Path(folder)
        room.chmod(0o755)
        proxy_port, own_port = free_port(), free_port()
        certificate = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        names = ["-subj", "/CN=localhost", "-keyout", f"{room}/key.pem", "-out", f"{room}/cert.pem"]
        subprocess.run([*certificate, *names], check=True, capture_output=True)
        served = [sys.executable, "-m", "hilum", "serve", "--model", str(phantom_run), "--port", str(own_port)]
        with_token = {**os.environ, "HILUM_TOKEN": TOKEN}
        processes = [
            subprocess.Popen([*served, "--behind-proxy", "127.0.0.1/32"], env=with_token),
            subprocess.Popen([NGINX or "", "-p", folder, "-c", configured(room, proxy_port, own_port)]),
        ]
        try:
            wait_until_ready(proxy_port, processes)
            yield Behind(proxy_port, own_port, room)
        finally:
            for process in processes:
                process.terminate()
                process.wait(timeout=30)


@contextmanager
def another(behind: Behind, place: str, **more: str) -> Iterator[Behind]:
    """Another nginx before the same server, with other values of some directives."""
    room = behind.room / place
    room.mkdir()
    room.chmod(0o755)
    for name in ("key.pem", "cert.pem"):
        shutil.copy(behind.room / name, room)
    port = free_port()
    process = subprocess.Popen([NGINX or "", "-p", str(room), "-c", configured(room, port, behind.own_port, **more)])
    try:
        wait_until_ready(port, [process])
        yield Behind(port, behind.own_port, room)
    finally:
        process.terminate()
        process.wait(timeout=30)


def errors(behind: Behind) -> str:
    """All that nginx wrote into its error logs."""
    time.sleep(0.2)
    return "".join((behind.room / name).read_text("utf-8") for name in ("error.log", "hilum-error.log"))


@pytest.fixture
def film(phantom_films: Path) -> bytes:
    """A phantom."""
    return next((phantom_films / "test" / "NORMAL").iterdir()).read_bytes()


def test_nginx_finds_no_fault(behind: Behind) -> None:
    checked = [NGINX or "", "-t", "-p", str(behind.room), "-c", f"{behind.room}/nginx.conf"]
    assert "test is successful" in subprocess.run(checked, capture_output=True, text=True).stderr


def test_page_and_health_come_through_and_data_only_with_the_token(behind: Behind, film: bytes) -> None:
    assert behind.ask("/ready")[0] == behind.ask("/")[0] == 200
    assert behind.ask("/api/v1/models")[0] == behind.ask("/api/v1/predict", film)[0] == 401
    status, body = behind.ask("/api/v1/predict", film, Authorization=f"Bearer {TOKEN}")
    assert status == 200 and json.loads(body)["predictions"][0]["probability"] is not None


def test_report_comes_through_whole(behind: Behind, film: bytes) -> None:
    status, body = behind.ask("/api/v1/report", film, Authorization=f"Bearer {TOKEN}")
    assert status == 200 and body.rstrip().endswith(b"</html>")


def past_the_proxy(behind: Behind, source: str, **headers: str) -> tuple[int, bytes]:
    """The server's own answer to another address of this machine than that of the proxy, or to that."""
    connection = http.client.HTTPConnection("127.0.0.1", behind.own_port, timeout=30, source_address=(source, 0))
    with closing(connection):
        connection.request("GET", "/api/v1/models", headers={name: headers[name] for name in headers})
        response = connection.getresponse()
        return response.status, response.read()


def test_what_goes_past_the_proxy_is_refused_even_with_the_token(behind: Behind) -> None:
    with_token = {"Authorization": f"Bearer {TOKEN}", "X-Forwarded-Proto": "https"}
    try:
        status, body = past_the_proxy(behind, "127.0.0.2", **with_token)
    except OSError:
        pytest.skip("this machine has one loopback address only")
    assert status == 403 and b"answers its proxy only" in body
    assert past_the_proxy(behind, "127.0.0.1", **with_token)[0] == 200  # what the proxy itself asks


@pytest.mark.parametrize("buffering", ["off", "on"])
def test_film_touches_no_disc_unless_nginx_is_told_to_buffer_it(behind: Behind, buffering: str) -> None:
    """The second is the control: were films written to a disc, it would be seen."""
    changed = {"proxy_request_buffering": buffering, "error_log": "/var/log/nginx/hilum-error.log warn"}
    with another(behind, f"buffering-{buffering}", **changed) as other:
        large = os.urandom(3_000_000)  # more than any buffer of nginx
        assert other.ask("/api/v1/predict", large, Authorization=f"Bearer {TOKEN}")[0] == 200
        assert ("buffered to a temporary file" in errors(other)) == (buffering == "on")


@pytest.mark.parametrize("level", ["alert", "warn"])
def test_error_log_names_no_client_unless_its_level_is_changed(behind: Behind, level: str) -> None:
    """The second is the control: what would name a client does happen."""
    changed = {"error_log": f"/var/log/nginx/hilum-error.log {level}", "limit_conn": "hilum_clients 1"}
    assert "hilum-error.log alert;" in CONFIGURATION.read_text("utf-8")
    with another(behind, f"level-{level}", **changed) as other:
        context = ssl._create_unverified_context()
        plain = socket.create_connection(("127.0.0.1", other.proxy_port))
        with context.wrap_socket(plain, server_hostname="localhost") as held:
            head = "POST /api/v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\n"
            held.sendall(f"{head}Authorization: Bearer {TOKEN}\r\nContent-Length: 900000\r\n\r\n".encode())
            time.sleep(0.3)
            assert other.ask("/ready")[0] == 503  # a second connection is one too many
        assert other.ask("/api/v1/predict", bytes(1000), Content_Length=str(300 * 2**20))[0] == 413
        assert ("127.0.0.1" in errors(other)) == (level == "warn")


def test_log_of_requests_names_nobody(behind: Behind, film: bytes) -> None:
    behind.ask("/api/v1/predict", film, Authorization=f"Bearer {TOKEN}", User_Agent="Doctor Who")
    time.sleep(0.2)
    log = (behind.room / "hilum.log").read_text("utf-8")
    assert "POST /api/v1/predict" in log
    assert not re.search(r"127\.0\.0\.1|Doctor|Bearer", log)


def test_wrong_tokens_cannot_be_blamed_on_another_address(behind: Behind) -> None:
    # The last one here, because nobody from this address is let in after it.
    answers = [
        behind.ask("/api/v1/models", None, Authorization=f"Bearer wrong{number}", X_Forwarded_For=f"10.0.0.{number}")[0]
        for number in range(12)
    ]
    assert answers[0] == 401 and answers[-1] == 429
