"""What stands around every request: strict headers, counts, and our own mistakes kept to ourselves."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.responses import StreamingResponse
from starlette.testclient import TestClient

from hilum.web.work import Worker
from web_client import client, finished, parts, served


@pytest.fixture
def rest(phantom_run: Path) -> Iterator[TestClient]:
    """A client of an application with two mistakes in it."""
    with client(served(phantom_run)) as opened:

        async def mistaken() -> None:
            raise ZeroDivisionError("of the film MILLER.jpeg")

        async def half() -> StreamingResponse:
            def pieces() -> Iterator[bytes]:
                yield b"begun"
                raise ZeroDivisionError("of the film MILLER.jpeg")

            return StreamingResponse(pieces())

        opened.app.add_api_route("/mistake", mistaken)  # type: ignore[attr-defined]
        opened.app.add_api_route("/half", half)  # type: ignore[attr-defined]
        yield opened


@pytest.mark.parametrize("path", ["/", "/static/page.js", "/healthz", "/api/v1/models", "/nowhere", "/mistake"])
def test_every_answer_keeps_browsers_strict(rest: TestClient, path: str) -> None:
    headers = rest.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy and "*" not in policy and "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == ("no-cache" if path.startswith("/static") else "no-store")
    assert "set-cookie" not in headers and "server" not in headers


def test_own_mistake_is_a_problem_document_and_its_words_stay_here(
    rest: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer = rest.get("/mistake")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "MILLER" not in answer.text + caplog.text
    assert "ZeroDivisionError at" in caplog.text and "test_guard.py" in caplog.text
    assert rest.get("/healthz").status_code == 200


def test_mistake_in_the_middle_of_an_answer_breaks_it_off(rest: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    rest.get("/half")
    assert "MILLER" not in caplog.text


def test_requests_are_counted_by_route_never_by_path(rest: TestClient) -> None:
    for path in ("/nowhere/MILLER", "/static/MILLER.js", "/mistake", "/healthz"):
        rest.get(path)
    told = rest.get("/metrics").text
    for counted in ('route="none",status="404"', 'route="/static/",status="404"', 'route="/mistake",status="500"'):
        assert f"hilum_requests_total{{{counted}}} 1.0" in told
    assert "MILLER" not in told


def test_length_that_is_told_in_two_ways_is_refused(rest: TestClient) -> None:
    headers = {"Content-Length": "1", "Transfer-Encoding": "chunked"}
    answer = rest.post("/api/v1/predict", content=b"x", headers=headers)
    assert (answer.status_code, answer.headers["connection"]) == (400, "close")


def test_no_telemetry_of_a_library_is_on(phantom_run: Path, films: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    with client(served(phantom_run)) as opened:
        assert opened.post("/api/v1/predict", files=parts(films[0])).status_code == 200
        telemetry = getattr(opened.app, "_telemetry", {})
        assert not any(telemetry.get(part) for part in ("tracing", "metrics", "logs", "auto_configure"))


def test_worker_drops_what_nobody_waits_for_and_runs_one_call_at_a_time() -> None:
    async def story() -> list[str]:
        worker, done = Worker("tried", places=3), list[str]()

        def slow(name: str) -> None:
            import time

            done.append(f"{name} begins")
            time.sleep(0.05)
            done.append(f"{name} ends")

        tasks = [asyncio.create_task(worker.run(slow, name)) for name in ("first", "left", "last")]
        await asyncio.sleep(0.01)
        tasks[1].cancel()
        await asyncio.gather(tasks[0], tasks[2])
        worker.stop()
        return done

    assert finished(story()) == ["first begins", "first ends", "last begins", "last ends"]
