"""A command in a process of its own: measured, stoppable, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hilum.interrupts import stop_on_interrupt
from hilum.reproduction.child import run_hilum


def test_wrong_use_is_told_with_its_sentence_and_measured() -> None:
    ended = run_hilum(["train", "no-such-recipe", "nowhere"])
    assert ended.status == 2
    assert ended.sentence.startswith("There is no recipe 'no-such-recipe'.")
    assert ended.peak_memory_bytes > 10e6 and ended.seconds > 0


def test_command_that_is_asked_to_stop_gets_an_interrupt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "python"
    script.write_text(f"#!/bin/sh\nexec {sys.executable} -c 'import time; time.sleep(60)'\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    started = time.monotonic()
    ended = run_hilum([], stop=lambda: time.monotonic() > started + 1)
    assert ended.status in (1, -signal.SIGINT)  # Python ends by the signal, once it is past its start
    assert ended.seconds < 30


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent's death")
def test_command_does_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys; from hilum.reproduction.child import _end_with_the_parent as end;"
        "print(subprocess.Popen(['sleep', '60'], preexec_fn=end(), stdout=subprocess.DEVNULL).pid, flush=True);"
        "import time; time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 10
    while _is_alive(child):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_first_interrupt_is_noted_and_the_second_ends() -> None:
    with stop_on_interrupt() as is_interrupted:
        assert not is_interrupted()
        os.kill(os.getpid(), signal.SIGINT)
        assert is_interrupted()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1)


def _is_alive(pid: int) -> bool:
    """A process that nobody has waited for yet is dead all the same."""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
