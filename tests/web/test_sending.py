"""Answers count to the memory that requests hold until their clients have them, and go in pieces."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.responses import JSONResponse

from hilum.web.app import make_app
from hilum.web.bodies import HeldBytes
from hilum.web.sending import PIECE_BYTES, Held, Pieces
from hilum.web.settings import Allowance, Settings
from web_client import client, finished, parts, served

Send = Callable[[Any], Awaitable[None]]


async def _nothing() -> Any:
    await asyncio.Event().wait()


def test_answer_counts_until_it_is_sent() -> None:
    async def story() -> list[int]:
        held, is_read, seen = HeldBytes(10), asyncio.Event(), list[int]()
        answer = Held(JSONResponse(["x" * 100]), held)

        async def send(message: Any) -> None:
            await is_read.wait()

        sending = asyncio.create_task(answer({"type": "http"}, _nothing, send))
        await asyncio.sleep(0)
        seen.append(held.now)
        is_read.set()
        await sending
        return [*seen, held.now]

    assert finished(story()) == [104, 0]


def test_answer_that_is_never_sent_gives_its_memory_back() -> None:
    async def story() -> int:
        held = HeldBytes(10)

        async def send(message: Any) -> None:
            raise ConnectionError

        with pytest.raises(ConnectionError):
            await Held(JSONResponse(["x"]), held)({"type": "http"}, _nothing, send)
        return held.now

    assert finished(story()) == 0


def test_large_answers_go_in_pieces_and_small_ones_as_they_are() -> None:
    async def story(size: int) -> list[Any]:
        sent: list[Any] = []

        async def app(scope: Any, receive: Any, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": bytes(range(256)) * (size // 256), "more_body": False})

        async def send(message: Any) -> None:
            sent.append(message)

        await Pieces(app)({"type": "http"}, _nothing, send)
        return sent[1:]

    for size, pieces in ((0, 1), (PIECE_BYTES, 1), (PIECE_BYTES + 256, 2), (3 * PIECE_BYTES, 3)):
        sent = finished(story(size))
        assert b"".join(message["body"] for message in sent) == bytes(range(256)) * (size // 256)
        assert [message["more_body"] for message in sent] == [True] * (pieces - 1) + [False]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/predict?pictures=true"),
        ("POST", "/api/v1/map"),
        ("POST", "/api/v1/report"),
        ("GET", "{job}"),
        ("GET", "{job}/report"),
        ("GET", "/api/v1/jobs"),
    ],
)
def test_unread_answers_of_every_large_route_fill_the_memory_for_films(
    phantom_run: Path, films: list[Path], tmp_path: Path, method: str, path: str
) -> None:
    settings = Settings(served(phantom_run), allowance=Allowance(refusal_s=0), store=tmp_path / "jobs")
    app = make_app(settings)
    made = httpx.Request("POST", "http://localhost/", files=parts(films[0]))

    async def story() -> tuple[int, int, int]:
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as kept:
                job = (await kept.post("/api/v1/jobs", files=parts(films[0]))).headers["location"]
                await kept.get(f"{job}/events")
            is_begun, is_read, sizes = asyncio.Event(), asyncio.Event(), list[int]()
            bodies = [made.read()] if method == "POST" else []

            async def receive() -> Any:
                if bodies:
                    return {"type": "http.request", "body": bodies.pop(), "more_body": False}
                return await _nothing()

            async def send(message: Any) -> None:
                if message["type"] == "http.response.start":
                    sizes.append(int(dict(message["headers"])[b"content-length"]))
                    is_begun.set()
                    await is_read.wait()

            where, _, query = path.format(job=job).partition("?")
            headers = [(b"host", b"localhost")]
            if method == "POST":
                headers += [(name.encode(), made.headers[name].encode()) for name in ("content-type", "content-length")]
            scope = {
                "type": "http",
                "method": method,
                "path": where,
                "query_string": query.encode(),
                "headers": headers,
            }
            asking = asyncio.create_task(app(scope, receive, send))
            await is_begun.wait()
            held = app.state.service.held.now
            is_read.set()
            await asking
            return sizes[0], held, app.state.service.held.now

    size, while_unread, after = finished(story())
    assert (while_unread, after) == (size, 0)


def test_job_is_not_told_while_the_memory_is_full(phantom_run: Path, films: list[Path], tmp_path: Path) -> None:
    with client(served(phantom_run), store=tmp_path / "jobs") as opened:
        job = opened.post("/api/v1/jobs", files=parts(films[0])).headers["location"]
        opened.get(f"{job}/events")
        held = opened.app.state.service.held  # type: ignore[attr-defined]
        held.now = held.most
        answers = [opened.get(path) for path in (job, f"{job}/report", "/api/v1/jobs")]
        held.now = 0
        assert opened.get(job).status_code == 200
    assert {(one.status_code, one.json()["type"]) for one in answers} == {(503, "urn:hilum:problem:memory-full")}
    assert all(int(one.headers["retry-after"]) > 0 for one in answers)
