"""`hilum serve` under load: what it answers, how long that takes, what memory it keeps, and clients that send nothing.

    python bench/serve_load.py MODEL FILM [--clients 16 64] [--seconds 60] [--requests 10000] [--json serve-load.json]
    python bench/serve_load.py MODEL FILM --quick

`wrk` asks from a process of its own, each client again as soon as it has its answer, whatever that was. Judged is:

- only 200 and 503, each 503 with Retry-After, no transport error, and in each 200 the probability of a lone request;
- the 99th percentile of the accepted requests is at most 1.5 times what a full queue needs at the measured rate, and
  one film more: 1.5 x (places of the queue / accepted per second + seconds of a lone request);
- resident memory grows by less than 5 % between accepted requests 1,000 and 10,000;
- while 500 connections are open whose requests never come to an end, good requests are answered in under 1 s each.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from idle_connections import Idle, idle
from serving import Server, serving

from hilum.json_files import write_json
from hilum.provenance import current

LUA = Path(__file__).with_suffix(".lua")
BAR_P99 = 1.5
BAR_GROWTH = 0.05
LOOKS_AT_MEMORY = 5
BETWEEN_LOOKS_S = 0.2
PATIENCE_S = 90.0
"""How long is waited for the server to cut what never comes to an end."""


@dataclass(frozen=True)
class Load:
    """One run of `wrk`. Times are in milliseconds; those of refusals hold the pause before each.

    Args:
        p99_bar_ms: what the 99th percentile of accepted requests may be at most.
        wrong: answers of status 200 without the probability of a lone request.
    """

    clients: int
    seconds: float
    statuses: dict[str, int]
    accepted_per_s: float
    p50_ms: float
    p99_ms: float
    longest_ms: float
    p99_bar_ms: float
    refused_p50_ms: float | None
    wrong: int
    without_retry_after: int
    transport_errors: dict[str, int]

    @property
    def is_right(self) -> bool:
        """True where it meets its bars."""
        is_known = set(self.statuses) <= {"200", "503"}
        is_clean = not (self.wrong or self.without_retry_after or any(self.transport_errors.values()))
        return is_known and is_clean and self.p99_ms <= self.p99_bar_ms

    def __str__(self) -> str:
        refused = self.statuses.get("503", 0)
        return (
            f"{self.clients:3} clients, {self.seconds:.0f} s: {self.accepted_per_s:.1f} answers/s, {refused} x 503; "
            f"accepted p50 {self.p50_ms:.0f}, p99 {self.p99_ms:.0f} (bar {self.p99_bar_ms:.0f}), "
            f"longest {self.longest_ms:.0f} ms; {'met' if self.is_right else f'NOT MET: {asdict(self)}'}"
        )


@dataclass(frozen=True)
class Memory:
    """Resident memory around two counts of accepted requests, in MiB: medians of some looks."""

    early: int
    late: int
    early_mib: float
    late_mib: float
    most_mib: float

    @property
    def growth(self) -> float:
        """As a fraction."""
        return self.late_mib / self.early_mib - 1

    @property
    def is_right(self) -> bool:
        """True where it meets its bar."""
        return self.growth < BAR_GROWTH

    def __str__(self) -> str:
        return (
            f"memory after {self.early:,} and {self.late:,} requests: {self.early_mib:.1f} and {self.late_mib:.1f} MiB "
            f"({100 * self.growth:+.1f} %), most ever {self.most_mib:.1f}; {'met' if self.is_right else 'NOT MET'}"
        )


def lone_request_s(server: Server, film: bytes, repeats: int = 20) -> float:
    """Median seconds of one request when nobody else asks."""
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        server.predict(film)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def wrk(server: Server, film: Path, right: str, clients: int, seconds: int) -> subprocess.Popen[str]:
    """`wrk` with a thread for each client, so that each answer belongs to one question."""
    command = ["wrk", f"-t{clients}", f"-c{clients}", f"-d{seconds}s", "--timeout", "60s", "-s", str(LUA)]
    address = f"{server.url}/api/v1/predict"
    return subprocess.Popen([*command, address, "--", str(film), right], stdout=subprocess.PIPE, text=True)


def told(process: subprocess.Popen[str]) -> dict[str, Any]:
    """What the Lua script counted."""
    text, _ = process.communicate()
    if process.returncode:
        sys.exit(f"wrk ended with status {process.returncode}: {text}")
    value: dict[str, Any] = json.loads(next(line for line in text.splitlines() if line.startswith("JSON "))[5:])
    return value


def load(server: Server, film: Path, right: str, clients: int, seconds: int, lone_s: float) -> Load:
    """One run and what the bar is for it."""
    counted = told(wrk(server, film, right, clients, seconds))
    accepted = sorted(counted["accepted_ms"])
    if not accepted:
        sys.exit(f"No request was accepted: {counted['statuses']}")
    rate = len(accepted) / counted["seconds"]
    places = server.metric("hilum_queue_places")
    return Load(
        clients=clients,
        seconds=counted["seconds"],
        statuses=counted["statuses"],
        accepted_per_s=rate,
        p50_ms=percentile(accepted, 0.5),
        p99_ms=percentile(accepted, 0.99),
        longest_ms=accepted[-1],
        p99_bar_ms=1000 * BAR_P99 * (places / rate + lone_s),
        refused_p50_ms=percentile(sorted(counted["refused_ms"]), 0.5) if counted["refused_ms"] else None,
        wrong=counted["wrong"],
        without_retry_after=counted["without_retry_after"],
        transport_errors={name: counted[name] for name in ("connect", "read", "write", "timeout")},
    )


def percentile(rising: list[float], share: float) -> float:
    """The smallest value that so large a share does not exceed."""
    return rising[min(len(rising) - 1, int(share * len(rising)))]


def memory(server: Server, film: Path, right: str, early: int, late: int) -> Memory:
    """Let 16 clients ask until so many requests of this server were answered, and look twice."""
    found = []
    process = wrk(server, film, right, 16, 3600)
    try:
        for count in (early, late):
            while server.metric('hilum_requests_total{route="/api/v1/predict",status="200"}') < count:
                time.sleep(0.2)
            found.append(statistics.median(looks_at_memory(server)))
    finally:
        process.kill()
        process.communicate()
    return Memory(early, late, found[0], found[1], server.memory_mib("VmHWM"))


def looks_at_memory(server: Server) -> Iterator[float]:
    """Some looks, a moment apart."""
    for _ in range(LOOKS_AT_MEMORY):
        yield server.memory_mib()
        time.sleep(BETWEEN_LOOKS_S)


def main() -> None:
    """Serve, ask, judge, print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("model")
    options.add_argument("film", type=Path)
    options.add_argument("--clients", type=int, nargs="+", default=[16, 64])
    options.add_argument("--seconds", type=int, default=60)
    options.add_argument("--requests", type=int, nargs=2, default=[1000, 10_000], metavar=("EARLY", "LATE"))
    options.add_argument("--idle", type=int, default=500, help="connections that come to no end")
    options.add_argument("--queue", type=int, default=16)
    options.add_argument("--quick", action="store_true", help="seconds instead of minutes; its figures prove nothing")
    options.add_argument("--python", default=sys.executable)
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    if not shutil.which("wrk"):
        sys.exit("wrk is not installed (Debian: apt install wrk)")
    if chosen.quick:
        chosen.seconds, chosen.requests, chosen.idle = 1, [30, 60], 60
    judged = measured(chosen)
    print(f"{'all met' if all(one.is_right for one in judged) else 'NOT ALL MET'}")
    if chosen.json:
        write_json(chosen.json, document(chosen, judged))
    sys.exit(0 if all(one.is_right for one in judged) else 1)


