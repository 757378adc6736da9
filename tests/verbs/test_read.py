"""hilum read: a person answers films, and is judged."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from hilum.errors import HilumError
from hilum.images import read_film
from hilum.verbs.read import ReaderGame, name_of, read


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _game(films: Path, place: Path, **more: object) -> ReaderGame:
    return read(films, films=6, output=place / "game", workspace=place / "workspace", **more)  # type: ignore[arg-type]


def _typing(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def test_films_are_pictures_whose_names_tell_nothing(phantom_films: Path, place: Path) -> None:
    made = _game(phantom_films, place)
    assert sorted(path.name for path in (place / "game").iterdir()) == [*map(name_of, range(1, 7)), "index.html"]
    assert read_film(place / "game" / name_of(1)).width_px == 128
    assert (made.films, made.answered, made.reading) == (6, 0, None)


def test_the_terminal_asks_until_it_is_told_to_stop_and_goes_on_later(
    phantom_films: Path, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _typing(monkeypatch, "p\nwhat\nn\nq\n")
    made = _game(phantom_films, place, ask=True)
    assert made.answered == 2
    assert "Film 2 of 6" in capsys.readouterr().err
    lines = (place / "game" / "answers.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines] == ["number", "1", "2"]
    _typing(monkeypatch, "n\n" * 9)
    made = _game(phantom_films, place, ask=True)
    assert made.answered == 6
    assert made.reading is not None and made.reading.answered.films == 6
    assert "Film 3 of 6" in capsys.readouterr().err
    assert _game(phantom_films, place, answers=place / "game" / "answers.csv").reading == made.reading


def test_answers_of_another_game_are_refused(phantom_films: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _typing(monkeypatch, "p\n" * 6)
    _game(phantom_films, place, ask=True)
    with pytest.raises(HilumError, match="of another game"):
        _game(phantom_films, place, answers=place / "game" / "answers.csv", seed=5)


def test_nobody_at_the_terminal_is_no_answer(phantom_films: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _typing(monkeypatch, "")
    assert _game(phantom_films, place, ask=True).answered == 0
    assert not (place / "game" / "answers.csv").exists()


def test_a_page_of_something_else_is_left_alone(phantom_films: Path, place: Path) -> None:
    (place / "game").mkdir()
    (place / "game" / "index.html").write_text("mine")
    with pytest.raises(HilumError, match=r"holds 'index\.html' of something else"):
        _game(phantom_films, place)
    assert (place / "game" / "index.html").read_text() == "mine"
