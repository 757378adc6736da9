"""What is done with each complete film, in a world that the test moves on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hilum.errors import HilumError
from hilum.progress import Silent
from hilum.runtime import FilmAnswer, Prediction
from hilum.watching import Arrivals, Desk, Outbox, Surroundings


@dataclass
class World:
    """A clock that only rests move, and what is done at each rest."""

    now_s: float = 0.0
    rests: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)
    most_rests: int = 40

    def rest(self, seconds: float) -> None:
        """Let time pass."""
        self.rests.append(seconds)
        self.now_s += seconds

    def desk(self, place: Path) -> Desk:
        """A desk of this world: `good` films are answered, others cannot be decoded."""
        (place / "in").mkdir(exist_ok=True)
        (place / "out").mkdir(exist_ok=True)
        around = Surroundings(
            lambda: self.now_s, lambda: len(self.rests) >= self.most_rests, self.rest, self.said.append, Silent()
        )
        outbox = Outbox(place / "out", "0123456789ab", (".json",))
        return Desk(Arrivals(place / "in", 4), outbox, self.answer, self.written, around)

    def answer(self, source: Path | bytes, name: str) -> FilmAnswer:
        """By content."""
        self.answered.append(name)
        content = source if isinstance(source, bytes) else source.read_bytes()
        is_good = content.startswith(b"good")
        return FilmAnswer(Prediction(name, "answered" if is_good else "unreadable"), "")

    def written(self, answer: FilmAnswer) -> Mapping[str, str]:
        """The hash that the answer has."""
        return {".json": answer.sha256}


def test_film_that_cannot_be_decoded_has_its_report_after_the_patience_and_is_left_alone_then(tmp_path: Path) -> None:
    world = World(most_rests=300)
    desk = world.desk(tmp_path)
    (tmp_path / "in" / "a.png").write_bytes(b"half")
    desk.watch(4)
    assert desk.counts == {"unreadable": 1} and len(world.answered) == 2
    (report,) = (tmp_path / "out").glob("*.json")
    assert report.read_text() == report.name[:64]  # an answer without a hash gets that of the file


def test_film_that_is_completed_within_the_patience_is_answered(tmp_path: Path) -> None:
    world = World(most_rests=10)
    desk = world.desk(tmp_path)
    (tmp_path / "in" / "a.png").write_bytes(b"half")
    desk.watch(4)
    (tmp_path / "in" / "a.png").write_bytes(b"good and whole")
    world.most_rests = 20
    desk.watch(4)
    assert desk.counts == {"answered": 1} and len(list((tmp_path / "out").glob("*.json"))) == 1


def test_film_that_changes_while_it_is_answered_is_left_for_the_next_look(tmp_path: Path) -> None:
    class Changing(World):
        def answer(self, source: Path | bytes, name: str) -> FilmAnswer:
            if not self.answered:
                (tmp_path / "in" / "a.png").write_bytes(b"good, and more came")
            return super().answer(source, name)

    world = Changing()
    desk = world.desk(tmp_path)
    (tmp_path / "in" / "a.png").write_bytes(b"good")
    desk.watch(4)
    assert len(world.answered) == 2 and desk.counts == {"answered": 1}
    assert len(list((tmp_path / "out").glob("*.json"))) == 1


def test_full_disc_is_said_once_and_tried_until_there_is_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = 0
    publish = Outbox.publish

    def full(self: Outbox, sha256: str, contents: Mapping[str, str | bytes]) -> None:
        nonlocal tries
        tries += 1
        if tries < 4:
            raise HilumError("No room.", expected="room", do="Make room.")
        publish(self, sha256, contents)

    monkeypatch.setattr(Outbox, "publish", full)
    world = World()
    desk = world.desk(tmp_path)
    (tmp_path / "in" / "a.png").write_bytes(b"good")
    desk.watch(4)
    assert world.said == ["No room. It is tried again."] and desk.counts == {"answered": 1}


def test_trouble_of_a_watch_that_runs_once_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    desk = world.desk(tmp_path)
    (tmp_path / "in").rmdir()
    with pytest.raises(HilumError, match="Could not read"):
        desk.watch(4, is_once=True)


def test_film_that_the_disc_withholds_holds_up_no_other_and_is_not_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(most_rests=300)
    desk = world.desk(tmp_path)
    for name in ("doe.png", "a.png"):
        (tmp_path / "in" / name).write_bytes(b"good")
    (tmp_path / "in" / "b.png").write_bytes(b"good too")
    _withhold(monkeypatch, "doe.png")
    desk.watch(4)
    assert desk.counts == {"answered": 2} and desk.arrivals.waiting == 1
    assert world.said == ["A film cannot be read. The disc said: Permission denied. It is tried again."]
    desk.watch(4, is_once=True)  # ends, although one film waits
    monkeypatch.undo()
    world.most_rests = 600
    desk.watch(4)
    assert desk.counts == {"answered": 2, "already answered": 1} and not desk.denied


def test_watch_that_runs_once_ends_where_a_withheld_film_goes_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Growing(World):
        def rest(self, seconds: float) -> None:
            super().rest(seconds)
            if len(self.rests) < 40:
                (tmp_path / "in" / "b.png").write_bytes(b"good" * len(self.rests))
            if len(self.rests) == 12:
                (tmp_path / "in" / "doe.png").unlink()

    world = Growing(most_rests=500)
    desk = world.desk(tmp_path)
    for name in ("doe.png", "b.png"):
        (tmp_path / "in" / name).write_bytes(b"good")
    _withhold(monkeypatch, "doe.png")
    desk.watch(4, is_once=True)
    assert len(world.rests) < 80 and desk.counts == {"answered": 1} and not desk.denied


def test_watch_that_runs_once_does_not_take_a_new_film_for_a_withheld_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Coming(World):
        def rest(self, seconds: float) -> None:
            super().rest(seconds)
            if len(self.rests) < 10:
                (tmp_path / "in" / "c.png").write_bytes(b"good" * len(self.rests))
            if len(self.rests) == 7:  # as many wait as were withheld, but not the same
                (tmp_path / "in" / "doe.png").unlink()

    world = Coming(most_rests=500)
    desk = world.desk(tmp_path)
    for name in ("doe.png", "c.png"):
        (tmp_path / "in" / name).write_bytes(b"good")
    _withhold(monkeypatch, "doe.png")
    desk.watch(4, is_once=True)
    assert desk.counts == {"answered": 1} and desk.arrivals.waiting == 0


def _withhold(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Have the disc give the bytes of the films of that name to nobody."""
    read = Path.open

    def withheld(self: Path, *arguments: str, **named: str) -> object:
        if self.name == name:
            raise PermissionError(13, "Permission denied")
        return read(self, *arguments, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", withheld)


def test_watch_that_is_stopped_begins_no_further_film(tmp_path: Path) -> None:
    class Stopped(World):
        def answer(self, source: Path | bytes, name: str) -> FilmAnswer:
            self.most_rests = 0
            return super().answer(source, name)

    world = Stopped()
    desk = world.desk(tmp_path)
    for name in ("a.png", "b.png"):
        (tmp_path / "in" / name).write_bytes(b"good" + name.encode())
    desk.watch(4)
    assert desk.counts == {"answered": 1} and desk.arrivals.waiting == 1


def test_rests_grow_with_the_time_that_looking_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(most_rests=3)
    desk = world.desk(tmp_path)
    look = desk.arrivals.look

    def slow(now_s: float) -> object:
        world.now_s += 10
        return look(now_s)

    monkeypatch.setattr(desk.arrivals, "look", slow)
    desk.watch(4)
    assert world.rests == [40, 40, 40]
