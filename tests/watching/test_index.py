"""The list of every name that films came under."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hilum.errors import HilumError
from hilum.watching import Index, Line

REPORT = f"{'ab' * 32}-0123456789ab.html"


def line(path: str, report: str = REPORT) -> Line:
    """Of a film that was answered."""
    return Line("2026-11-22T10:05:00+00:00", path, report[:64], report, "answered")


def paths(index: Index) -> list[str]:
    """Of all lines, read as anybody may."""
    return [json.loads(text)["path"] for text in index.path.read_text("utf-8").splitlines()]


def test_name_stands_once_until_its_content_changes(tmp_path: Path) -> None:
    index = Index(tmp_path)
    other = "cd" * 32 + REPORT[64:]
    for one in (line("a"), line("a"), line("b"), line("a", other), line("a", other), line("a")):
        index.add(one)
    assert paths(index) == ["a", "b", "a", "a"]
    again = Index(tmp_path)
    again.add(line("a"))
    again.add(line("a", REPORT.replace("0123456789ab", "ffffffffffff")))  # of another model
    assert paths(again) == ["a", "b", "a", "a", "a"]


@pytest.mark.parametrize("half", ['{"time": "2026', '{"time": "x", "path": "\\u00e9', "\x00\x00\x00"])
def test_half_line_of_a_crash_is_cut_off_before_the_next_and_breaks_no_reading(tmp_path: Path, half: str) -> None:
    Index(tmp_path).add(line("a"))
    with (tmp_path / "index.jsonl").open("a", encoding="utf-8") as file:
        file.write(half)
    index = Index(tmp_path)
    assert paths(index) == ["a"]  # it is mended as it is opened
    with (tmp_path / "index.jsonl").open("a", encoding="utf-8") as file:
        file.write(half)
    index.add(line("b"))
    assert paths(index) == ["a", "b"]


def test_names_that_break_lines_and_lines_of_others_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "index.jsonl").write_text('[1]\n{"path": 3}\nno JSON\n', encoding="utf-8")
    Index(tmp_path).add(line("a\nb\u2028c\x85d"))
    last = (tmp_path / "index.jsonl").read_bytes().split(b"\n")[-2]
    assert json.loads(last)["path"] == "a\nb\u2028c\x85d" and last.isascii()


def test_two_watches_lose_no_line(tmp_path: Path) -> None:
    def work(number: int) -> None:
        index = Index(tmp_path)
        for film in range(100):
            index.add(line(f"{number}-{film}"))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))
    assert len(set(paths(Index(tmp_path)))) == 200


def test_full_disc_leaves_whole_lines(small_disc: Path) -> None:
    index = Index(small_disc)
    with pytest.raises(HilumError, match="No space left"):
        for number in range(1_000_000):
            index.add(line(f"{number}-{'x' * 500}"))
    content = index.path.read_bytes()
    assert content.endswith(b"\n") and len(paths(index)) == number
