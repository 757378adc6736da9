"""hilum watch: films come into one folder, their reports appear in another."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from hilum.errors import HilumError
from hilum.verbs.predict import predict
from hilum.verbs.watch import watch

SETTLE = 0.02


@pytest.fixture
def films(phantom_films: Path) -> list[Path]:
    """Five phantoms."""
    return sorted((phantom_films / "test" / "NORMAL").iterdir())[:5]


@pytest.fixture
def incoming(films: list[Path], tmp_path: Path) -> Path:
    """Three films, one of them in a folder below."""
    (tmp_path / "in" / "ward").mkdir(parents=True)
    for film, name in zip(films, ("a.jpeg", "b.jpeg", "ward/c.jpeg"), strict=False):
        shutil.copy(film, tmp_path / "in" / name)
    return tmp_path / "in"


def answers(output: Path) -> dict[str, dict[str, Any]]:
    """The rows by the film's name."""
    documents = [json.loads(path.read_text("utf-8")) for path in output.glob("*.json")]
    return {row["path"]: row for document in documents for row in document["predictions"]}


def state(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Content and time of every file."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def test_each_film_gets_one_report_and_one_answer_named_by_its_content(
    incoming: Path, phantom_run: Path, tmp_path: Path
) -> None:
    before = state(incoming)
    done = watch(incoming, tmp_path / "out", model=phantom_run, settle=SETTLE, once=True)
    assert (done.answered, done.waiting, done.exit_status) == (3, 0, 0)
    hashes = {hashlib.sha256(path.read_bytes()).hexdigest() for path in incoming.rglob("*.jpeg")}
    for suffix in ("json", "html"):
        names = [path.name for path in (tmp_path / "out").glob(f"*.{suffix}")]
        assert {name[:64] for name in names} == hashes and len(names) == 3
    assert state(incoming) == before
    page = next((tmp_path / "out").glob("*.html")).read_text("utf-8")
    assert "found by this model" in page and page.rstrip().endswith("</html>")


def test_answers_are_those_of_predict_to_the_last_digit(incoming: Path, phantom_run: Path, tmp_path: Path) -> None:
    watch(incoming, tmp_path / "out", model=phantom_run, prevalence=0.05, settle=SETTLE, once=True)
    asked = predict([incoming], model=phantom_run, prevalence=0.05).as_json()
    document = json.loads(next((tmp_path / "out").glob("*.json")).read_text("utf-8"))
    assert {**json.loads(json.dumps(asked)), "predictions": 0} == {
        key: value for key, value in document.items() if key != "made"
    } | {"predictions": 0}
    told = answers(tmp_path / "out")
    for row in json.loads(json.dumps(asked))["predictions"]:
        name = str(Path(row["path"]).relative_to(incoming))
        assert {key: value for key, value in told[name].items() if key != "sha256"} == row | {"path": name}


def test_film_that_comes_twice_and_a_second_watch_leave_one_report(
    incoming: Path, phantom_run: Path, tmp_path: Path
) -> None:
    shutil.copy(incoming / "a.jpeg", incoming / "again.jpeg")
    first = watch(incoming, tmp_path / "out", model=phantom_run, settle=SETTLE, once=True)
    before = state(tmp_path / "out")
    second = watch(incoming, tmp_path / "out", model=phantom_run, settle=SETTLE, once=True)
    assert (first.answered, first.already_answered) == (3, 1)
    assert (second.answered, second.already_answered) == (0, 4)
    assert state(tmp_path / "out") == before


def index(output: Path) -> list[dict[str, str]]:
    """The lines of the list of films."""
    return [json.loads(line) for line in (output / "index.jsonl").read_text("utf-8").splitlines()]


def test_every_name_that_a_film_came_under_stands_in_the_index(
    films: list[Path], phantom_run: Path, tmp_path: Path
) -> None:
    for name in ("anna/1.jpeg", "berta/2.jpeg"):
        (tmp_path / "in" / name).parent.mkdir(parents=True)
        shutil.copy(films[0], tmp_path / "in" / name)
    done = watch(tmp_path / "in", tmp_path / "out", model=phantom_run, settle=SETTLE, once=True)
    assert (done.answered, done.already_answered, done.of_another_name) == (1, 1, 1)
    assert "Films with the content of another name" in str(done.__rich__())
    lines = index(tmp_path / "out")
    assert [sorted(line) for line in lines] == [["path", "report", "sha256", "status", "time"]] * 2
    assert {line["path"] for line in lines} == {"anna/1.jpeg", "berta/2.jpeg"}
    (report,) = (tmp_path / "out").glob("*.html")
    sha256 = hashlib.sha256(films[0].read_bytes()).hexdigest()
    assert {(line["report"], line["sha256"], line["status"]) for line in lines} == {(report.name, sha256, "answered")}
    again = watch(tmp_path / "in", tmp_path / "out", model=phantom_run, settle=SETTLE, once=True)
    assert again.of_another_name == 1 and index(tmp_path / "out") == lines  # nothing new came


