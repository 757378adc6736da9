"""What is done with each complete film, and the loop that goes on until it is stopped."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from hilum.errors import HilumError
from hilum.files import printable, sha256_of
from hilum.images import DEFAULT_LIMITS
from hilum.images.content import read_content
from hilum.progress import Progress, track
from hilum.runtime import FilmAnswer
from hilum.watching.arrivals import Arrival, Arrivals, Version
from hilum.watching.index import Index, Line
from hilum.watching.outbox import Outbox

_Topic = Literal["looking", "passed over", "closed", "denied"]
Outcome = Literal["answered", "not assessed", "unreadable", "already answered", "incomplete", "denied"]
"""Of one film; the first three are those of a prediction, "denied" is one whose bytes the disc does not give."""

_LOOKS_EACH_S: Final = (0.1, 5.0)
_REST_OVER_LOOK: Final = 4.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a watch meets the world.

    Args:
        clock: seconds that only grow.
        is_stopped: True once the watch shall end.
        rest: waits so many seconds, or until it shall end.
        say: takes a line for whoever runs the watch; it names no film, because a film's name may be a patient's.
        progress: shows the films of one look.
    """

    clock: Callable[[], float]
    is_stopped: Callable[[], bool]
    rest: Callable[[float], None]
    say: Callable[[str], None]
    progress: Progress


class Desk:
    """Films of one folder in, their reports out.

    Args:
        arrivals: of the folder that films come into.
        outbox: takes the reports.
        answer: gives the answer for a film (a path, or its bytes) under a name.
        written: what is written of an answer, by suffix.
        world: where all this happens.

    Attributes:
        counts: films by what became of them.
        of_another_name: films already answered whose report names the first film of that content, not them.
        denied: waiting films whose bytes the disc does not give.

    Raises:
        HilumError: the list of films beside the reports cannot be read.
    """

    def __init__(
        self,
        arrivals: Arrivals,
        outbox: Outbox,
        answer: Callable[[Path | bytes, str], FilmAnswer],
        written: Callable[[FilmAnswer], Mapping[str, str | bytes]],
        world: Surroundings,
    ) -> None:
        self.arrivals, self._outbox, self._answer, self._written = arrivals, outbox, answer, written
        self._index = Index(outbox.folder)
        self._world, self._said = world, dict[_Topic, str]()
        self.counts: Counter[Outcome] = Counter()
        self.of_another_name = 0
        self.denied = frozenset[tuple[Path, Version]]()

    def watch(self, settle_s: float, is_once: bool = False) -> None:
        """Look, answer, rest, until the watch shall end.

        Args:
            settle_s: of the arrivals; a quarter of it lies between two looks, and longer where looking takes long.
            is_once: end as soon as no film waits. What goes wrong then ends it; else it is said and tried again.

        Raises:
            HilumError: the folder cannot be read or a report cannot be written, where `is_once`.
        """
        shortest, longest = _LOOKS_EACH_S
        while not self._world.is_stopped():
            looked_s = self._world.clock()
            rest_s = min(max(settle_s / 4, shortest), longest)
            try:
                ready = self.arrivals.look(looked_s)
                rest_s = max(rest_s, _REST_OVER_LOOK * (self._world.clock() - looked_s))
                self.attend_all(ready)
                self._said.pop("looking", None)
            except HilumError as error:
                if is_once:
                    raise
                self._say("looking", f"{_without_names(error)} It is tried again.")
                rest_s = max(rest_s, min(settle_s, longest))
            waiting = self.arrivals.waiting_files
            self.denied &= waiting
            if is_once and waiting == self.denied:
                return
            self._world.rest(rest_s)

    def attend_all(self, ready: list[Arrival]) -> None:
        """Answer complete films one by one, until the watch shall end.

        Raises:
            HilumError: a report cannot be written; the films before that one are done.
        """
        if count := self.arrivals.passed_over:
            self._say("passed over", f"Files passed over, because by their names they are no films: {count:,}.")
        if count := self.arrivals.closed:
            self._say("closed", f"Folders that cannot be read: {count:,}. They are tried again.")
        if not ready:
            return
        for arrival in track(self._world.progress, ready, "Films", len(ready)):
            if self._world.is_stopped():
                return
            self.attend(arrival)

    def attend(self, arrival: Arrival) -> Outcome:
        """Answer one film, unless that was done before, or it turns out to be incomplete.

        Raises:
            HilumError: the report cannot be written.
        """
        name = printable(arrival.path.relative_to(self.arrivals.folder))
        try:
            content, sha256 = _content(arrival.path, name)
        except HilumError as error:
            return self._wait(arrival, "denied", error)
        if self._outbox.has(sha256):
            first_name, status = self._outbox.said(sha256)
            self._note(name, sha256, status)
            self.of_another_name += first_name not in ("", name)
            return self._finished(arrival, "already answered")
        answer = self._answer(arrival.path if content is None else content, name)
        if not self.arrivals.is_unchanged(arrival):
            return "incomplete"
        if answer.prediction.status == "unreadable" and not arrival.is_last_word:
            return self._wait(arrival, "incomplete")
        # A file that is too large, or empty, was never read for its answer and has no hash there.
        self._outbox.publish(sha256, self._written(replace(answer, sha256=sha256)))
        self._note(name, sha256, answer.prediction.status)
        return self._finished(arrival, answer.prediction.status)

    def _finished(self, arrival: Arrival, outcome: Outcome) -> Outcome:
        self.arrivals.done(arrival)
        self.counts[outcome] += 1
        return outcome

    def _note(self, name: str, sha256: str, status: str) -> None:
        """Write down under which name this content came, before the film counts as done."""
        time = datetime.now(UTC).isoformat(timespec="seconds")
        self._index.add(Line(time, name, sha256, self._outbox.report(sha256), status))

    def _wait(self, arrival: Arrival, outcome: Outcome, error: HilumError | None = None) -> Outcome:
        """Have the film given out again later; without its bytes no report could even be named."""
        self.arrivals.hold(arrival, self._world.clock())
        if error and arrival.path.exists():
            self.denied |= {(arrival.path, arrival.version)}
            self._say("denied", f"A film cannot be read. {_without_names(error)} It is tried again.")
        return outcome

    def _say(self, topic: _Topic, line: str) -> None:
        """Say what was not said last of that topic, so that a lasting trouble fills no log."""
        if self._said.get(topic) != line:
            self._said[topic] = line
            self._world.say(line)


def _content(path: Path, name: str) -> tuple[bytes | None, str]:
    """The film's bytes and their SHA-256; no bytes of what is empty or larger than the limit.

    Raises:
        HilumError: the file cannot be read.
    """
    try:
        content = read_content(path, name, DEFAULT_LIMITS)
    except HilumError:
        return None, sha256_of(path)
    return content, hashlib.sha256(content).hexdigest()


def _without_names(error: HilumError) -> str:
    """What happened, without the path it happened to where the disc said no: that may be a patient's name."""
    cause = error.__cause__
    if isinstance(cause, OSError) and cause.strerror:
        return f"The disc said: {cause.strerror}."
    return error.happened
