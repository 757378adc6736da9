"""Jobs on a disc: their films as files named by content, everything else in one SQLite file."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final

from hilum.errors import HilumError
from hilum.files import explained, printable, sha256_of, write_atomically
from hilum.web.parts import Upload
from hilum.web.stored import Job, StoredFilm

_INDEX: Final = "jobs.sqlite"
_LOCK: Final = "lock"
_FORMAT: Final = 1
_TABLES: Final = """
create table if not exists jobs (
  id text primary key, number integer unique not null, created text not null, model text not null,
  model_hash text not null, operating_point text not null, prevalence real
);
create table if not exists films (
  job text not null references jobs(id) on delete cascade, position integer not null, name text not null,
  sha256 text not null, tries integer not null default 0, answer text, primary key (job, position)
) without rowid;
create index if not exists films_by_content on films(sha256);
create index if not exists films_to_do on films(job, position) where answer is null;
"""
_COLUMNS: Final = "job, position, name, sha256, tries, answer"

_JOBS: Final = (
    "select id, created, model, model_hash, operating_point, prevalence, "
    "(select count(*) from films where job = id), "
    "(select count(*) from films where job = id and answer is not null) from jobs"
)


class Store:
    """The jobs in one folder; to be used by one thread at a time.

    A job is in the index only after its films are on the disc, and an answer is written in one transaction: a process
    that is killed loses none and answers none twice.

    Args:
        folder: made where it is missing; only its owner may read it.

    Raises:
        HilumError: another server uses it, it is of a newer hilum, or the disc is unwilling.
    """

    def __init__(self, folder: Path) -> None:
        self._films = folder / "films"
        with explained(folder, "write"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._films.mkdir(mode=0o700, exist_ok=True)
            self._lock = _locked(folder / _LOCK)
        self._path = folder / _INDEX
        try:
            with self._explained():
                self._index = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
                self._path.chmod(0o600)
                self._prepare()
            self._remove_strangers()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let another server use the folder."""
        self._index.close()
        self._lock.close()

    def add(self, job: Job, films: Sequence[Upload]) -> None:
        """Keep a new job; when this returns, no crash loses it.

        Raises:
            HilumError: the disc is full or otherwise unwilling; nothing of the job is then kept.
        """
        hashes: list[str] = []
        try:
            for film in films:
                hashes.append(self._put(film.content))
            rows = [(job.id, place, films[place].name, sha256) for place, sha256 in enumerate(hashes)]
            with self._transaction() as index:
                (number,) = index.execute("select coalesce(max(number), 0) + 1 from jobs").fetchone()
                facts = (job.id, number, job.created, job.model, job.model_hash, job.operating_point, job.prevalence)
                index.execute("insert into jobs values (?, ?, ?, ?, ?, ?, ?)", facts)
                index.executemany("insert into films (job, position, name, sha256) values (?, ?, ?, ?)", rows)
        except BaseException:
            self._drop_unused(hashes)
            raise

    def job(self, job_id: str) -> Job | None:
        """The job of that id."""
        with self._explained():
            row = self._index.execute(f"{_JOBS} where id = ?", (job_id,)).fetchone()
        return Job(*row) if row else None

    def films(self, job_id: str, start: int = 0, most: int = -1) -> list[StoredFilm]:
        """At most so many of the job's films (-1 for all), from that position on."""
        with self._explained():
            rows = self._index.execute(
                f"select {_COLUMNS} from films where job = ? and position >= ? order by position limit ?",
                (job_id, start, most),
            ).fetchall()
        return [_film(row) for row in rows]

    def jobs(self, skip: int, most: int) -> tuple[list[Job], int]:
        """At most so many jobs, the newest first, without the first `skip` of them; and how many there are in all."""
        with self._explained():
            rows = self._index.execute(f"{_JOBS} order by number desc limit ? offset ?", (most, skip)).fetchall()
            (total,) = self._index.execute("select count(*) from jobs").fetchone()
        return [Job(*row) for row in rows], int(total)

    def next_film(self, model_hashes: Sequence[str], put_off: Collection[tuple[str, int]] = ()) -> StoredFilm | None:
        """The first film without an answer of the oldest job that one of these models is to answer; None for none.

        Those of `put_off`, as job and position, are left out.

        That it is tried is written down first: a film on which the process ends each time would else be tried forever.
        """
        with self._transaction() as index:
            rows = index.execute(
                f"select {_COLUMNS} from jobs join films on job = id "
                f"where answer is null and model_hash in ({_marks(model_hashes)}) order by number, position limit ?",
                (*model_hashes, len(put_off) + 1),
            ).fetchall()
            row = next((row for row in rows if row[:2] not in put_off), None)
            if row:
                index.execute("update films set tries = tries + 1 where job = ? and position = ?", row[:2])
        return _film(row) if row else None

    def take_back(self, film: StoredFilm) -> None:
        """Count the last beginning of a film as none, because the server has not ended over it."""
        with self._transaction() as index:
            index.execute(
                "update films set tries = ? where job = ? and position = ?", (film.tries, film.job, film.position)
            )

    def waiting(self, model_hashes: Sequence[str]) -> int:
        """Films without an answer that one of these models is to answer."""
        with self._explained():
            (count,) = self._index.execute(
                "select count(*) from jobs join films on job = id "
                f"where answer is null and model_hash in ({_marks(model_hashes)})",
                tuple(model_hashes),
            ).fetchone()
        return int(count)

    def answer(self, film: StoredFilm, answer: dict[str, Any]) -> bool:
        """Keep a film's answer; False where it has one already, or its job was deleted meanwhile."""
        with self._transaction() as index:
            changed = index.execute(
                "update films set answer = ? where job = ? and position = ? and answer is null",
                (json.dumps(answer), film.job, film.position),
            ).rowcount
        return changed == 1

    def content(self, sha256: str) -> bytes:
        """The bytes of a film.

        Raises:
            HilumError: the file is missing or was changed.
        """
        with explained(path := self._place(sha256), "read"):
            content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise HilumError(
                f"'{printable(path)}' is not as it was written.", expected="an unchanged file", do="Send it again."
            )
        return content

    def delete(self, job_id: str) -> bool:
        """Forget a job with its answers, and its films where no other job has them; False where there is none."""
        with self._transaction() as index:
            hashes = [row[0] for row in index.execute("select distinct sha256 from films where job = ?", (job_id,))]
            index.execute("delete from films where job = ?", (job_id,))
            deleted = index.execute("delete from jobs where id = ?", (job_id,)).rowcount
        self._drop_unused(hashes)
        with self._explained():
            self._index.execute("pragma wal_checkpoint(truncate)")  # the log would keep the names of its films
        return deleted == 1

    def _prepare(self) -> None:
        self._index.execute("pragma journal_mode = wal")
        self._index.execute("pragma synchronous = full")
        self._index.execute("pragma secure_delete = on")
        (found,) = self._index.execute("pragma user_version").fetchone()
        if found > _FORMAT:
            raise HilumError(
                f"'{printable(self._path)}' was written by a newer hilum.",
                expected=f"format {_FORMAT}",
                do="Install that version, or name another folder.",
            )
        self._index.executescript(_TABLES)
        self._index.execute(f"pragma user_version = {_FORMAT}")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._explained():
            self._index.execute("begin immediate")
            try:
                yield self._index
            except BaseException:
                self._index.execute("rollback")
                raise
            self._index.execute("commit")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise HilumError(
                f"The index of jobs '{printable(self._path)}' cannot be used: {error}.",
                expected="a disc with free space, and a file that hilum wrote",
                do="Free some space, or name another folder.",
            ) from error

    def _place(self, sha256: str) -> Path:
        return self._films / sha256[:2] / sha256

    def _put(self, content: bytes) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        place = self._place(sha256)
        if not _is_whole(place, sha256):  # one that was damaged is mended by being sent again
            write_atomically(place, lambda file: file.write(content))
        return sha256

    def _drop_unused(self, hashes: Sequence[str]) -> None:
        for sha256 in set(hashes):
            with self._explained():
                is_used = self._index.execute("select 1 from films where sha256 = ? limit 1", (sha256,)).fetchone()
            if not is_used:
                with suppress(OSError):
                    self._place(sha256).unlink()

    def _remove_strangers(self) -> None:
        """Films of no job: a server was killed between their writing and that of their job."""
        with explained(self._films, "read"):
            found = [path for path in self._films.glob("*/*") if path.is_file()]
        self._drop_unused([path.name for path in found if not path.name.startswith(".")])
        for path in found:
            if path.name.startswith("."):  # a part that its writer did not finish
                path.unlink(missing_ok=True)


def _is_whole(path: Path, sha256: str) -> bool:
    with suppress(HilumError):
        return sha256_of(path) == sha256
    return False


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" * len(values))


def _film(row: tuple[str, int, str, str, int, str | None]) -> StoredFilm:
    job, position, name, sha256, tries, answer = row
    return StoredFilm(job, position, name, sha256, tries, json.loads(answer) if answer else None)


def _locked(path: Path) -> IO[bytes]:
    """The open lock; it is let go when the process ends, however it ends."""
    lock = path.open("wb")
    try:
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:
        pass  # Windows: two servers on one folder are then not noticed
    except OSError as error:
        lock.close()
        raise HilumError(
            f"Another server uses '{printable(path.parent)}'.", expected="a folder of its own", do="Name another."
        ) from error
    return lock