def test_answers_at_another_prevalence_lie_beside_the_first(incoming: Path, phantom_run: Path, tmp_path: Path) -> None:
    for prevalence in (0.05, 0.2):
        watch(
            incoming,
            tmp_path / "out",
            model=phantom_run,
            prevalence=prevalence,
            report="none",
            settle=SETTLE,
            once=True,
        )
    assert len(list((tmp_path / "out").glob("*.json"))) == 6


def test_report_that_was_lost_is_written_again(incoming: Path, phantom_run: Path, tmp_path: Path) -> None:
    watch(incoming, tmp_path / "out", model=phantom_run, settle=SETTLE, once=True)
    next((tmp_path / "out").glob("*.html")).unlink()
    again = watch(incoming, tmp_path / "out", model=phantom_run, settle=SETTLE, once=True)
    assert (again.answered, again.already_answered) == (1, 2)
    assert len(list((tmp_path / "out").glob("*.html"))) == 3


def test_film_that_is_none_has_its_report_with_the_reason(incoming: Path, phantom_run: Path, tmp_path: Path) -> None:
    (incoming / "half.jpeg").write_bytes((incoming / "a.jpeg").read_bytes()[:700])
    (incoming / "empty.png").touch()
    Image.new("RGB", (300, 300), (250, 20, 20)).save(incoming / "red.png")
    done = watch(incoming, tmp_path / "out", model=phantom_run, settle=SETTLE, once=True)
    assert (done.answered, done.unreadable, done.not_assessed, done.exit_status) == (3, 2, 1, 1)
    told = answers(tmp_path / "out")
    assert told["empty.png"]["status"] == told["half.jpeg"]["status"] == "unreadable"
    assert told["red.png"]["status"] == "not assessed" and told["red.png"]["reasons"]
    assert told["empty.png"]["sha256"] == hashlib.sha256(b"").hexdigest()
    pages = [path.read_text("utf-8") for path in (tmp_path / "out").glob("*.html")]
    assert sum("empty (0 bytes)" in page for page in pages) == 1
    again = watch(incoming, tmp_path / "out", model=phantom_run, settle=SETTLE, once=True)
    assert (again.already_answered, again.unreadable) == (6, 0)


def test_report_may_be_left_out_or_be_french(incoming: Path, phantom_run: Path, tmp_path: Path) -> None:
    watch(incoming, tmp_path / "bare", model=phantom_run, report="none", settle=SETTLE, once=True)
    assert {path.suffix for path in (tmp_path / "bare").glob("[!.]*")} == {".json", ".jsonl"}
    watch(incoming, tmp_path / "fr", model=phantom_run, language="fr", settle=SETTLE, once=True)
    assert 'lang="fr"' in next((tmp_path / "fr").glob("*.html")).read_text("utf-8")


@pytest.mark.slow
def test_report_may_be_a_pdf(incoming: Path, phantom_run: Path, tmp_path: Path) -> None:
    pytest.importorskip("weasyprint")
    watch(incoming, tmp_path / "out", model=phantom_run, report="pdf", settle=SETTLE, once=True)
    pages = list((tmp_path / "out").glob("*.pdf"))
    assert len(pages) == 3 and all(page.read_bytes().startswith(b"%PDF") for page in pages)


def test_places_that_cannot_be_are_refused_in_a_sentence(incoming: Path, phantom_run: Path, tmp_path: Path) -> None:
    with pytest.raises(HilumError, match="lies inside the folder that is watched"):
        watch(incoming, incoming / "out", model=phantom_run, once=True)
    with pytest.raises(HilumError, match="lies inside the folder that is watched"):
        watch(incoming, incoming, model=phantom_run, once=True)
    with pytest.raises(HilumError, match="is no folder"):
        watch(tmp_path / "nowhere", tmp_path / "out", model=phantom_run, once=True)
    for settle in (float("nan"), float("inf"), 0, -1):
        with pytest.raises(HilumError, match=f"{settle:g} seconds"):
            watch(incoming, tmp_path / "out", model=phantom_run, settle=settle, once=True)


