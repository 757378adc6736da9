"""deploy/nginx.conf in front of a real `hilum serve --behind-proxy`, both as processes of their own."""

from __future__ import annotations

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
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

CONFIGURATION = Path(__file__).resolve().parents[2] / "deploy" / "nginx.conf"
TOKEN = "q7Jd0vYb3mZr8TnXcW1uLpE5sKaH2fGi9oBxN4yVtQk"
AROUND = """
daemon off; pid {room}/nginx.pid; error_log {room}/error.log;
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


def configured(room: Path, proxy_port: int, own_port: int) -> Path:
    """The example with ports, certificate and log of this test; everything else as it stands."""
    text = CONFIGURATION.read_text("utf-8")
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


def test_what_goes_past_the_proxy_is_refused_or_asked_for_its_token(behind: Behind) -> None:
    own = f"http://127.0.0.1:{behind.own_port}/api/v1/models"
    assert _ask(own, None, {})[0] in (401, 403)


def test_film_touches_no_disc_and_the_log_names_nobody(behind: Behind) -> None:
    large = os.urandom(3_000_000)  # more than any buffer of nginx
    behind.ask("/api/v1/predict", large, Authorization=f"Bearer {TOKEN}", User_Agent="Doctor Who")
    time.sleep(0.2)
    kept = [path for path in behind.room.rglob("*") if path.is_file() and path.stat().st_size > 1_000_000]
    assert kept == []
    log = (behind.room / "hilum.log").read_text("utf-8")
    assert "POST /api/v1/predict" in log
    assert not re.search(r"127\.0\.0\.1|Doctor|Bearer", log)
    assert "buffered to a temporary file" not in (behind.room / "error.log").read_text("utf-8")


def test_wrong_tokens_cannot_be_blamed_on_another_address(behind: Behind) -> None:
    # The last one here, because nobody from this address is let in after it.
    answers = [
        behind.ask("/api/v1/models", None, Authorization=f"Bearer wrong{number}", X_Forwarded_For=f"10.0.0.{number}")[0]
        for number in range(12)
    ]
    assert answers[0] == 401 and answers[-1] == 429
