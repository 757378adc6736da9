"""`hilum serve` in a process of its own for the benches that ask it."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

READY_S = 60.0
ADDRESS = re.compile(r" on (http://127\.0\.0\.1:(\d+)) ")


@dataclass(frozen=True)
class Server:
    """A server on this machine.

    Args:
        process: whose resident memory is asked for.
        url: without a slash at its end.
        port: of that address.
    """

    process: subprocess.Popen[bytes]
    url: str
    port: int

    def predict(self, film: bytes, query: str = "") -> dict[str, Any]:
        """The answer for one film."""
        address = f"{self.url}/api/v1/predict{query}"
        request = urllib.request.Request(address, data=film, headers={"Content-Type": "application/octet-stream"})
        with urllib.request.urlopen(request, timeout=60) as response:
            answer: dict[str, Any] = json.load(response)
        return answer

    def metric(self, name: str) -> float:
        """The sum over all labels of a figure from /metrics."""
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=60) as response:
            lines = response.read().decode().splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if re.match(rf"{re.escape(name)}[ {{]", line))

    def memory_mib(self, field: str = "VmRSS") -> float:
        """Resident memory of the process; "VmHWM" gives the most that it ever was."""
        status = Path(f"/proc/{self.process.pid}/status").read_text("utf-8")
        return int(re.findall(rf"^{field}:\s+(\d+) kB", status, re.MULTILINE)[0]) / 1024

    def loaded(self, libraries: Sequence[str]) -> list[str]:
        """Those of the libraries whose compiled parts the process has opened."""
        opened = Path(f"/proc/{self.process.pid}/maps").read_text("utf-8")
        return [name for name in libraries if f"/{name}/" in opened]


def command(python: str, model: str, *more: str, port: int = 0) -> list[str]:
    """The command that serves a model to this machine; port 0 takes a free one."""
    return [python, "-m", "hilum", "serve", "--model", model, "--port", str(port), *more]


@contextlib.contextmanager
def serving(model: str, *more: str, python: str = sys.executable) -> Iterator[Server]:
    """A server that answers; it is told to end with the block, and must then end well."""
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(command(python, model, *more), stderr=log, stdout=subprocess.DEVNULL)
        try:
            server = Server(process, *address(process, log))
            wait_until_ready(server.url)
            yield server
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=120)
            lines = said(log).splitlines()
            if process.returncode or any("mistake" in line for line in lines):
                sys.exit(f"The server ended with status {process.returncode} and said {len(lines)} lines: {lines[:3]}")
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def said(log: IO[str]) -> str:
    """All that the server wrote to standard error."""
    log.seek(0)
    return log.read()


def address(process: subprocess.Popen[bytes], log: IO[str]) -> tuple[str, int]:
    """What the server says when it listens."""
    while process.poll() is None:
        if found := ADDRESS.search(said(log)):
            return found[1], int(found[2])
        time.sleep(0.02)
    sys.exit(f"The server ended before it listened: {said(log)}")


def wait_until_ready(url: str) -> None:
    """Ask until the server says that its models are open."""
    end_s = time.monotonic() + READY_S
    while time.monotonic() < end_s:
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            urllib.request.urlopen(f"{url}/ready", timeout=5)
            return
        time.sleep(0.05)
    sys.exit(f"The server was not ready after {READY_S:g} s.")
