"""hilum data check."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console

from film_folders import kermany_like, write_film
from hilum.verbs.data_check import Checked, check


def read(answer: Checked) -> str:
    console = Console(width=80, no_color=True, highlight=False)
    with console.capture() as capture:
        console.print(answer)
    return capture.get()


def test_sound_data_have_exit_status_zero(tmp_path: Path) -> None:
    answer = check(kermany_like(tmp_path / "films"), workspace=tmp_path / "work")
    assert answer.exit_status == 0 and answer.leaked_share is None
    text = read(answer)
    assert "kermany: 96 films of 72 patients" in text and "Patients on two sides of the folders" in text
    assert "LEAK" not in text and max(map(len, text.splitlines())) <= 80


def test_patient_in_two_folders_has_exit_status_one(tmp_path: Path) -> None:
    write_film(kermany_like(tmp_path / "films") / "test" / "NORMAL" / "IM-0001-0009.jpeg", 999)
    answer = check(tmp_path / "films", workspace=tmp_path / "work")
    assert answer.exit_status == 1
    assert "LEAK" in read(answer) and "test/NORMAL/IM-0001-0009.jpeg" in read(answer)


def test_identical_file_in_two_folders_has_exit_status_one(tmp_path: Path) -> None:
    write_film(kermany_like(tmp_path / "films") / "test" / "NORMAL" / "IM-0901-0001.jpeg", 1)
    assert check(tmp_path / "films", workspace=tmp_path / "work").exit_status == 1


def test_leaky_protocol_has_exit_status_one_and_tells_the_share(tmp_path: Path) -> None:
    answer = check(kermany_like(tmp_path / "films"), protocol="random20", workspace=tmp_path / "work")
    assert answer.exit_status == 1 and answer.leaked_share
    assert f"{answer.leaked_share:.1%} of the validation films" in " ".join(read(answer).split())


def test_protocol_by_patient_has_exit_status_zero(tmp_path: Path) -> None:
    answer = check(kermany_like(tmp_path / "films"), protocol="official", workspace=tmp_path / "work")
    assert (answer.exit_status, answer.leaked_share, answer.evaluation_part) == (0, 0.0, "test")


def test_bad_films_are_findings_not_errors(tmp_path: Path) -> None:
    (kermany_like(tmp_path / "films") / "train" / "NORMAL" / "IM-0900-0001.jpeg").write_text("no image")
    answer = check(tmp_path / "films", workspace=tmp_path / "work")
    assert next(finding for finding in answer.findings if finding.title == "Films that cannot be used").count == 1
    assert answer.exit_status == 0


def test_answer_is_json(tmp_path: Path) -> None:
    answer = check(kermany_like(tmp_path / "films"), protocol="random20", workspace=tmp_path / "work")
    value = json.loads(json.dumps(answer.as_json()))
    assert value["has_leak"] is True
    assert {"severity", "title", "count", "films", "detail"} == set(value["findings"][0])
