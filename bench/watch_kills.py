"""Kill a watch folder at random instants while films come in, and see that each film has one whole report.

    python bench/watch_kills.py MODEL FILMS [--films 500] [--kills 50] [--seed 1] [--json watch-kills.json]

FILMS is a folder with at least so many films of different content. They come into the watched folder in three ways: in
one piece, piece by piece, and renamed from another name; one in fifty is cut in half or no picture at all. A life ends
by SIGKILL after it has written a drawn number of reports, then a drawn moment later or when it is seen writing a file;
or while it is still starting. After each kill every report that lies there is read. At the end one life is left to
finish, and what lies there is compared with what a watch that nobody killed writes for the same films.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hilum.images.walk import is_film, walk
from hilum.json_files import write_json
from hilum.provenance import current
from hilum.watching import INDEX

SETTLE_S = 0.3
NAME = re.compile(r"[0-9a-f]{64}-[0-9a-f]{12}\.(json|html)")
STARTING = 0.2
"""Share of the lives that are ended at a moment of their first second, whether or not they got to work."""
LONGEST_LIFE_S = 10.0
WRITING = 0.4
"""Share of the lives that are ended when a file is seen that is being written; the others end at any moment."""


WRONG = (
    "films_with_two",
    "films_without",
    "half_at_any_kill",
    "faults_at_the_end",
    "halves_left_under_hidden_names",
    "answers_unlike_a_calm_watch",
    "films_changed",
)
"""Figures that must be nought."""


@dataclass(frozen=True)
class Place:
    """Where a watch works."""

    incoming: Path
    reports: Path


def start(python: str, model: str, place: Place, *more: str) -> subprocess.Popen[bytes]:
    """A watch in a process of its own."""
    command = [python, "-m", "hilum", "watch", str(place.incoming), str(place.reports), "--model", model]
    settle = ["--settle", str(SETTLE_S)]
    return subprocess.Popen([*command, *settle, *more], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def contents_of(films: Path, count: int, draw: random.Random) -> dict[str, bytes]:
    """Films of different content by the name they come under; one in fifty is spoilt."""
    contents: dict[str, bytes] = {}
    for path in sorted(filter(is_film, walk(films).files)):
        content = path.read_bytes()
        if len(contents) % 50 == 7:
            content = content[: len(content) // 2] if len(contents) % 100 == 7 else b"no picture: " + path.name.encode()
        if len(contents) < count and content not in contents.values():
            contents[f"{len(contents):04}-{draw.randrange(10**6)}{path.suffix}"] = content
    if len(contents) < count:
        sys.exit(f"{films} has {len(contents)} films of different content; {count} were asked for")
    return contents


class Feeder(threading.Thread):
    """Brings the films in while the watch is killed around them."""

    def __init__(self, folder: Path, contents: dict[str, bytes], seed: int) -> None:
        super().__init__(daemon=True)
        self.folder, self.contents, self.draw = folder, contents, random.Random(seed)
        self.allowed = 0  # films that may come; raised as reports appear, so that films come to the very end

    def run(self) -> None:
        """Bring them all."""
        for number, (name, content) in enumerate(self.contents.items()):
            while number >= self.allowed:
                time.sleep(0.01)
            (self._whole, self._in_pieces, self._renamed)[self.draw.randrange(3)](self.folder / name, content)

    def _whole(self, path: Path, content: bytes) -> None:
        path.write_bytes(content)

    def _in_pieces(self, path: Path, content: bytes) -> None:
        with path.open("wb") as file:
            for begin in range(0, len(content), len(content) // 3 + 1):
                file.write(content[begin : begin + len(content) // 3 + 1])
                file.flush()
                time.sleep(self.draw.uniform(0, 0.02))

    def _renamed(self, path: Path, content: bytes) -> None:
        beside = path.with_name(f".{path.name}.part")
        beside.write_bytes(content)
        time.sleep(self.draw.uniform(0, 0.02))
        beside.rename(path)


def faults(reports: Path) -> list[str]:
    """What is wrong with what lies there at this moment; half files under hidden names are not looked at."""
    found = []
    for path in reports.glob("[!.]*"):
        if path.name == INDEX:
            found += [f"{path.name}: half a line" for line in path.read_text("utf-8").splitlines() if not is_json(line)]
        elif not NAME.fullmatch(path.name):
            found.append(f"{path.name}: unknown name")
        elif path.suffix == ".html":
            page = path.read_text("utf-8")
            if not page.rstrip().endswith("</html>") or path.name[:64] not in page:
                found.append(f"{path.name}: half a report")
        elif answer(path).get("sha256") != path.name[:64]:
            found.append(f"{path.name}: half an answer")
    return found


def is_json(text: str) -> bool:
    """True for a whole JSON value."""
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def answer(path: Path) -> dict[str, Any]:
    """The row of a JSON file without the film's name; empty where it is no JSON."""
    try:
        (row,) = json.loads(path.read_text("utf-8"))["predictions"]
    except (ValueError, KeyError):
        return {}
    # The sentence of a problem begins with the film's name, which differs where two films have the same content.
    return {key: value for key, value in row.items() if key != "path"}


def halves(reports: Path) -> list[Path]:
    """What killed lives left beside the reports."""
    return list(reports.glob(".*.part"))