def measured(chosen: argparse.Namespace) -> list[Load | Memory | Idle]:
    """All that is judged, each printed as it is known."""
    judged: list[Load | Memory | Idle] = []

    def keep(one: Load | Memory | Idle) -> None:
        judged.append(one)
        print(one, flush=True)

    content = chosen.film.read_bytes()
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before", flush=True)
    with serving(chosen.model, "--queue", str(chosen.queue), python=chosen.python) as server:
        (row,) = server.predict(content)["predictions"]
        right = f'"logit":{row["logit"]!r}'
        lone_s = lone_request_s(server, content)
        print(f"a lone request takes {1000 * lone_s:.1f} ms", flush=True)
        keep(memory(server, chosen.film, right, *chosen.requests))
        for clients in chosen.clients:
            keep(load(server, chosen.film, right, clients, chosen.seconds, lone_s))
        keep(idle(server, content, chosen.idle, *((5, 0) if chosen.quick else (20, PATIENCE_S))))
        keep(load(server, chosen.film, right, chosen.clients[0], min(5, chosen.seconds), lone_s))  # it lives on
    return judged


def document(chosen: argparse.Namespace, judged: list[Load | Memory | Idle]) -> dict[str, Any]:
    """What is written as JSON."""
    return {
        "model": chosen.model,
        "film_bytes": chosen.film.stat().st_size,
        "queue": chosen.queue,
        "is_quick": chosen.quick,
        "judged": [{"kind": type(one).__name__, "is_right": one.is_right, **asdict(one)} for one in judged],
        "provenance": asdict(current("onnxruntime", "numpy", "pillow", "fastapi", "uvicorn", "h11")),
    }


if __name__ == "__main__":
    main()
