"""Progress of long work: stages take a `Progress` value, verbs choose where it is shown."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Protocol, TypeVar

Item = TypeVar("Item")


class Bar(Protocol):
    """One running piece of work."""

    def advance(self, count: int = 1, note: str = "") -> None:
        """Count `count` more items as done; `note` is shown behind the bar (loss, images/s)."""

    def say(self, line: str) -> None:
        """Leave a line standing above the bar."""


class Progress(Protocol):
    """Where progress is shown."""

    def bar(self, label: str, total: int) -> AbstractContextManager[Bar]:
        """Open a bar for `total` items; it closes with its context."""


def track(progress: Progress, items: Iterable[Item], label: str, total: int) -> Iterator[Item]:
    """Pass the items on one by one and advance a bar behind each."""
    with progress.bar(label, total) as bar:
        for item in items:
            yield item
            bar.advance()


class Silent:
    """Shows nothing: the default of every stage."""

    @contextmanager
    def bar(self, label: str, total: int) -> Iterator[Bar]:
        """A bar that nobody sees."""
        yield self

    def advance(self, count: int = 1, note: str = "") -> None:
        """Nothing is shown."""

    def say(self, line: str) -> None:
        """Nothing is said."""


class _Lines:
    """For log files: at most one line every 30 seconds, and one at the end."""

    interval_s = 30.0

    @contextmanager
    def bar(self, label: str, total: int) -> Iterator[Bar]:
        bar = _LineBar(label, total, self.interval_s)
        yield bar
        bar.write()


class _LineBar:
    def __init__(self, label: str, total: int, interval_s: float) -> None:
        self.label, self.total, self.interval_s = label, total, interval_s
        self.done, self.note, self.started = 0, "", time.monotonic()
        self.next_line = self.started + interval_s

    def advance(self, count: int = 1, note: str = "") -> None:
        self.done, self.note = self.done + count, note or self.note
        if (now := time.monotonic()) >= self.next_line:
            self.next_line = now + self.interval_s
            self.write()

    def say(self, line: str) -> None:
        with suppress(OSError):  # a full log disc must not stop the work
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()

    def write(self) -> None:
        seconds = time.monotonic() - self.started
        self.say(f"{self.label}: {self.done}/{self.total} in {seconds:.0f} s  {self.note}".rstrip())


class _Terminal:
    """For people: one bar a piece of work, with count, time left and a note that fits 80 columns."""

    @contextmanager
    def bar(self, label: str, total: int) -> Iterator[Bar]:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=16),
            MofNCompleteColumn(),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[note]}", markup=False),
        )
        with RichProgress(*columns, console=Console(stderr=True)) as rich_progress:
            task = rich_progress.add_task(label, total=total, note="")

            class TerminalBar:
                def advance(self, count: int = 1, note: str = "") -> None:
                    rich_progress.update(task, advance=count)
                    if note:
                        rich_progress.update(task, note=note)

                def say(self, line: str) -> None:
                    rich_progress.console.print(line, markup=False, highlight=False)

            yield TerminalBar()


def on_stderr() -> Progress:
    """Bars where standard error is a terminal, sparse lines where it is a log file."""
    return _Terminal() if sys.stderr.isatty() else _Lines()