def count_of(reports: Path) -> int:
    """Reports that lie there."""
    return len(list(reports.glob("[!.]*.html")))


@dataclass(frozen=True)
class Life:
    """One watch until it was killed: its seconds, the reports it wrote, what it left half written under hidden names,
    and what was wrong with the reports after it."""

    seconds: float
    wrote: int
    halves: int
    faults: list[str]

    def __str__(self) -> str:
        amid = ", amid a report" if self.halves else ""
        return f"after {self.seconds:5.2f} s, {self.wrote:3} reports{amid}; {'; '.join(self.faults) or 'all whole'}"


def live_and_die(python: str, model: str, place: Place, draw: random.Random) -> Life:
    """One life."""
    before, started = count_of(place.reports), time.monotonic()
    process = start(python, model, place)
    kind = draw.random()
    if kind < STARTING:
        time.sleep(draw.uniform(0, 1))
    else:
        wanted = draw.randint(1, 18)
        while count_of(place.reports) < before + wanted and time.monotonic() < started + LONGEST_LIFE_S:
            time.sleep(0.002)
        if kind < STARTING + WRITING:
            while not halves(place.reports) and time.monotonic() < started + LONGEST_LIFE_S:
                pass
        else:
            time.sleep(draw.uniform(0, 0.1))
    if process.poll() is not None:
        assert process.stderr is not None
        sys.exit(f"The watch ended by itself: {process.stderr.read().decode()}")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    wrote = count_of(place.reports) - before
    return Life(time.monotonic() - started, wrote, len(halves(place.reports)), faults(place.reports))


def finish(python: str, model: str, place: Place) -> float:
    """Let a watch end by itself; its seconds come back."""
    started = time.monotonic()
    process = start(python, model, place, "--once")
    _, log = process.communicate(timeout=600)
    if process.returncode not in (0, 1):  # 1: the spoilt films
        sys.exit(f"The watch failed: {log.decode()}")
    return time.monotonic() - started


def kill_often(chosen: argparse.Namespace, place: Place, contents: dict[str, bytes]) -> list[Life]:
    """The lives that were ended."""
    draw, lives = random.Random(chosen.seed), list[Life]()
    feeder = Feeder(place.incoming, contents, chosen.seed)
    feeder.start()
    for kill in range(chosen.kills):
        # As many films as are reported, and some more, but never all before the last kill.
        ahead = max(20, len(contents) // 12)
        feeder.allowed = min(count_of(place.reports) + ahead, len(contents) - 1)
        lives.append(live_and_die(chosen.python, chosen.model, place, draw))
        print(f"kill {kill + 1:3} {lives[-1]}", flush=True)
    feeder.allowed = len(contents)
    feeder.join()
    return lives


def main() -> None:
    """Feed, kill, let the last life finish, judge."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("model")
    options.add_argument("source", metavar="FILMS", type=Path)
    options.add_argument("--films", type=int, default=500)
    options.add_argument("--kills", type=int, default=50)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--python", default=sys.executable)
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="hilum-watch-kills-") as room:
        figures = measured(chosen, Path(room))
    for name, value in figures.items():
        print(f"{name:32}{value}")
    if chosen.json:
        write_json(chosen.json, {"figures": figures, "provenance": asdict(current("onnxruntime", "numpy", "pillow"))})
    sys.exit(0 if figures["is_as_it_must_be"] else 1)


def measured(chosen: argparse.Namespace, room: Path) -> dict[str, Any]:
    """All figures of one bench."""
    place, calm = Place(room / "incoming", room / "reports"), Place(room / "incoming", room / "calm")
    place.incoming.mkdir()
    contents = contents_of(chosen.source, chosen.films, random.Random(chosen.seed))
    lives = kill_often(chosen, place, contents)
    last_s = finish(chosen.python, chosen.model, place)
    finish(chosen.python, chosen.model, calm)
    written = sorted(path.name for path in place.reports.glob("[!.]*"))
    hashes = {hashlib.sha256(content).hexdigest() for content in contents.values()}
    figures = {
        "films": len(contents),
        "kills": len(lives),
        "kills_before_any_report": sum(not life.wrote for life in lives),
        "kills_amid_a_report": sum(bool(life.halves) for life in lives),
        "reports": sum(name.endswith(".html") for name in written),
        "answers": sum(name.endswith(".json") for name in written),
        "films_with_two": len(written) - len({(name[:64], name[-4:]) for name in written}),
        "films_without": len(hashes - {name[:64] for name in written}),
        "half_at_any_kill": sum(bool(life.faults) for life in lives),
        "faults_at_the_end": faults(place.reports),
        "halves_left_under_hidden_names": len(halves(place.reports)),
        "answers_unlike_a_calm_watch": sum(
            answer(place.reports / path.name) != answer(path) for path in calm.reports.glob("[!.]*.json")
        ),
        "films_changed": sum((place.incoming / name).read_bytes() != content for name, content in contents.items()),
        "seconds_of_the_last_life": round(last_s, 1),
        "at_most_lost_per_kill_95": 3 / len(lives),
    }
    is_right = figures["reports"] == figures["answers"] == len(contents) and not any(figures[name] for name in WRONG)
    return figures | {"is_as_it_must_be": is_right}


if __name__ == "__main__":
    main()
