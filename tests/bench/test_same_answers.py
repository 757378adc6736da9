"""Command line, REST and watch folder give the same answer for a film, to the last bit."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import same_answers
from PIL import Image


@pytest.fixture
def films(phantom_films: Path, tmp_path: Path) -> Path:
    """Phantoms as they are and in other forms, pictures that are no film, and files that are no picture."""
    place = tmp_path / "films"
    place.mkdir()
    for number, source in enumerate(sorted((phantom_films / "test").rglob("*.jpeg"))[:12]):
        image = Image.open(source)
        image.save(place / f"{number}.png")
        image.resize((301, 257)).save(place / f"{number}.tif")
        (place / f"{number}.jpeg").write_bytes(source.read_bytes())
        if number < 2:
            image.convert("RGB").save(place / f"{number}-colour.jpeg", quality=60)
            (place / f"{number}-half.png").write_bytes((place / f"{number}.png").read_bytes()[:900])
    Image.new("RGB", (200, 200), (250, 20, 20)).save(place / "red.png")
    (place / "empty.jpeg").touch()
    (place / "text.png").write_text("no picture")
    return place


@pytest.mark.slow
def test_every_way_to_ask_gives_the_same_answer(
    films: Path, phantom_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "told.json"
    monkeypatch.setattr(sys, "argv", ["same_answers.py", str(phantom_run), str(films), "--json", str(told)])
    with pytest.raises(SystemExit) as ended:
        same_answers.main()
    facts = json.loads(told.read_text("utf-8"))
    assert ended.value.code == 0, facts
    assert set(facts["statuses"]) == {"answered", "not assessed", "unreadable"}
    assert facts["differing"] == dict.fromkeys(facts["differing"], 0) and len(facts["differing"]) == 4


def test_an_answer_that_differs_in_its_last_bit_is_another() -> None:
    row = {"path": "a.png", "problem": "'a.png' is empty", "probability": 0.1 + 0.2}
    assert same_answers.row_of(row) == same_answers.row_of({**row, "path": "b.png", "problem": "'b.png' is empty"})
    assert same_answers.row_of(row) != same_answers.row_of({**row, "probability": 0.3})
