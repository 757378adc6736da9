"""Bodies are read with limits on what they take, and what is wrong with one is said."""

from __future__ import annotations

import builtins
import io
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from hilum.images import Limits
from hilum.web.parts import FilmParts, shown_name
from hilum.web.problems import Problem
from hilum.web.settings import Allowance
from web_client import client, parts, served

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def rest(phantom_run: Path) -> Iterator[TestClient]:
    """A client of a server that takes little."""
    small: dict[str, Any] = {"film": Limits(bytes=MIB, pixels=200_000), "body_bytes": 3 * MIB, "held_bytes": 5 * MIB}
    with client(served(phantom_run), most_films=4, **small) as opened:
        yield opened


def test_film_that_is_too_large_is_refused_in_a_form_and_alone(rest: TestClient) -> None:
    large = b"x" * (MIB + 1)
    for answer in (
        rest.post("/api/v1/predict", files=parts(("a.png", large))),
        rest.post("/api/v1/predict", content=large, headers={"Content-Type": "image/png"}),
        rest.post("/api/v1/predict", content=iter([large]), headers={"Content-Type": "image/png"}),  # no length given
    ):
        assert (answer.status_code, answer.json()["type"]) == (413, "urn:hilum:problem:too-large")


def test_body_that_is_too_large_is_refused_by_what_it_says_and_by_what_it_is(rest: TestClient) -> None:
    films = parts(*[(f"{n}.png", b"x" * MIB) for n in range(4)])
    assert rest.post("/api/v1/predict", files=films).status_code == 413
    pieces = (b"x" * 65536 for _ in range(100))
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    assert rest.post("/api/v1/predict", content=pieces, headers=kind).status_code in (400, 413)


