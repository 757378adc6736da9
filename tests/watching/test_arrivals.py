"""Which films of a folder are complete."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hilum.errors import HilumError
from hilum.watching import PATIENCE, Arrivals


@pytest.fixture
def arrivals(tmp_path: Path) -> Arrivals:
    """Of an empty folder; a film settles in four seconds."""
    (tmp_path / "in").mkdir()
    return Arrivals(tmp_path / "in", settle_s=4)


def names(arrivals: Arrivals, now_s: float) -> list[str]:
    return [one.path.name for one in arrivals.look(now_s)]


def test_film_is_complete_when_nothing_changed_for_the_settling_time(arrivals: Arrivals) -> None:
    film = arrivals.folder / "a.png"
    film.write_bytes(b"one")
    assert names(arrivals, 100) == []
    assert names(arrivals, 103.9) == []
    assert names(arrivals, 104) == ["a.png"]


def test_film_that_grows_starts_anew(arrivals: Arrivals) -> None:
    film = arrivals.folder / "a.png"
    film.write_bytes(b"one")
    arrivals.look(100)
    film.write_bytes(b"one, two")
    assert names(arrivals, 104) == []
    assert names(arrivals, 108) == ["a.png"]


def test_film_written_over_in_place_starts_anew(arrivals: Arrivals) -> None:
    film = arrivals.folder / "a.png"
    film.write_bytes(b"one")
    arrivals.look(100)
    film.write_bytes(b"two")
    os.utime(film, (5, 5))  # the same size
    assert names(arrivals, 104) == []
    assert names(arrivals, 108) == ["a.png"]


@pytest.mark.parametrize("unfinished", ["a.png.part", ".a.png.x7Gk2", "subfolder/a.tmp"])
def test_film_renamed_from_an_unfinished_name_is_complete_at_once(arrivals: Arrivals, unfinished: str) -> None:
    beside = arrivals.folder / unfinished
    beside.parent.mkdir(exist_ok=True)
    beside.write_bytes(b"whole")
    assert names(arrivals, 100) == []
    beside.rename(arrivals.folder / "a.png")
    assert names(arrivals, 101) == ["a.png"]


def test_film_renamed_before_its_last_bytes_were_seen_settles_first(arrivals: Arrivals) -> None:
    beside = arrivals.folder / "a.part"
    beside.write_bytes(b"half")
    arrivals.look(100)
    beside.write_bytes(b"half and whole")
    beside.rename(arrivals.folder / "a.png")
    assert names(arrivals, 101) == []
    assert names(arrivals, 105) == ["a.png"]


def test_film_renamed_from_a_films_name_settles_first(arrivals: Arrivals) -> None:
    (arrivals.folder / "1.png").write_bytes(b"half")
    arrivals.look(100)
    (arrivals.folder / "1.png").rename(arrivals.folder / "patient.png")
    assert names(arrivals, 101) == []


def test_done_film_comes_again_only_when_it_changes(arrivals: Arrivals) -> None:
    film = arrivals.folder / "a.png"
    film.write_bytes(b"one")
    arrivals.look(100)
    (arrival,) = arrivals.look(104)
    arrivals.done(arrival)
    assert names(arrivals, 1000) == [] and arrivals.waiting == 0
    film.write_bytes(b"another")
    assert names(arrivals, 1001) == [] and arrivals.waiting == 1
    assert names(arrivals, 1005) == ["a.png"]


def test_film_that_was_removed_and_comes_back_is_given_out_again(arrivals: Arrivals) -> None:
    film = arrivals.folder / "a.png"
    film.write_bytes(b"one")
    arrivals.look(100)
    arrivals.done(*arrivals.look(104))
    status = film.stat()
    film.unlink()
    assert names(arrivals, 105) == []
    film.write_bytes(b"one")
    os.utime(film, ns=(status.st_atime_ns, status.st_mtime_ns))
    arrivals.look(106)
    assert names(arrivals, 110) == ["a.png"]


def test_held_film_comes_again_after_the_patience_and_then_has_the_last_word(arrivals: Arrivals) -> None:
    (arrivals.folder / "a.png").write_bytes(b"half")
    arrivals.look(100)
    (arrival,) = arrivals.look(104)
    assert not arrival.is_last_word
    arrivals.hold(arrival, 104)
    assert arrivals.patience_s == PATIENCE * 4
    assert arrivals.look(104 + 47) == []
    (again,) = arrivals.look(104 + 48)
    assert again.is_last_word


def test_held_film_that_changes_is_waited_for_no_longer_than_others(arrivals: Arrivals) -> None:
    film = arrivals.folder / "a.png"
    film.write_bytes(b"half")
    arrivals.look(100)
    (arrival,) = arrivals.look(104)
    arrivals.hold(arrival, 104)
    film.write_bytes(b"half and whole")
    arrivals.look(105)
    assert names(arrivals, 109) == ["a.png"]


def test_older_films_come_first_and_subfolders_are_looked_into(arrivals: Arrivals) -> None:
    (arrivals.folder / "ward").mkdir()
    for name, seconds in (("a.png", 30), ("ward/b.jpeg", 10), ("c.TIF", 20)):
        (arrivals.folder / name).write_bytes(b"film")
        os.utime(arrivals.folder / name, (seconds, seconds))
    arrivals.look(0)
    assert names(arrivals, 4) == ["b.jpeg", "c.TIF", "a.png"]


def test_what_is_no_film_is_counted_and_never_given_out(arrivals: Arrivals) -> None:
    for name in ("notes.txt", "film.dcm", ".DS_Store", "._a.png", "scan.part"):
        (arrivals.folder / name).write_bytes(b"something")
    os.mkfifo(arrivals.folder / "pipe.png")
    (arrivals.folder / "lost.png").symlink_to("nowhere.png")
    arrivals.look(0)
    assert arrivals.passed_over == 0  # they may still be renamed
    assert names(arrivals, 4) == []
    assert arrivals.passed_over == 3 and arrivals.waiting == 0


def test_film_that_changed_since_it_was_given_out_is_known(arrivals: Arrivals) -> None:
    film = arrivals.folder / "a.png"
    film.write_bytes(b"one")
    arrivals.look(0)
    (arrival,) = arrivals.look(4)
    assert arrivals.is_unchanged(arrival)
    film.write_bytes(b"one, two")
    assert not arrivals.is_unchanged(arrival)
    film.unlink()
    assert not arrivals.is_unchanged(arrival)


def test_folder_that_is_gone_is_an_error_and_forgets_nothing(arrivals: Arrivals, tmp_path: Path) -> None:
    (arrivals.folder / "a.png").write_bytes(b"one")
    arrivals.look(0)
    arrivals.done(*arrivals.look(4))
    arrivals.folder.rename(tmp_path / "away")
    with pytest.raises(HilumError, match="Could not read"):
        arrivals.look(5)
    (tmp_path / "away").rename(arrivals.folder)
    assert names(arrivals, 9) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows takes other names")
def test_folder_that_cannot_be_read_does_not_hold_up_the_others(
    arrivals: Arrivals, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.png", "open/deep/b.png", "closed/c.png", "open/closed/d.png"):
        (arrivals.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (arrivals.folder / name).write_bytes(b"film")
    scan = os.scandir

    def closed(path: Path) -> object:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", closed)  # root may read everything
    arrivals.look(0)
    assert sorted(names(arrivals, 4)) == ["a.png", "b.png"] and arrivals.closed == 2
    monkeypatch.undo()
    arrivals.look(5)
    assert arrivals.closed == 0 and len(arrivals.look(9)) == 4
