"""`hilum serve` from its start to its first answer, beside a bare import of the same libraries, in turns.

    python bench/serve_start.py MODEL FILM [--repeats 10] [--json serve-start.json]

The bare import names every library outside Python itself that the server has loaded by its first answer; Python says
which (-X importtime). Judged is that the median until the first answer is at most 1.5 times that of the bare import,
and that none of the training half's libraries is among them. Resident memory is that after the first answer.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from serving import Server, command, serving

from hilum.errors import TRAINING_HALF
from hilum.json_files import write_json
from hilum.provenance import current

BAR = 1.5
UNWANTED = (*TRAINING_HALF, "pandas", "sklearn", "scipy", "matplotlib")
SAFE_IN_BASE = ("safetensors",)
"""Of the training half, but small, and the base install has it for similar cases."""


@dataclass(frozen=True)
class Start:
    """Medians in seconds and their ranges; memory in MiB."""

    repeats: int
    bare_s: float
    bare_range_s: tuple[float, float]
    first_answer_s: float
    first_answer_range_s: tuple[float, float]
    libraries: tuple[str, ...]
    unwanted: tuple[str, ...]
    memory_mib: float
    bare_memory_mib: float

    @property
    def ratio(self) -> float:
        """Until the first answer over the bare import."""
        return self.first_answer_s / self.bare_s

    @property
    def is_right(self) -> bool:
        """True where it meets its bars."""
        return self.ratio <= BAR and not self.unwanted


def first_answer(python: str, model: str, film: bytes) -> float:
    """Seconds from the start of the process until the answer for one film is read; then it is ended."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    started = time.perf_counter()
    process = subprocess.Popen(command(python, model, port=port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        server = Server(process, f"http://127.0.0.1:{port}", port)
        while True:
            try:
                (row,) = server.predict(film)["predictions"]
            except OSError:
                if process.poll() is not None:
                    sys.exit("The server ended before its first answer; try the same command by hand.")
                time.sleep(0.005)
            else:
                assert row["probability"] is not None, row
                return time.perf_counter() - started
    finally:
        process.terminate()
        process.wait(timeout=60)


def bare_import(python: str, libraries: tuple[str, ...]) -> float:
    """Seconds of a process that imports them and ends."""
    started = time.perf_counter()
    subprocess.run([python, "-c", f"import {', '.join(libraries)}"], check=True, capture_output=True)
    return time.perf_counter() - started


def bare_memory_mib(python: str, libraries: tuple[str, ...]) -> float:
    """Resident memory of a process that has imported them."""
    code = f"import {', '.join(libraries)}; print(open('/proc/self/status').read())"
    said = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout
    return int(re.findall(r"^VmRSS:\s+(\d+) kB", said, re.MULTILINE)[0]) / 1024


def loaded_libraries(python: str, model: str, film: bytes) -> tuple[str, ...]:
    """The libraries outside Python itself, and outside hilum, that are loaded when the first answer has been given."""
    with tempfile.TemporaryFile("w+") as log:
        serve = [python, "-X", "importtime", *command(python, model)[1:]]
        process = subprocess.Popen(serve, stdout=subprocess.DEVNULL, stderr=log)
        try:
            from serving import address, said, wait_until_ready

            server = Server(process, *address(process, log))
            wait_until_ready(server.url)
            server.predict(film)
            names = re.findall(r"^import time:.*\|\s*([\w.]+)$", said(log), re.MULTILINE)
        finally:
            process.terminate()
            process.wait(timeout=60)
    roots = {name.partition(".")[0] for name in names}
    return tuple(sorted(root for root in roots if is_library(root)))


def is_library(name: str) -> bool:
    """True for a package of its own that can be named in an import."""
    from importlib.util import find_spec

    if name in sys.stdlib_module_names or name.startswith("_") or name in ("hilum", "sitecustomize", "usercustomize"):
        return False
    spec = find_spec(name)
    return spec is not None and "site-packages" in str(spec.origin)


def measured(chosen: argparse.Namespace) -> Start:
    """All figures, in turns, after one unmeasured turn that warms the disc for both."""
    film = chosen.film.read_bytes()
    libraries = loaded_libraries(chosen.python, chosen.model, film)
    pairs = []
    for turn in range(chosen.repeats + 1):
        pair = bare_import(chosen.python, libraries), first_answer(chosen.python, chosen.model, film)
        pairs += [pair] if turn else []
    with serving(chosen.model, python=chosen.python) as server:
        server.predict(film)
        memory_mib = server.memory_mib()
        unwanted = {*server.loaded(UNWANTED), *set(libraries) & set(UNWANTED)} - set(SAFE_IN_BASE)
    bare, served = ([pair[place] for pair in pairs] for place in (0, 1))
    return Start(
        repeats=chosen.repeats,
        bare_s=statistics.median(bare),
        bare_range_s=(min(bare), max(bare)),
        first_answer_s=statistics.median(served),
        first_answer_range_s=(min(served), max(served)),
        libraries=libraries,
        unwanted=tuple(sorted(unwanted)),
        memory_mib=memory_mib,
        bare_memory_mib=bare_memory_mib(chosen.python, libraries),
    )


def shown(start: Start) -> str:
    """For people."""
    rows = (("bare import", start.bare_s, start.bare_range_s), ("first answer", start.first_answer_s, None))
    lines = [f"{platform.machine()}, {os.cpu_count()} cores, {start.repeats} turns; libraries: {start.libraries}"]
    for name, seconds, ends in rows:
        low, high = ends or start.first_answer_range_s
        lines.append(f"{name:14} median {seconds:.3f} s   ({low:.3f} to {high:.3f})")
    return "\n".join(
        [
            *lines,
            f"{'ratio':14} {start.ratio:.2f}, bar {BAR}",
            f"{'memory':14} {start.memory_mib:.0f} MiB after the first answer; bare import {start.bare_memory_mib:.0f}",
            f"{'unwanted':14} {', '.join(start.unwanted) or 'nothing'}",
            "met" if start.is_right else "NOT MET",
        ]
    )


def main() -> None:
    """Measure, judge, print."""
    # The server sets it itself; the bare import would else be slower by what ONNX Runtime sends to its makers.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("model")
    options.add_argument("film", type=Path)
    options.add_argument("--repeats", type=int, default=10)
    options.add_argument("--python", default=sys.executable)
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    start = measured(chosen)
    print(shown(start))
    if chosen.json:
        made = current("onnxruntime", "numpy", "pillow", "fastapi", "uvicorn")
        value: dict[str, Any] = {**asdict(start), "ratio": start.ratio, "is_right": start.is_right}
        write_json(chosen.json, json.loads(json.dumps({**value, "provenance": asdict(made)})))
    sys.exit(0 if start.is_right else 1)


if __name__ == "__main__":
    main()
