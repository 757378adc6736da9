"""The same work on many items, in as many processes as there are processors."""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TypeVar

from hilum.engine import usable_cores
from hilum.progress import Progress

Item = TypeVar("Item")
Result = TypeVar("Result")

_CHUNK = 32
_WORTH_A_PROCESS = 200
"""Items from which on a process more pays: it takes about half a second to start one, as decoding 200 films does."""


def in_processes(
    work: Callable[[Item], Result], items: Sequence[Item], progress: Progress, label: str, processes: int | None = None
) -> Iterator[Result]:
    """The results of `work` in the order of the items, with a bar; few items are done in this process.

    `work` must be a function of a module (or a partial of one) that returns, never raises, what a bad item needs.
    A few chunks are under way at a time, so memory does not grow with the number of items.
    Where processes cannot be started or die, the rest is done here: slower, never different.
    """
    if not items:
        return
    number = processes or min(usable_cores(), len(items) // _WORTH_A_PROCESS)
    with progress.bar(label, len(items)) as bar:
        done = 0
        if number > 1:
            try:
                for results in _in_pool(work, items, number):
                    yield from results
                    done += len(results)
                    bar.advance(len(results))
            except BrokenProcessPool:
                pass
        for item in items[done:]:
            yield work(item)
            bar.advance()


def _in_pool(work: Callable[[Item], Result], items: Sequence[Item], number: int) -> Iterator[list[Result]]:
    # "spawn": a forked child inherits locks that threads of the parent (torch, ONNX Runtime, Arrow) held at that
    # moment and may wait for them for ever. It costs half a second once and is the same on every platform.
    pool = ProcessPoolExecutor(
        number, multiprocessing.get_context("spawn"), initializer=_leave_interrupts_to_the_parent
    )
    try:
        under_way: deque[Future[list[Result]]] = deque()
        for start in range(0, len(items), _CHUNK):
            with _interrupts_held():
                under_way.append(pool.submit(_work_on, work, items[start : start + _CHUNK]))
            if len(under_way) >= 4 * number:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _work_on(work: Callable[[Item], Result], chunk: Sequence[Item]) -> list[Result]:
    return [work(item) for item in chunk]


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Within this context Ctrl-C waits; a process started in it never sees one, not even while it imports."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
