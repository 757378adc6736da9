"""The folder of reports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hilum.errors import HilumError
from hilum.watching import Outbox

FILM = "ab" * 32


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    """For a page and an answer of each film."""
    return Outbox(tmp_path, "0123456789ab", (".json", ".html"))


def test_film_is_there_only_with_all_its_files(outbox: Outbox) -> None:
    assert not outbox.has(FILM)
    outbox.publish(FILM, {".json": "{}", ".html": "<p>"})
    assert outbox.has(FILM)
    assert {path.name for path in outbox.folder.iterdir()} == {
        f"{FILM}-0123456789ab.json",
        f"{FILM}-0123456789ab.html",
    }
    (outbox.folder / f"{FILM}-0123456789ab.html").unlink()
    assert not outbox.has(FILM)


def test_publishing_twice_leaves_one_report(outbox: Outbox) -> None:
    outbox.publish(FILM, {".json": "{}", ".html": "first"})
    outbox.publish(FILM, {".json": "{}", ".html": "second"})
    assert len(list(outbox.folder.iterdir())) == 2
    assert (outbox.folder / f"{outbox.name(FILM)}.html").read_text() == "second"


def test_disc_without_room_takes_no_half_report(small_disc: Path) -> None:
    outbox = Outbox(small_disc, "0123456789ab", (".json", ".html"))
    with pytest.raises(HilumError, match="No space left"):
        outbox.publish(FILM, {".json": "{}", ".html": "x" * 100_000})
    assert list(small_disc.iterdir()) == []


def test_halves_of_a_killed_watch_are_removed_and_nothing_else(outbox: Outbox) -> None:
    half = outbox.folder / f".{FILM}-0123456789ab.html.0a1b2c3d.part"
    others = [
        outbox.folder / f".{FILM}-ffffffffffff.html.0a1b2c3d.part",
        outbox.folder / f"{FILM}-0123456789ab.html",
        outbox.folder / ".notes.part",
    ]
    for path in (half, *others):
        path.write_text("something")
    with outbox.kept_alone():
        assert not half.exists() and all(path.exists() for path in others)


def test_second_process_is_refused_until_the_first_ends(outbox: Outbox) -> None:
    code = (
        "import sys; from pathlib import Path; from hilum.watching import Outbox\n"
        f"with Outbox(Path({str(outbox.folder)!r}), '0123456789ab', ()).kept_alone(): print('in')"
    )
    with outbox.kept_alone():
        refused = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert "Another process answers into" in refused.stderr and not refused.stdout
        with Outbox(outbox.folder, "ba9876543210", ()).kept_alone():
            pass  # another model, another lock
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "in\n"
