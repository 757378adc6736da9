"""A hilum command in a process of its own: its memory is its own, and it saves when it is asked to stop."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any, Final

from hilum.errors import HilumError

_START: Final = "hilum: "
"""What stands before a sentence of the command line on standard error."""


class Interrupted(HilumError):
    """Ctrl-C stopped the rows; what was begun is saved."""

    exit_status = 130


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended.

    Args:
        status: exit status; below 0 the signal that ended it.
        seconds: it ran.
        peak_memory_bytes: the most that it, or the largest of its own processes, had resident.
        sentence: the last that it said about a problem, or "".
    """

    status: int
    seconds: float
    peak_memory_bytes: int
    sentence: str


def run_hilum(words: Sequence[str], stop: Callable[[], bool] = lambda: False, keep_open: Sequence[int] = ()) -> Ended:
    """Run `hilum WORDS` to its end; what it says on standard error is passed on, its answer is not.

    Args:
        words: after "hilum".
        stop: asked twenty times a second; once True, the command gets Ctrl-C, on which a training run saves itself.
        keep_open: descriptors that it inherits, such as that of a lock.
    """
    started = time.monotonic()
    child = subprocess.Popen(
        [sys.executable, "-m", "hilum", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=tuple(keep_open),
        process_group=0,  # Ctrl-C in the terminal reaches only us, who pass it on once
        preexec_fn=_end_with_the_parent(),
        encoding="utf-8",
        errors="backslashreplace",
    )
    echo = _Echo(child.stderr)
    status, memory = _wait(child, stop)
    echo.join(timeout=5)
    return Ended(status, time.monotonic() - started, memory, echo.sentence)


class _Echo(threading.Thread):
    """Passes a command's standard error on, line by line, and remembers its last sentence."""

    def __init__(self, stream: IO[str] | None) -> None:
        super().__init__(daemon=True)
        self.stream, self.sentence = stream, ""
        self.start()

    def run(self) -> None:
        for line in self.stream or ():
            if line.startswith(_START):
                self.sentence = line[len(_START) :].strip()
            with suppress(OSError, ValueError):  # a full log disc must not stop the work
                sys.stderr.write(line)
                sys.stderr.flush()


def _wait(child: subprocess.Popen[str], stop: Callable[[], bool]) -> tuple[int, int]:
    """Exit status and peak memory, once the command has ended."""
    is_asked = False
    try:
        while True:
            # Popen's own methods would take the status away, and with it what the process had used.
            ended, status, used = os.wait4(child.pid, os.WNOHANG)
            if ended:
                child.returncode = os.waitstatus_to_exitcode(status)
                return child.returncode, used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
            if not is_asked and stop():
                os.kill(child.pid, signal.SIGINT)
                is_asked = True
            time.sleep(0.05)
    except BaseException:
        with suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGKILL)
        raise


def _end_with_the_parent() -> Callable[[], Any] | None:
    """On Linux, what makes a command stop as by Ctrl-C when we are killed, so that two never work on one folder."""
    if sys.platform != "linux":
        return None
    prctl, set_signal_of_parents_death = ctypes.CDLL(None).prctl, 1
    return lambda: prctl(set_signal_of_parents_death, signal.SIGINT)
