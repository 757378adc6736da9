"""What every route of one server shares: models, the worker and its places, the memory for films, the counts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import TypeVar

from starlette.requests import Request

from hilum.web.bodies import HeldBytes
from hilum.web.jobs import Jobs
from hilum.web.measures import Measures
from hilum.web.settings import Settings
from hilum.web.store import Store
from hilum.web.work import Worker

Result = TypeVar("Result")


@dataclass(slots=True, eq=False)
class Service:
    """The parts of a running server.

    Args:
        settings: what it was told.
        worker: runs every graph.
        press: writes reports, which take seconds where a film takes milliseconds.
        held: bytes of films in memory.
        measures: what `/metrics` tells.
        jobs: None where none are kept.
        streams: that tell of jobs and are open.
        is_ready: True when all graphs are open.
        ending: set when the server was told to stop.
    """

    settings: Settings
    worker: Worker
    press: Worker
    held: HeldBytes
    measures: Measures
    jobs: Jobs | None = None
    streams: int = 0
    is_ready: bool = False
    ending: asyncio.Event = field(default_factory=asyncio.Event)
    _telling: asyncio.Future[None] | None = None

    @classmethod
    def of(cls, settings: Settings) -> Service:
        """A service that has answered nothing yet.

        Raises:
            HilumError: the folder for jobs cannot be used.
        """
        allowance = settings.allowance
        worker = Worker("hilum-films", allowance.places, allowance.refusal_s)
        press = Worker("hilum-reports", allowance.reports, allowance.refusal_s)
        measures = Measures(worker)
        kept = settings.store and Store(settings.store)
        jobs = Jobs(kept, settings.models, worker, allowance, measures) if kept else None
        return cls(settings, worker, press, HeldBytes(allowance.held_bytes), measures, jobs)

    async def open(self) -> None:
        """Open all graphs, in the worker's thread, then answer the films of jobs until cancelled."""
        await self.worker.run(self.settings.models.warm_up)
        self.is_ready = True
        if self.jobs:
            await self.jobs.run()

    def end(self) -> None:
        """Let streams that would go on come to their end; to be called in the loop's own thread."""
        self.ending.set()
        if self.jobs:
            self._telling = asyncio.ensure_future(self.jobs.tell())

    def stop(self) -> None:
        """Let all threads finish what they have begun."""
        self.worker.stop()
        self.press.stop()
        if self.jobs:
            self.jobs.stop()


class ClientGoneError(Exception):
    """Nobody waits for the answer any more."""


async def unless_gone(request: Request, work: Awaitable[Result]) -> Result:
    """What the work gives; it is dropped as soon as its client has left.

    Raises:
        ClientGoneError: it has left.
    """
    task, left = asyncio.ensure_future(work), asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait({task, left}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientGoneError
        return task.result()
    finally:
        for one in (task, left):
            one.cancel()


async def _left(request: Request) -> None:
    """Ends when the client has left; the body must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def service_of(request: Request) -> Service:
    """The service behind a request."""
    service: Service = request.app.state.service
    return service
