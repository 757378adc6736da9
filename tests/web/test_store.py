"""Jobs on a disc lose nothing and answer nothing twice."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hilum.errors import HilumError
from hilum.web.parts import Upload
from hilum.web.store import Store
from hilum.web.stored import Job, new_job_id

FILMS = (Upload("a.png", b"first"), Upload("b.png", b"second"), Upload("again.png", b"first"))
MODEL = "m" * 64


def _job(films: int = len(FILMS)) -> Job:
    return Job(new_job_id(), "2026-01-01T00:00:00+00:00", "small", MODEL, "youden", None, films, 0)


def _files(folder: Path) -> int:
    return sum(path.is_file() for path in (folder / "films").rglob("*"))


def test_job_is_there_after_the_store_was_opened_again(tmp_path: Path) -> None:
    job, store = _job(), Store(tmp_path)
    store.add(job, FILMS)
    store.close()
    again = Store(tmp_path)
    assert again.job(job.id) == job
    assert [(film.name, again.content(film.sha256)) for film in again.films(job.id)] == [
        (film.name, film.content) for film in FILMS
    ]
    assert _files(tmp_path) == 2  # the same film is kept once
    again.close()


def test_films_come_in_order_and_each_is_answered_once(tmp_path: Path) -> None:
    store, first, second = Store(tmp_path), _job(), _job()
    store.add(first, FILMS)
    store.add(second, FILMS)
    seen: list[tuple[str, int]] = []
    while film := store.next_film([MODEL]):
        assert store.answer(film, {"n": len(seen)})
        assert not store.answer(film, {"n": -1})
        seen.append((film.job, film.position))
    assert seen == [(job.id, place) for job in (first, second) for place in range(3)]
    assert [film.answer for film in store.films(first.id)] == [{"n": 0}, {"n": 1}, {"n": 2}]
    assert store.waiting([MODEL]) == 0
    store.close()


def test_only_the_model_that_was_asked_answers(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add(_job(), FILMS)
    assert store.next_film(["o" * 64]) is None
    assert store.next_film(["o" * 64, MODEL]) is not None
    store.close()


def test_how_often_a_film_was_begun_is_kept(tmp_path: Path) -> None:
    for before in range(3):
        store = Store(tmp_path)
        if not before:
            store.add(_job(), FILMS)
        film = store.next_film([MODEL])
        assert film is not None and film.tries == before
        store.close()


def test_deleted_job_leaves_nothing_but_the_films_of_others(tmp_path: Path) -> None:
    store, first, second = Store(tmp_path), _job(), _job(1)
    store.add(first, FILMS)
    store.add(second, FILMS[:1])
    film = store.next_film([MODEL])
    assert store.delete(first.id) and not store.delete(first.id)
    assert film is not None and not store.answer(film, {})
    assert (store.job(first.id), _files(tmp_path)) == (None, 1)
    assert store.delete(second.id)
    assert _files(tmp_path) == 0
    store.close()
    left = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"again.png" not in left


def test_films_of_a_job_that_was_never_written_are_removed(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.close()
    stranger = tmp_path / "films" / "ab" / ("ab" * 32)
    stranger.parent.mkdir()
    stranger.write_bytes(b"x")
    stranger.with_name(".half.12345678.part").write_bytes(b"x")
    Store(tmp_path).close()
    assert _files(tmp_path) == 0


def test_one_folder_serves_one_server(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(HilumError, match="Another server uses"):
        Store(tmp_path)
    store.close()
    Store(tmp_path).close()


def test_only_the_owner_may_read(tmp_path: Path) -> None:
    store = Store(tmp_path / "jobs")
    store.add(_job(), FILMS)
    for path in (tmp_path / "jobs", tmp_path / "jobs" / "films", tmp_path / "jobs" / "jobs.sqlite"):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077
    store.close()


def test_store_of_a_newer_hilum_and_no_store_are_refused(tmp_path: Path) -> None:
    Store(tmp_path).close()
    index = sqlite3.connect(tmp_path / "jobs.sqlite")
    index.execute("pragma user_version = 2")
    index.close()
    with pytest.raises(HilumError, match="newer hilum"):
        Store(tmp_path)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "jobs.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(HilumError, match="cannot be used"):
        Store(tmp_path / "other")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(HilumError, match="Could not write"):
        Store(tmp_path / "file")


@pytest.fixture
def disc(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    place = tmp_path / "disc"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a small file system")
    yield place
    subprocess.run(["umount", place], check=True)


def test_full_disc_keeps_nothing_of_a_job(disc: Path) -> None:
    store, job = Store(disc), _job(2)
    with pytest.raises(HilumError, match="No space left"):
        store.add(job, (Upload("a", b"x" * 1000), Upload("b", b"y" * 2_000_000)))
    assert store.job(job.id) is None
    assert _files(disc) == 0
    store.add(job, (Upload("a", b"x" * 1000), Upload("b", b"y")))
    store.close()


def test_changed_film_is_noticed(tmp_path: Path) -> None:
    store, job = Store(tmp_path), _job()
    store.add(job, FILMS)
    film = store.films(job.id)[0]
    (tmp_path / "films" / film.sha256[:2] / film.sha256).write_bytes(b"other")
    with pytest.raises(HilumError, match="not as it was written"):
        store.content(film.sha256)
    store.close()


def test_damaged_film_is_mended_when_it_is_sent_again(tmp_path: Path) -> None:
    store, first, second = Store(tmp_path), _job(), _job()
    store.add(first, FILMS)
    film = store.films(first.id)[0]
    (tmp_path / "films" / film.sha256[:2] / film.sha256).write_bytes(b"other")
    store.add(second, FILMS)
    assert store.content(film.sha256) == FILMS[0].content
    assert _files(tmp_path) == 2
    store.close()


def test_try_that_the_server_survived_is_taken_back(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add(_job(), FILMS)
    for _ in range(3):
        film = store.next_film([MODEL])
        assert film is not None and film.tries == 0
        store.take_back(film)
    store.close()


def test_film_that_is_put_off_lets_the_others_go_before(tmp_path: Path) -> None:
    store, job = Store(tmp_path), _job()
    store.add(job, FILMS)
    film = store.next_film([MODEL], put_off=[(job.id, 0), (job.id, 1)])
    assert film is not None and film.position == 2
    assert store.next_film([MODEL], put_off=[(job.id, place) for place in range(3)]) is None
    store.close()


def test_only_films_that_will_be_answered_count_as_waiting(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add(_job(), FILMS)
    assert (store.waiting([MODEL]), store.waiting(["o" * 64]), store.waiting([])) == (3, 0, 0)
    store.close()


def test_jobs_are_listed_the_newest_first(tmp_path: Path) -> None:
    store, jobs = Store(tmp_path), [_job(1) for _ in range(3)]
    for job in jobs:
        store.add(job, FILMS[:1])
    assert store.jobs(0, 2) == (jobs[:0:-1], 3)
    assert store.jobs(2, 2) == ([jobs[0]], 3)
    assert store.jobs(3, 2) == ([], 3)
    store.close()
