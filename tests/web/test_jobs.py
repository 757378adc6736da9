"""Jobs by REST, and what becomes of them when a server ends in the middle."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from hilum.errors import HilumError
from hilum.runtime import Answering, FilmAnswer
from hilum.web.store import Store
from web_client import client, live, parts, served


@pytest.fixture
def rest(phantom_run: Path, tmp_path: Path) -> Iterator[TestClient]:
    """A client of a server that keeps jobs."""
    with client(served(phantom_run), store=tmp_path / "jobs", most_films=2) as opened:
        yield opened


def _events(text: str) -> list[tuple[str, Any]]:
    blocks = [dict(line.split(": ", 1) for line in one.splitlines()) for one in text.strip().split("\n\n")]
    return [(block["event"], json.loads(block["data"])) for block in blocks if "event" in block]


def test_job_gives_the_answers_that_predict_gives(rest: TestClient, films: list[Path]) -> None:
    given = parts(*films, ("bad.png", b"no film"))
    made = rest.post("/api/v1/jobs?operating_point=youden&prevalence=0.1", files=given)
    assert made.status_code == 202
    address = made.headers["location"]
    *rows, last = _events(rest.get(f"{address}/events").text)
    assert [kind for kind, _ in rows] == ["film"] * 4
    assert (last[0], last[1]["state"]) == ("done", "done")
    answer = rest.get(address).json()["answer"]
    assert answer["predictions"] == [row for _, row in rows]
    query = "operating_point=youden&prevalence=0.1"
    for start in (0, 2):
        now = rest.post(f"/api/v1/predict?{query}", files=given[start : start + 2]).json()
        assert now["predictions"] == answer["predictions"][start : start + 2]
    assert answer | {"predictions": []} == now | {"predictions": []}


def test_stream_goes_on_after_the_last_event_that_was_seen(rest: TestClient, films: list[Path]) -> None:
    address = rest.post("/api/v1/jobs", files=parts(*films)).headers["location"]
    rest.get(f"{address}/events")
    later = _events(rest.get(f"{address}/events", headers={"Last-Event-ID": "1"}).text)
    assert [kind for kind, _ in later] == ["film", "done"]
    for odd in ("x", "-1", "99999999999999999999", ""):
        assert rest.get(f"{address}/events", headers={"Last-Event-ID": odd}).status_code == 200


def test_report_of_a_job(rest: TestClient, films: list[Path]) -> None:
    address = rest.post("/api/v1/jobs", files=parts(*films)).headers["location"]
    rest.get(f"{address}/events")
    report = rest.get(f"{address}/report?language=fr")
    assert report.headers["content-disposition"] == 'attachment; filename="hilum-report.html"'
    assert all(film.name in report.text for film in films)


def test_deleted_job_is_gone_with_its_films(rest: TestClient, films: list[Path], tmp_path: Path) -> None:
    address = rest.post("/api/v1/jobs", files=parts(*films)).headers["location"]
    rest.get(f"{address}/events")
    assert rest.delete(address).status_code == 204
    for answer in (
        rest.get(address),
        rest.get(f"{address}/events"),
        rest.get(f"{address}/report"),
        rest.delete(address),
    ):
        assert (answer.status_code, answer.json()["detail"]) == (404, "There is no such job.")
    assert not [path for path in (tmp_path / "jobs" / "films").rglob("*") if path.is_file()]


@pytest.mark.parametrize("job", ["x", "0" * 31, "0" * 33, "0" * 31 + "'"])
def test_odd_ids_are_refused(rest: TestClient, job: str) -> None:
    assert rest.get(f"/api/v1/jobs/{job}").status_code in (404, 422)


def test_without_store_there_are_no_jobs(phantom_run: Path, films: list[Path]) -> None:
    with client(served(phantom_run)) as opened:
        for method, path in (
            ("POST", "/api/v1/jobs"),
            ("GET", f"/api/v1/jobs/{'0' * 32}"),
            ("GET", f"/api/v1/jobs/{'0' * 32}/events"),
            ("GET", f"/api/v1/jobs/{'0' * 32}/report"),
            ("DELETE", f"/api/v1/jobs/{'0' * 32}"),
        ):
            answer = opened.request(method, path)
            assert (answer.status_code, answer.json()["detail"]) == (404, "This server keeps no jobs.")


def test_too_many_waiting_films_are_asked_to_come_again(phantom_run: Path, films: list[Path], tmp_path: Path) -> None:
    with client(served(phantom_run), store=tmp_path / "jobs", most_waiting=0) as opened:
        answer = opened.post("/api/v1/jobs", files=parts(films[0]))
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


def test_job_of_a_model_that_is_served_no_more_says_so(phantom_run: Path, films: list[Path], tmp_path: Path) -> None:
    with client(served(phantom_run), store=tmp_path / "jobs") as opened:
        address = opened.post("/api/v1/jobs", files=parts(films[0])).headers["location"]
        opened.get(f"{address}/events")
    index = sqlite3.connect(tmp_path / "jobs" / "jobs.sqlite")
    index.execute("update jobs set model_hash = 'other'")
    index.execute("update films set answer = null")
    index.commit()
    index.close()
    with client(served(phantom_run), store=tmp_path / "jobs") as opened:
        assert opened.get(address).json()["state"] == "stopped"
        assert opened.get(f"{address}/report").status_code == 409


def test_film_that_ended_the_server_each_time_is_given_up(phantom_run: Path, films: list[Path], tmp_path: Path) -> None:
    with client(served(phantom_run), store=tmp_path / "jobs") as opened:
        address = opened.post("/api/v1/jobs", files=parts(*films[:2])).headers["location"]
        opened.get(f"{address}/events")
    index = sqlite3.connect(tmp_path / "jobs" / "jobs.sqlite")
    index.execute("update films set answer = null, tries = 5 where position = 0")
    index.commit()
    index.close()
    with client(served(phantom_run), store=tmp_path / "jobs") as opened:
        opened.get(f"{address}/events")
        rows = opened.get(address).json()["answer"]["predictions"]
    assert [row["status"] for row in rows] == ["unreadable", "answered"]


@pytest.mark.slow
def test_killed_server_goes_on_with_its_jobs_and_answers_none_twice(
    phantom_run: Path, phantom_films: Path, tmp_path: Path
) -> None:
    films = sorted(phantom_films.rglob("*.jpeg"))[:60]
    store, address = tmp_path / "jobs", ""
    for kill_after_s in (0.15, 0.05, 0.2):
        with live([phantom_run], store=store) as server:
            if not address:
                made = httpx.post(f"{server.address}/api/v1/jobs", files=parts(*films))
                address = made.headers["location"]
            time.sleep(kill_after_s)
            server.kill()
    with live([phantom_run], store=store) as server:
        with httpx.stream("GET", f"{server.address}{address}/events", timeout=60) as stream:
            events = _events("".join(stream.iter_text()))
        job = httpx.get(f"{server.address}{address}").json()
        now = httpx.post(f"{server.address}/api/v1/predict", files=parts(*films[:10]), timeout=30).json()
    assert (job["state"], job["done"]) == ("done", len(films))
    assert [row["path"] for row in job["answer"]["predictions"]] == [film.name for film in films]
    assert [row for kind, row in events if kind == "film"] == job["answer"]["predictions"]
    assert now["predictions"] == job["answer"]["predictions"][:10]


@pytest.mark.slow
def test_open_stream_does_not_keep_a_server_from_ending(phantom_run: Path, films: list[Path], tmp_path: Path) -> None:
    with live([phantom_run], store=tmp_path / "jobs") as server:
        address = httpx.post(f"{server.address}/api/v1/jobs", files=parts(*films * 8)).headers["location"]
        with httpx.stream("GET", f"{server.address}{address}/events", timeout=30) as stream:
            lines = stream.iter_lines()
            next(lines)
            server.process.terminate()
            list(lines)
        assert server.process.wait(timeout=20) == 0


def _until_done(opened: TestClient, address: str) -> dict[str, Any]:
    deadline = time.monotonic() + 20
    while (job := opened.get(address).json())["state"] != "done" and time.monotonic() < deadline:
        time.sleep(0.02)
    found: dict[str, Any] = job
    return found


def test_disc_that_was_full_for_a_while_makes_no_film_unreadable(
    phantom_run: Path, films: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hilum.web.jobs._AFTER_TROUBLE_S", 0.01)
    full = HilumError("The disc is full.", expected="space", do="Free some.")
    kept, taken, failed = Store.answer, Store.take_back, {"answer": 12, "take_back": 5}

    def failing(name: str, real: Any) -> Any:
        def call(self: Store, *arguments: Any) -> Any:
            if failed[name]:
                failed[name] -= 1
                raise full
            return real(self, *arguments)

        return call

    monkeypatch.setattr(Store, "answer", failing("answer", kept))
    monkeypatch.setattr(Store, "take_back", failing("take_back", taken))
    with client(served(phantom_run), store=tmp_path / "jobs") as opened:
        address = opened.post("/api/v1/jobs", files=parts(films[0])).headers["location"]
        job = _until_done(opened, address)
    assert [row["status"] for row in job["answer"]["predictions"]] == ["answered"]
    assert failed == {"answer": 0, "take_back": 0}


def test_film_at_which_hilum_itself_fails_is_tried_again_after_the_others(
    phantom_run: Path, films: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hilum.web.jobs._AFTER_TROUBLE_S", 0.01)
    real, seen = Answering.of, list[str]()

    def of(self: Answering, source: Any, **more: Any) -> FilmAnswer:
        seen.append(more["name"])
        if more["name"] == films[0].name and seen.count(films[0].name) <= 7:
            raise ZeroDivisionError
        return real(self, source, **more)

    monkeypatch.setattr(Answering, "of", of)
    with client(served(phantom_run), store=tmp_path / "jobs") as opened:
        address = opened.post("/api/v1/jobs", files=parts(*films[:3])).headers["location"]
        job = _until_done(opened, address)
    assert {row["status"] for row in job["answer"]["predictions"]} == {"answered"}
    assert seen[:3] == [film.name for film in films[:3]]


def test_server_that_was_told_to_stop_has_tried_nothing(phantom_run: Path, films: list[Path], tmp_path: Path) -> None:
    with client(served(phantom_run), store=tmp_path / "jobs") as opened:
        opened.post("/api/v1/jobs", files=parts(*films * 20))
        time.sleep(0.1)
    index = sqlite3.connect(tmp_path / "jobs" / "jobs.sqlite")
    tries = index.execute("select max(tries) from films where answer is null").fetchone()[0]
    index.close()
    assert not tries


def _damaged(store: Path, films: list[Path], content: bytes | None = b"x") -> None:
    for film in films:
        sha256 = hashlib.sha256(film.read_bytes()).hexdigest()
        path = store / "films" / sha256[:2] / sha256
        path.unlink() if content is None else path.write_bytes(content)


def test_report_says_what_the_job_says(phantom_run: Path, films: list[Path], tmp_path: Path) -> None:
    with client(served(phantom_run), store=tmp_path / "jobs") as opened:
        address = opened.post("/api/v1/jobs", files=parts(*films[:2])).headers["location"]
        opened.get(f"{address}/events")
    index = sqlite3.connect(tmp_path / "jobs" / "jobs.sqlite")
    answer = json.loads(index.execute("select answer from films where position = 0").fetchone()[0])
    gone = answer | {
        "status": "unreadable",
        "probability": None,
        "logit": None,
        "decision": "not assessed",
        "answers": None,
        "problem": "It was begun 5 times and not finished.",
    }
    index.execute("update films set answer = ? where position = 0", (json.dumps(gone),))
    index.commit()
    index.close()
    with client(served(phantom_run), store=tmp_path / "jobs") as opened:
        page = opened.get(f"{address}/report").text
        told = opened.get("/metrics").text
    assert "begun 5 times" in page
    assert page.count('class="decision not-assessed"') == 1
    assert page.count('alt="The film"') == 1  # of the answered one
    assert "hilum_films_total{" not in told  # nothing was answered again


@pytest.mark.parametrize("content", [b"x", None])
def test_damaged_film_takes_its_picture_from_the_report_and_nothing_else(
    rest: TestClient, films: list[Path], tmp_path: Path, content: bytes | None
) -> None:
    address = rest.post("/api/v1/jobs", files=parts(*films[:2])).headers["location"]
    rest.get(f"{address}/events")
    rows = rest.get(address).json()["answer"]["predictions"]
    _damaged(tmp_path / "jobs", films[:1], content)
    for language in ("en", "fr"):
        report = rest.get(f"{address}/report?language={language}")
        assert report.status_code == 200
        assert str(tmp_path) not in report.text
        assert all(film.name in report.text for film in films[:2])
        assert 'class="decision not-assessed"' not in report.text
        assert "missing or damaged" in report.text
    assert rest.get(f"{address}/report").text.count('alt="The film"') == 1
    assert rest.get(address).json()["answer"]["predictions"] == rows


def test_no_problem_names_a_place_on_the_server(
    rest: TestClient, films: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = rest.post("/api/v1/jobs", files=parts(films[0])).headers["location"]
    rest.get(f"{address}/events")

    def broken(*_: Any) -> Any:
        raise HilumError(f"The index '{tmp_path}' cannot be used.", expected="a disc", do=f"Look at {tmp_path}.")

    for name in ("films", "job", "jobs", "delete", "waiting"):
        with monkeypatch.context() as patched:
            patched.setattr(Store, name, broken)
            answers = [
                rest.get(address),
                rest.get("/api/v1/jobs"),
                rest.get(f"{address}/report"),
                rest.delete(address) if name == "delete" else rest.get(address),
                rest.post("/api/v1/jobs", files=parts(films[0])),
            ]
        assert not [one for one in answers if str(tmp_path) in one.text]
        assert "urn:hilum:problem:store-failed" in {one.json()["type"] for one in answers if one.status_code == 500}


def test_films_that_nobody_will_answer_do_not_block_new_jobs(
    phantom_run: Path, films: list[Path], tmp_path: Path
) -> None:
    with client(served(phantom_run), store=tmp_path / "jobs") as opened:
        address = opened.post("/api/v1/jobs", files=parts(*films[:2])).headers["location"]
        opened.get(f"{address}/events")
    index = sqlite3.connect(tmp_path / "jobs" / "jobs.sqlite")
    index.execute("update jobs set model_hash = 'other'")
    index.execute("update films set answer = null")
    index.commit()
    index.close()
    with client(served(phantom_run), store=tmp_path / "jobs", most_waiting=1) as opened:
        made = opened.post("/api/v1/jobs", files=parts(films[0]))
        assert made.status_code == 202
        _until_done(opened, made.headers["location"])
        told = opened.get("/api/v1/jobs").json()
    assert [(job["state"], job["films"], job["done"]) for job in told["jobs"]] == [("done", 1, 1), ("stopped", 2, 0)]


def test_jobs_can_be_found_and_deleted(rest: TestClient, films: list[Path]) -> None:
    assert rest.get("/api/v1/jobs").json() == {"jobs": [], "total": 0}
    ids = [rest.post("/api/v1/jobs", files=parts(films[0])).json()["id"] for _ in range(3)]
    told = rest.get("/api/v1/jobs").json()
    assert ([job["id"] for job in told["jobs"]], told["total"]) == (ids[::-1], 3)
    assert [job["id"] for job in rest.get("/api/v1/jobs?skip=1").json()["jobs"]] == ids[1::-1]
    for job in told["jobs"]:
        assert rest.delete(f"/api/v1/jobs/{job['id']}").status_code == 204
    assert rest.get("/api/v1/jobs").json()["total"] == 0
    for query in ("skip=-1", "skip=x", "model=small"):
        assert rest.get(f"/api/v1/jobs?{query}").status_code == 422


def test_pdf_of_many_films_is_refused_and_html_offered(phantom_run: Path, films: list[Path], tmp_path: Path) -> None:
    with client(served(phantom_run), store=tmp_path / "jobs", most_pdf_films=2) as opened:
        given = parts(*films[:3])
        address = opened.post("/api/v1/jobs", files=given).headers["location"]
        opened.get(f"{address}/events")
        refused = (opened.get(f"{address}/report?format=pdf"), opened.post("/api/v1/report?format=pdf", files=given))
        assert opened.get(f"{address}/report").status_code == 200
    for one in refused:
        assert one.status_code in (422, 501)  # 501 where no PDF can be written at all
        assert one.status_code == 501 or "html" in one.json()["do"]