def test_picture_of_too_many_pixels_is_a_row(rest: TestClient) -> None:
    content = io.BytesIO()
    Image.new("L", (1000, 1000), 90).save(content, "PNG")
    row = rest.post("/api/v1/predict", files=parts(("a.png", content.getvalue()))).json()["predictions"][0]
    assert row["status"] == "unreadable"
    assert "1,000 x 1,000" in row["problem"]


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        (None, b"x", 415),
        ("text/plain", b"x", 415),
        ("application/x-www-form-urlencoded", b"film=x", 415),
        ("image/gif", b"GIF89a", 415),
        ("image/svg+xml", b"<svg/>", 415),
        ("multipart/form-data", b"x", 400),
        ("multipart/form-data; boundary=", b"x", 400),
        ("multipart/form-data; boundary=" + "b" * 71, b"x", 400),
        ("multipart/form-data; boundary=b", b"", 400),
        ("multipart/form-data; boundary=b", b"no form", 400),
        ("multipart/form-data; boundary=b", b"--b--\r\n", 422),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data; name=film\r\n\r\nx", 400),
        (
            "multipart/form-data; boundary=b",
            b"--b\r\nContent-Disposition: form-data; name=x\r\n\r\nx\r\n--b--\r\n",
            422,
        ),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\nx\r\n--b--\r\n", 422),
        ("multipart/form-data; boundary=b", b"--b\r\n" + b"A: " + b"x" * 20000 + b"\r\n\r\nx\r\n--b--\r\n", 400),
        ("multipart/form-data; boundary=b", b"--b\r\n" + b"A: b\r\n" * 100 + b"\r\nx\r\n--b--\r\n", 400),
        ("image/png", b"", 422),
    ],
)
def test_what_is_no_form_with_films_is_refused(rest: TestClient, kind: str | None, body: bytes, status: int) -> None:
    headers = {"Content-Type": kind} if kind else {}
    answer = rest.post("/api/v1/predict", content=body, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    said = answer.json()
    assert said["detail"] and said["expected"] and said["do"]


def test_compressed_body_is_refused(rest: TestClient) -> None:
    headers = {"Content-Type": "image/png", "Content-Encoding": "gzip"}
    assert rest.post("/api/v1/predict", content=b"x", headers=headers).status_code == 415


def test_too_many_films_are_refused(rest: TestClient) -> None:
    answer = rest.post("/api/v1/predict", files=parts(*[(f"{n}.png", b"x") for n in range(5)]))
    assert (answer.status_code, answer.json()["detail"]) == (422, "The form holds more than 4 films.")


def test_memory_for_films_is_given_back(rest: TestClient) -> None:
    for _ in range(4):
        assert rest.post("/api/v1/predict", files=parts(("a", b"x" * MIB), ("b", b"y" * MIB))).status_code == 200
        assert rest.post("/api/v1/predict", files=parts(("a", b"x" * (MIB + 1)))).status_code == 413
    assert rest.app.state.service.held.now == 0  # type: ignore[attr-defined]


def test_more_than_all_memory_for_films_is_asked_to_come_again(phantom_run: Path) -> None:
    with client(served(phantom_run), held_bytes=MIB) as opened:
        answer = opened.post("/api/v1/predict", files=parts(("a", b"x" * (2 * MIB))))
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:hilum:problem:memory-full")
    assert int(answer.headers["retry-after"]) >= 1


def test_no_film_touches_a_disc(
    phantom_run: Path, films: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    large = films[0].read_bytes() + b"\0" * (2 * MIB)  # Starlette's own reader would put it into a file
    with client(served(phantom_run)) as opened, _no_writing():
        assert opened.post("/api/v1/predict?pictures=true", files=parts(("a.jpeg", large))).status_code == 200
        assert opened.post("/api/v1/report", files=parts(("a.jpeg", large))).status_code == 200
    assert list(tmp_path.iterdir()) == []


@contextmanager
def _no_writing() -> Iterator[None]:
    """Let every opening of a file for writing fail."""
    real_open, real_os_open = builtins.open, os.open

    def reading(file: object, mode: str = "r", *more: Any, **named: Any) -> Any:
        assert not set(mode) & set("wax+"), f"{file} was opened to be written"
        return real_open(file, mode, *more, **named)  # type: ignore[call-overload]

    def os_reading(path: str, flags: int, *more: Any, **named: Any) -> int:
        assert not flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT), f"{path} was opened to be written"
        return real_os_open(path, flags, *more, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(builtins, "open", reading)
        patch.setattr(os, "open", os_reading)
        yield


@pytest.mark.parametrize("size", [1, 7, 64, 4096])
def test_form_is_read_the_same_in_pieces_of_any_size(size: int) -> None:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="film"; filename="a \xc3\xa9;\\"x\\".png"\r\n'
        b"Content-Type: image/png\r\n\r\nfirst\r\n--bnot the end\r\n"
        b'\r\n--b\r\nContent-Disposition: form-data; name="film"\r\n\r\n\r\n--b--\r\n'
    )
    found = FilmParts(b"b", Allowance())
    for start in range(0, len(body), size):
        found.feed(body[start : start + size])
    first, second = found.films()
    assert (first.name, first.content) == ('a é;"x".png', b"first\r\n--bnot the end\r\n")
    assert (second.name, second.content) == ("film 2", b"")


def test_form_is_cut_as_soon_as_it_is_too_large() -> None:
    found = FilmParts(b"b", replace(Allowance(), film=Limits(bytes=100)))
    found.feed(b'--b\r\nContent-Disposition: form-data; name="film"\r\n\r\n')
    found.feed(b"x" * 100)
    with pytest.raises(Problem) as error:
        found.feed(b"x" * 100)
    assert error.value.status == 413


@pytest.mark.parametrize(
    ("given", "shown"),
    [("a\x00b\x1b[31m.png", "ab[31m.png"), ("\u202egnp.exe", "gnp.exe"), (" ", "film 1"), ("x" * 300, "x" * 255)],
)
def test_name_of_a_film_cannot_mislead(given: str, shown: str) -> None:
    assert shown_name(given, 1) == shown


def test_long_header_of_a_part_is_refused_at_once(rest: TestClient) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="film"' + b';a="b"' * 100_000
    begun = time.monotonic()
    for body in (head + b"\r\n\r\nabc\r\n--b--\r\n", b"--b\r\n" + b"x" * 600_000 + b": y\r\n\r\nabc\r\n--b--\r\n"):
        kind = {"Content-Type": "multipart/form-data; boundary=b"}
        answer = rest.post("/api/v1/predict", content=body, headers=kind)
        assert (answer.status_code, answer.json()["type"]) == (400, "urn:hilum:problem:damaged-form")
    assert time.monotonic() - begun < 1
