"""Files: all or nothing, and every failure one sentence."""

from __future__ import annotations

import errno
import json
import math
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import pytest

from hilum.errors import HilumError
from hilum.files import (
    PART_IS_STALE_AFTER_S,
    append_line,
    printable,
    read_text,
    sha256_of,
    spreadsheet_safe,
    write_atomically,
    write_text,
)
from hilum.json_files import read_json, write_json


def test_full_disc_leaves_the_old_file_and_no_other(small_disc: Path) -> None:
    write_text(small_disc / "answer.txt", "old")
    with pytest.raises(HilumError, match="No space left on device"):
        write_text(small_disc / "answer.txt", "new" * 100_000)
    assert [path.name for path in small_disc.iterdir()] == ["answer.txt"]
    assert read_text(small_disc / "answer.txt") == "old"


def test_writer_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    write_text(tmp_path / "answer.txt", "old")

    def half(file: BinaryIO) -> None:
        file.write(b"ne")
        raise ValueError("interrupted")

    with pytest.raises(ValueError, match="interrupted"):
        write_atomically(tmp_path / "answer.txt", half)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_folder_that_is_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(HilumError, match=r"Could not write .*Not a directory|File exists"):
        write_text(tmp_path / "file" / "answer.txt", "text")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_forbidden_folder_is_one_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(HilumError, match="Permission denied"):
        write_text(tmp_path / "answer.txt", "text")


def test_json_is_sorted_and_refuses_nan(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"b": 1, "a": "é"})
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == '{\n "a": "é",\n "b": 1\n}\n'
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", math.nan)


def test_damaged_json_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(HilumError, match=r"a\.json' is not JSON"):
        read_json(tmp_path / "a.json")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
def test_json_number_that_is_not_finite_is_refused(tmp_path: Path, number: str) -> None:
    (tmp_path / "a.json").write_text(f'{{"slope": {number}}}')
    with pytest.raises(HilumError, match=rf"a\.json' is not JSON: {number} is no finite number"):
        read_json(tmp_path / "a.json")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"ok \xff")
    with pytest.raises(HilumError, match="byte 3"):
        read_text(tmp_path / "a.toml")


def test_many_writers_never_mix_lines(tmp_path: Path) -> None:
    lines = [json.dumps({"number": number, "text": "x" * 500}) for number in range(200)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda line: append_line(tmp_path / "looks.jsonl", line), lines))
    assert sorted((tmp_path / "looks.jsonl").read_text().splitlines()) == sorted(lines)


def test_line_that_does_not_fit_on_the_disc_leaves_the_file_as_it_was(small_disc: Path) -> None:
    looks = small_disc / "looks.jsonl"
    looks.write_bytes(b"x" * 3999 + b"\n")  # 96 bytes of its page are free, and no other page
    with suppress(OSError), (small_disc / "filler").open("wb", buffering=0) as filler:
        while filler.write(b"0" * 4096):
            pass
    with pytest.raises(HilumError, match=r"append to .*No space left on device.*Free some space"):
        append_line(looks, "y" * 500)
    assert looks.read_bytes() == b"x" * 3999 + b"\n"
    append_line(looks, "y" * 50)
    assert looks.read_bytes()[4000:] == b"y" * 50 + b"\n"


def test_half_line_of_an_older_writer_is_ended_first(tmp_path: Path) -> None:
    (tmp_path / "looks.jsonl").write_bytes(b"whole\nhal")
    append_line(tmp_path / "looks.jsonl", "next")
    append_line(tmp_path / "looks.jsonl", "last")
    assert (tmp_path / "looks.jsonl").read_text() == "whole\nhal\nnext\nlast\n"


def test_part_of_a_killed_writer_is_removed_after_a_day_and_that_of_a_running_one_stays(tmp_path: Path) -> None:
    names = (".a.txt.0123abcd.part", ".a.txt.4567abcd.part", ".b.txt.0123abcd.part", ".a.txt.mine.part")
    stale, running, of_another_file, of_somebody = (tmp_path / name for name in names)
    for part in (stale, running, of_another_file, of_somebody):
        part.touch()
    for part in (stale, of_another_file, of_somebody):
        os.utime(part, (0, part.stat().st_mtime - PART_IS_STALE_AFTER_S - 60))
    write_text(tmp_path / "a.txt", "text")
    assert {path.name for path in tmp_path.iterdir()} == {"a.txt", *names[1:]}


def test_two_writers_at_once_leave_one_whole_text_and_no_part(tmp_path: Path) -> None:
    texts = [str(number) * 10_000 for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda text: write_text(tmp_path / "a.txt", text), texts))
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() in texts


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_cell_that_a_spreadsheet_would_run_gets_a_quote(sign: str) -> None:
    assert spreadsheet_safe(f"{sign}1") == f"'{sign}1"
    assert spreadsheet_safe(f"a{sign}") == f"a{sign}"


@pytest.mark.parametrize("cell", [-1.5, None, "", "film.png"])
def test_other_cells_stay_as_they_are(cell: object) -> None:
    assert spreadsheet_safe(cell) == cell


def test_hash_is_sha256(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    assert sha256_of(tmp_path / "abc").startswith("ba7816bf8f01cfea")


def test_name_that_is_not_utf8_is_printable() -> None:
    assert printable(os.fsdecode(b"film\xff.jpeg")) == "film\\xff.jpeg"


def test_unknown_error_of_the_system_still_names_the_path(tmp_path: Path) -> None:
    def broken(_: BinaryIO) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(HilumError, match=r"answer\.txt': Input/output error"):
        write_atomically(tmp_path / "answer.txt", broken)