def test_language_without_a_report_is_refused_and_that_of_the_site_answers_no_film_again(
    incoming: Path, phantom_run: Path, tmp_path: Path
) -> None:
    with pytest.raises(HilumError, match="no report"):
        watch(incoming, tmp_path / "out", model=phantom_run, report="none", language="fr", settle=SETTLE, once=True)
    assert not (tmp_path / "out").exists()
    (tmp_path / "hilum.toml").write_text('language = "fr"', encoding="utf-8")
    for site in (None, tmp_path):
        done = watch(incoming, tmp_path / "out", model=phantom_run, report="none", site=site, settle=SETTLE, once=True)
    assert (done.answered, done.already_answered) == (0, 3)


class Service:
    """A watch in a process of its own that goes on until it is stopped."""

    def __init__(self, incoming: Path, output: Path, model: Path) -> None:
        command = [sys.executable, "-m", "hilum", "watch", str(incoming), str(output), "--model", str(model)]
        self.output = output
        self.process = subprocess.Popen(
            [*command, "--settle", "0.2", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def reports(self, count: int, deadline_s: float = 30) -> list[Path]:
        """The reports, when there are so many."""
        end_s = time.monotonic() + deadline_s
        while len(found := sorted(self.output.glob("*.html"))) < count:
            assert time.monotonic() < end_s, f"{len(found)} of {count} reports"
            assert self.process.poll() is None
            time.sleep(0.02)
        return found

    def stop(self) -> tuple[dict[str, Any], str]:
        """End it as a service is ended; its answer and its log come back."""
        self.process.send_signal(signal.SIGTERM)
        said, log = self.process.communicate(timeout=20)
        assert self.process.returncode == 0, log
        return json.loads(said), log


@pytest.mark.slow
def test_service_answers_what_comes_and_ends_in_order(
    films: list[Path], incoming: Path, phantom_run: Path, tmp_path: Path
) -> None:
    service = Service(incoming, tmp_path / "out", phantom_run)
    try:
        service.reports(3)
        shutil.copy(films[3], incoming / ".new.part")
        (incoming / ".new.part").rename(incoming / "new.jpeg")
        service.reports(4)
        whole = films[4].read_bytes()
        with (incoming / "slow.jpeg").open("wb") as slow:  # a sender that stalls for longer than a film settles
            slow.write(whole[: len(whole) // 2])
            slow.flush()
            time.sleep(0.8)
            assert len(service.reports(4)) == 4
            slow.write(whole[len(whole) // 2 :])
        service.reports(5)
        locked = incoming / "ward"
        moved = tmp_path / "away"
        locked.rename(moved)
        (incoming / "notes.txt").write_text("none")
        time.sleep(0.6)
        said, log = service.stop()
    finally:
        service.process.kill()
    assert said["answered"] == 5 and said["unreadable"] == said["not_assessed"] == 0
    assert "passed over" in log
    assert not any(name in log for name in ("a.jpeg", "new.jpeg", "slow.jpeg", "notes.txt"))
    assert not [path for path in (tmp_path / "out").iterdir() if path.name.endswith(".part")]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_folder_of_films_that_goes_and_comes_back_is_waited_for(
    films: list[Path], incoming: Path, phantom_run: Path, tmp_path: Path
) -> None:
    service = Service(incoming, tmp_path / "out", phantom_run)
    try:
        service.reports(3)
        incoming.rename(tmp_path / "away")
        time.sleep(0.5)
        shutil.copy(films[3], tmp_path / "away" / "new.jpeg")
        (tmp_path / "away").rename(incoming)
        service.reports(4)
        said, log = service.stop()
    finally:
        service.process.kill()
    assert said["answered"] == 4
    assert log.count("No such file or directory") == 1 and "tried again" in log


def test_damaged_model_is_refused_before_the_watch_begins(incoming: Path, phantom_run: Path, tmp_path: Path) -> None:
    shutil.copytree(phantom_run / "model", tmp_path / "model")
    (tmp_path / "model" / "model.onnx").write_bytes(b"cut short")
    with pytest.raises(HilumError, match=r"not the file that hilum\.json describes"):
        watch(incoming, tmp_path / "out", model=tmp_path / "model", settle=SETTLE)
