"""The verb: what it starts, what it refuses to start, and how it ends."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from hilum.errors import HilumError
from hilum.web.serve import is_loopback, serve
from web_client import TOKEN, live, parts

AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}


_ASKS_ITSELF = """
import os, signal, sys, threading
from pathlib import Path
import httpx
from hilum.web import serve

def ask(address):
    film = ("film", ("a.jpeg", Path(sys.argv[2]).read_bytes()))
    try:
        for path in ("predict?pictures=true", "report"):
            assert httpx.post(f"{address}/api/v1/{path}", files=[film], timeout=30).status_code == 200
    finally:
        os.kill(os.getpid(), signal.SIGTERM)

serve._say = lambda *lines: threading.Thread(target=ask, args=[lines[0].split()[4]]).start()
served = serve.serve(model=[Path(sys.argv[1])], port=0, threads=1)
heavy = {"torch", "pandas", "pyarrow", "sklearn", "scipy", "matplotlib"} & set(sys.modules)
sys.exit(f"imported {heavy}" if heavy else 0 if served.requests == 2 else "not answered")
"""


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    """A file with a token."""
    path = tmp_path / "token.txt"
    path.write_text(TOKEN)
    return path


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate that signs itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    try:
        subprocess.run([*command, "-keyout", key, "-out", cert], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("openssl is not installed here")
    return cert, key


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.0.2.1"])
def test_others_are_served_with_token_and_tls_alone(phantom_run: Path, token_file: Path, host: str) -> None:
    with pytest.raises(HilumError, match="no token and no TLS") as error:
        serve(model=[phantom_run], host=host)
    assert "--new-token" in str(error.value)
    with pytest.raises(HilumError, match="has no TLS"):
        serve(model=[phantom_run], host=host, token_file=token_file)


def test_tls_or_a_proxy_does_not_replace_the_token(phantom_run: Path, certificate: tuple[Path, Path]) -> None:
    with pytest.raises(HilumError, match="has no token"):
        serve(model=[phantom_run], host="0.0.0.0", tls_cert=certificate[0], tls_key=certificate[1])
    with pytest.raises(HilumError, match="has no token"):  # a proxy brings others to a server on loopback
        serve(model=[phantom_run], behind_proxy="127.0.0.1/32")


def test_weak_token_is_refused_from_file_and_environment(
    phantom_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "weak.txt").write_text("hospital")
    with pytest.raises(HilumError, match="could be guessed"):
        serve(model=[phantom_run], token_file=tmp_path / "weak.txt")
    monkeypatch.setenv("HILUM_TOKEN", "hospital")
    with pytest.raises(HilumError, match="HILUM_TOKEN could be guessed"):
        serve(model=[phantom_run])


@pytest.mark.parametrize("network", ["0.0.0.0/0", "::/0", "proxy", "10.0.0.7/24", "10.0.0.0/33"])
def test_proxy_is_named_by_its_network(phantom_run: Path, token_file: Path, network: str) -> None:
    with pytest.raises(HilumError, match="network"):
        serve(model=[phantom_run], token_file=token_file, behind_proxy=network)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"model": []}, "No model"),
        ({"model": [Path("/no/such/model")]}, "/no/such/model"),
        ({"host": "no.such.name.invalid"}, "no.such.name.invalid"),
        ({"port": 70000}, "70000"),
        ({"port": -1}, "-1"),
        ({"queue": 0}, "0 places"),
        ({"threads": -1}, "-1 threads"),
        ({"operating_point": "best"}, "best"),
        ({"prevalence": 5}, "5"),
        ({"token_file": Path("/no/such/token")}, "/no/such/token"),
        ({"tls_cert": Path("cert.pem")}, "--tls-key"),
        ({"tls_cert": Path("/no/cert.pem"), "tls_key": Path("/no/key.pem")}, "/no/cert.pem"),
        ({"store": Path("/proc/no-place")}, "no-place"),
    ],
)
def test_wrong_settings_are_said_before_anything_listens(
    phantom_run: Path, more: dict[str, object], words: str
) -> None:
    with pytest.raises(HilumError) as error:
        serve(**{"model": [phantom_run], "port": 0, **more})  # type: ignore[arg-type]
    assert words in str(error.value)


def test_taken_port_is_named(phantom_run: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(HilumError, match="Something else listens"):
        serve(model=[phantom_run], port=taken.getsockname()[1])


def test_two_files_that_are_no_certificate_are_refused(phantom_run: Path, certificate: tuple[Path, Path]) -> None:
    with pytest.raises(HilumError, match="no certificate and its key"):
        serve(model=[phantom_run], tls_cert=certificate[1], tls_key=certificate[0])


def test_loopback_is_told_from_everything_else() -> None:
    assert [is_loopback(host) for host in ("127.0.0.1", "localhost", "::1", "127.9.9.9")] == [True] * 4
    assert [is_loopback(host) for host in ("0.0.0.0", "::", "", "192.0.2.1", "8.8.8.8")] == [False] * 5


def test_new_token_can_be_used(tmp_path: Path) -> None:
    made = serve(new_token=tmp_path / "token.txt")
    assert made.token_file == tmp_path / "token.txt"
    assert len((tmp_path / "token.txt").read_text().strip()) == 43


@pytest.mark.slow
def test_tls_with_a_token_serves_others(
    phantom_run: Path, token_file: Path, certificate: tuple[Path, Path], films: list[Path]
) -> None:
    cert, key = certificate
    with live([phantom_run], host="0.0.0.0", token_file=token_file, tls_cert=cert, tls_key=key) as server:
        address = f"https://127.0.0.1:{server.port}"
        with httpx.Client(base_url=address, verify=ssl.create_default_context(cafile=cert)) as kept:
            assert kept.get("/api/v1/models").status_code == 401
            said = kept.post("/api/v1/predict", files=parts(films[0]), headers=AUTHORIZED)
        assert said.json()["predictions"][0]["status"] == "answered"
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"http://127.0.0.1:{server.port}/healthz")
        assert TOKEN not in server.said
    assert server.process.returncode == 0


@pytest.mark.slow
def test_insecure_server_says_so_on_every_page(phantom_run: Path) -> None:
    with live([phantom_run], host="0.0.0.0", insecure=True) as server:
        address = f"http://127.0.0.1:{server.port}"
        assert httpx.get(f"{address}/api/v1/models").json()["is_insecure"] is True
        assert "--insecure" in httpx.get(address).text
        assert "--insecure" in (server.process.stderr.readline() if server.process.stderr else "")


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_accepted_requests_are_answered_before_it_ends(phantom_run: Path, films: list[Path], how: int) -> None:
    with live([phantom_run]) as server:
        answers: list[int] = []

        def ask() -> None:
            answers.append(
                httpx.post(f"{server.address}/api/v1/predict", files=parts(*films * 20), timeout=30).status_code
            )

        httpx.get(f"{server.address}/api/v1/models")
        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        while "places_taken 4.0" not in httpx.get(f"{server.address}/metrics").text and not answers:
            pass
        server.process.send_signal(how)
        for thread in threads:
            thread.join()
        assert server.process.wait(20) == 0
    assert answers == [200] * 4


@pytest.mark.slow
def test_serving_imports_no_torch_and_writes_nothing(phantom_run: Path, films: list[Path], tmp_path: Path) -> None:
    look = tmp_path / "where"
    look.mkdir()
    environment = os.environ | {"HOME": str(look), "TMPDIR": str(look), "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", _ASKS_ITSELF, phantom_run, films[0]],
        cwd=look,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    assert list(look.rglob("*")) == []


def test_proxy_without_a_token_is_refused_also_when_insecure(phantom_run: Path) -> None:
    with pytest.raises(HilumError, match="behind a proxy needs a token") as error:
        serve(model=[phantom_run], behind_proxy="10.0.0.7/32", insecure=True)
    assert "--token-file" in str(error.value)


@pytest.mark.parametrize("prevalence", [1e-300, 1 - 1e-12])
def test_prevalence_that_no_report_could_show_is_refused(phantom_run: Path, prevalence: float) -> None:
    with pytest.raises(HilumError, match="prevalence"):
        serve(model=[phantom_run], prevalence=prevalence, port=0)
