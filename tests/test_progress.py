"""Progress is shown where it helps, and never fills a log file."""

from __future__ import annotations

import time

import pytest

from hilum.progress import Silent, on_stderr, track


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock)
    return clock


def test_log_file_gets_a_line_every_thirty_seconds_and_one_at_the_end(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with on_stderr().bar("Films", 100) as bar:
        for _ in range(100):
            clock.now_s += 1
            bar.advance(note="loss 0.5")
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines() == [
        f"Films: {done}/100 in {done} s  loss 0.5" for done in (30, 60, 90, 100)
    ]  # fmt: skip


def test_long_pause_is_one_line_and_not_one_for_every_thirty_seconds(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with on_stderr().bar("Films", 3) as bar:
        for pause_s in (300, 1, 1):
            clock.now_s += pause_s
            bar.advance()
    assert capsys.readouterr().err.splitlines() == ["Films: 1/3 in 300 s", "Films: 3/3 in 302 s"]


def test_said_line_stands_as_it_is(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with on_stderr().bar("Films", 1) as bar:
        bar.say("[1] is no markup")
    assert capsys.readouterr().err.splitlines()[0] == "[1] is no markup"


def test_silent_passes_everything_on_and_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Silent().bar("Films", 1) as bar:
        bar.advance(note="x")
        bar.say("nothing")
    assert list(track(Silent(), range(3), "Films", 3)) == [0, 1, 2]
    shown = capsys.readouterr()
    assert shown.out == shown.err == ""


def test_track_counts_each_item(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    assert list(track(on_stderr(), "abc", "Letters", 3)) == ["a", "b", "c"]
    assert capsys.readouterr().err == "Letters: 3/3 in 0 s\n"
