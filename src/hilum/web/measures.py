"""Counts and times for Prometheus; no label names a film, a person or an address."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from hilum.web.work import Worker

Stage = Literal["receive", "answer", "pictures", "report"]

_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Measures:
    """What one server counts; two in one process do not mix.

    Args:
        worker: whose taken places are shown.
    """

    def __init__(self, worker: Worker) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "hilum_requests", "Requests by route and status.", ("route", "status"), registry=self._registry
        )
        self._films = Counter("hilum_films", "Films by what became of them.", ("status",), registry=self._registry)
        self._seconds = Histogram(
            "hilum_stage_seconds", "Seconds by stage.", ("stage",), registry=self._registry, buckets=_SECONDS
        )
        places = Gauge("hilum_queue_places", "Requests that may be answered or wait.", registry=self._registry)
        places.set(worker.places)
        taken = Gauge("hilum_queue_places_taken", "Requests that are answered or wait.", registry=self._registry)
        taken.set_function(lambda: worker.taken)

    def request(self, route: str, status: int) -> None:
        """Count an answered request; `route` is the pattern, such as /api/v1/jobs/{job}."""
        self._requests.labels(route, str(status)).inc()

    def film(self, status: str) -> None:
        """Count a film as answered, not assessed or unreadable."""
        self._films.labels(status).inc()

    @contextmanager
    def stage(self, name: Stage) -> Iterator[None]:
        """Time the block."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self._seconds.labels(name).observe(time.perf_counter() - started)

    def text(self) -> bytes:
        """All of it in the format that Prometheus reads."""
        from prometheus_client import generate_latest

        content: bytes = generate_latest(self._registry)
        return content
