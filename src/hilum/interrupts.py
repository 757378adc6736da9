"""Ctrl-C as a question that long work asks itself, so that it can save before it stops."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def stop_on_interrupt(*more: signal.Signals) -> Iterator[Callable[[], bool]]:
    """Within this context Ctrl-C is only noted, and the function that comes out says so; a second one ends at once.

    Args:
        more: signals that are taken in the same way, such as the one by which a service is stopped.
    """
    asked = False
    before: dict[int, Any] = {}

    def ask(number: int, _: object) -> None:
        nonlocal asked
        asked = True
        signal.signal(number, before[number])

    try:
        for number in (signal.SIGINT, *more):
            before[number] = signal.getsignal(number)
            signal.signal(number, ask)
    except ValueError:  # not the main thread: whoever started it decides when to stop
        yield lambda: False
        return
    try:
        yield lambda: asked
    finally:
        for taken, handler in before.items():
            signal.signal(taken, handler)
