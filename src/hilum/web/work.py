"""One thread that runs every graph, with a bounded number of places before it, and one that writes reports."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import ParamSpec, TypeVar

from hilum.web.problems import busy

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

_LONGEST_WAIT_S = 60
_WEIGHT_OF_LAST = 0.1  # in the moving mean of how long a call takes


class Worker:
    """A thread of its own, and places before it: who holds one may hand it calls, one after the other.

    Two threads at once gained nothing on two cores (67 to 73 films a second, one thread alone 68 to 88), and one at a
    time keeps the memory at that of one film. A place is a request; a request of many films hands over one film at a
    time, so that others are answered between them.

    Args:
        name: of the thread.
        places: requests that may be answered or wait for it.
        refusal_s: how long a refusal waits.
    """

    def __init__(self, name: str, places: int, refusal_s: float = 0.0) -> None:
        self.places = places
        self.taken = 0
        self._refusal_s = refusal_s
        self._seconds = 0.0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)

    @property
    def retry_after_s(self) -> int:
        """Whole seconds in which the work that waits now is probably done."""
        return max(1, min(_LONGEST_WAIT_S, math.ceil(self.taken * self._seconds)))

    async def require_place(self) -> None:
        """Refuse where no place is free, before a body is read for it.

        Raises:
            Problem: 503, with the seconds after which to come again.
        """
        if self.taken >= self.places:
            await asyncio.sleep(self._refusal_s)
            raise busy(f"All {self.places} places of the queue are taken.", self.retry_after_s)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Hold a place as long as the block runs.

        Raises:
            Problem: as `require_place`.
        """
        await self.require_place()
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1

    async def run(
        self, call: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs
    ) -> Result:
        """What the call gives back, made in the thread; a call that was not begun is dropped with who waits for it."""

        def timed() -> Result:
            started = time.perf_counter()
            try:
                return call(*arguments, **named)
            finally:
                self._seconds += _WEIGHT_OF_LAST * (time.perf_counter() - started - self._seconds)

        return await asyncio.get_running_loop().run_in_executor(self._thread, timed)

    def stop(self) -> None:
        """Take no more calls; those begun come to their end."""
        self._thread.shutdown(wait=True, cancel_futures=True)
