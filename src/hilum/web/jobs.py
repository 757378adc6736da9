"""The jobs of a server: one film after the other goes to the worker, and each answer is kept before it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from typing import Any, Final, ParamSpec, TypeVar

from hilum.errors import HilumError
from hilum.runtime import Answering, Prediction
from hilum.web.guard import log_without_words
from hilum.web.measures import Measures
from hilum.web.models import ServedModels
from hilum.web.settings import Allowance
from hilum.web.store import Store
from hilum.web.stored import Job, StoredFilm
from hilum.web.work import Worker

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

MOST_TRIES: Final = 5
_AFTER_TROUBLE_S: Final = 5.0
_MOST_PUT_OFF: Final = 1000


class Jobs:
    """Answers the films of all jobs, the oldest job first, between the requests of others.

    Args:
        store: keeps films and answers.
        models: that answer.
        worker: runs the graphs.
        allowance: the largest film.
        measures: counts the films.
    """

    def __init__(
        self, store: Store, models: ServedModels, worker: Worker, allowance: Allowance, measures: Measures
    ) -> None:
        self._store, self._models, self._worker = store, models, worker
        self._allowance, self._measures = allowance, measures
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="hilum-store")
        self._more = asyncio.Event()
        self._changed = asyncio.Condition()
        self._changes = 0
        self._begun: StoredFilm | None = None
        self._put_off: set[tuple[str, int]] = set()

    async def kept(
        self, call: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs
    ) -> Result:
        """What a method of the store gives, called in the store's own thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(call, *arguments, **named))

    @property
    def store(self) -> Store:
        """To be used through `kept` only."""
        return self._store

    def begin(self) -> None:
        """Say that there are films to answer."""
        self._more.set()

    async def run(self) -> None:
        """Answer films until cancelled."""
        while True:
            try:
                await self._take_back()
                film = await self.kept(self._next)
                if film is None:
                    await self._wait()
                else:
                    await self._answer(film)
                    self._begun = None
            except Exception as error:  # of the disc, or our own; the film is begun again, after the others
                log_without_words(error)
                await asyncio.sleep(_AFTER_TROUBLE_S)

    def _next(self) -> StoredFilm | None:
        """Begin a film; noted in the store's own thread, so that nobody who stops waiting for it leaves it begun."""
        self._begun = self._store.next_film(self.hashes, frozenset(self._put_off))
        return self._begun

    async def _take_back(self) -> None:
        """Count a film that was begun and not answered as not begun: the server has not ended over it."""
        if self._begun:
            await self.kept(self._store.take_back, self._begun)
            if len(self._put_off) < _MOST_PUT_OFF:
                self._put_off.add((self._begun.job, self._begun.position))
            self._begun = None

    async def _wait(self) -> None:
        """Until there are more films, or for a while until those that were put off come again."""
        try:
            async with asyncio.timeout(_AFTER_TROUBLE_S if self._put_off else None):
                await self._more.wait()
                self._more.clear()
        except TimeoutError:
            self._put_off.clear()

    async def changes(
        self, job_id: str, start: int, pause_s: float, ending: asyncio.Event
    ) -> AsyncIterator[StoredFilm | None]:
        """The answered films of a job from that position on, in order; None after each pause.

        Until the last film, or the job's deletion, or the server's end.
        """
        while not ending.is_set():
            seen = self._changes
            for film in await self.kept(self._store.films, job_id, start, 100):
                if film.answer is None:
                    break
                start += 1
                yield film
            else:
                job = await self.kept(self._store.job, job_id)
                if job is None or start >= job.films:
                    return
                continue
            try:
                async with asyncio.timeout(pause_s), self._changed:
                    await self._changed.wait_for(lambda seen=seen: self._changes != seen or ending.is_set())  # type: ignore[misc]
            except TimeoutError:
                yield None

    async def tell(self) -> None:
        """Wake everybody who waits for a change."""
        async with self._changed:
            self._changes += 1
            self._changed.notify_all()

    def answering(self, job: Job) -> Answering | None:
        """The model of a job at its operating point; None where it is not served here."""
        model = self._models.of_hash(job.model_hash)
        return model.at(job.operating_point, job.prevalence) if model else None

    def stop(self) -> None:
        """Close the store, when what was begun is kept."""
        self._thread.shutdown(wait=True)
        if self._begun:
            with suppress(HilumError):
                self._store.take_back(self._begun)
        self._store.close()

    @property
    def hashes(self) -> list[str]:
        """Of the models that are served here."""
        return [model.answering.predictor.model_hash for model in self._models.models]

    async def _answer(self, film: StoredFilm) -> None:
        job = await self.kept(self._store.job, film.job)
        answering = self.answering(job) if job else None
        if answering is None:
            return  # deleted meanwhile
        answer = await self._row(film, answering)
        await self.kept(self._store.answer, film, answer)
        self._measures.film(answer["status"])
        await self.tell()

    async def _row(self, film: StoredFilm, answering: Answering) -> dict[str, Any]:
        if film.tries >= MOST_TRIES:
            problem = f"'{film.name}' was begun {film.tries} times and not finished."
            return asdict(Prediction(film.name, "unreadable", problem=problem)) | {"sha256": film.sha256}
        try:
            content = await self.kept(self._store.content, film.sha256)
        except HilumError:
            problem = f"The stored file of '{film.name}' is missing or damaged."
            return asdict(Prediction(film.name, "unreadable", problem=problem)) | {"sha256": film.sha256}
        of = partial(answering.of, content, name=film.name, limits=self._allowance.film)
        with self._measures.stage("answer"):
            answer = await self._worker.run(of)
        return asdict(answer.prediction) | {"sha256": film.sha256}
