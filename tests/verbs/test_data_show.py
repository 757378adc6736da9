"""hilum data show."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console

from film_folders import kermany_like
from hilum.errors import HilumError
from hilum.images import read_film
from hilum.verbs.data_show import show


def test_two_pictures_are_written_beside_the_catalogue(tmp_path: Path) -> None:
    answer = show(kermany_like(tmp_path / "films", patients=3), workspace=tmp_path / "work")
    for picture in (answer.counts_picture, answer.films_picture):
        assert Path(picture).parent == tmp_path / "work" / "films"
        assert read_film(Path(picture)).width_px == 1600
    assert json.loads(json.dumps(answer.as_json()))["counts"][0]["patients"] == 9


def test_pictures_go_where_they_are_asked_to(tmp_path: Path) -> None:
    answer = show(kermany_like(tmp_path / "films", patients=3), output=tmp_path / "new", workspace=tmp_path / "work")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["counts.png", "films.png"]
    console = Console(width=120, no_color=True, highlight=False)
    with console.capture() as capture:
        console.print(answer)
    assert "train" in capture.get() and "counts.png" in capture.get()


def test_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HilumError, match="Could not write"):
        show(kermany_like(tmp_path / "films", patients=3), output=tmp_path / "file", workspace=tmp_path / "work")
