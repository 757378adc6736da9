"""hilum read: a person answers held-out films, and is judged beside a model."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hilum.datasets import WORKSPACE, Catalogue, resolve_catalogue
from hilum.errors import HilumError
from hilum.evaluation.reading import (
    COLUMNS,
    Reading,
    answer_of,
    choose_films,
    codes_of,
    judge_reading,
    read_answers,
)
from hilum.evaluation.runs import JudgedRun, read_run
from hilum.files import append_line, explained, printable, write_together
from hilum.images import read_film
from hilum.metrics import PRIMARY
from hilum.progress import on_stderr, track
from hilum.reports.reader import ShownFilm, reader_page, reading_table

if TYPE_CHECKING:
    from rich.console import RenderableType

_PAGE: Final = "index.html"
_ANSWERS: Final = "answers.csv"
_LONGEST_PX: Final = 768
_STOP: Final = ("q", "quit")


@dataclass(frozen=True, slots=True)
class ReaderGame:
    """The game's files, and the figures as far as it is answered."""

    films: int
    answered: int
    page: Path | None
    folder: Path
    reading: Reading | None

    def __rich__(self) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        parts: list[RenderableType] = [] if self.reading is None else [reading_table(self.reading)]
        if self.page:
            parts += [
                Text(f"\n{self.films} films to read, {self.answered} answered."),
                Text(
                    "Open the page, answer with p and n, save answers.csv, then: hilum read DATA --answers answers.csv"
                ),
                Text("Or answer here: hilum read DATA --ask"),
                Text(f"\nFilms  {self.folder}", no_wrap=True),
                Text(f"Page   {self.page}", no_wrap=True),
            ]
        return Group(*parts)

    def as_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {
            "films": self.films,
            "answered": self.answered,
            "reading": self.reading.as_json() if self.reading else None,
            "files": {"page": printable(self.page) if self.page else None, "films": printable(self.folder)},
        }


def read(
    data: Path,
    *,
    answers: Path | None = None,
    ask: bool = False,
    model: Path | None = None,
    films: int = 40,
    split: str = "test",
    operating_point: str = PRIMARY,
    output: Path = Path("runs/reader"),
    seed: int = 0,
    workspace: Path = WORKSPACE,
) -> ReaderGame:
    """Read held-out films yourself, and see your sensitivity and specificity beside a model's on the same films.

    Writes each film as a PNG whose name tells nothing, and a page on which p and n answer; the page saves answers.csv
    and goes on where it was left. With --ask the terminal asks instead. Half of the films are of each class, one a
    patient. Your answers are no look: no model is run, its answers are read from its evaluation.

    Args:
        data: Folder of class folders, or a catalogue file.
        answers: Judge the answers in this file, as the page saved it.
        ask: Ask here, film by film; answers are kept in answers.csv beside the films, and a second call goes on.
        model: Folder that `hilum evaluate` wrote for a model on the same films, or a row of `hilum reproduce`.
        films: How many to read.
        split: Folder the films came in (test, train, val) or all.
        operating_point: Name of the model's stored threshold.
        output: Folder for the films, the page and the answers.
        seed: Draws films and order.
        workspace: Folder of catalogues and pixel caches.

    Examples:
        hilum read data/chest_xray
        hilum read data/chest_xray --ask --films 20
        hilum read data/chest_xray --answers answers.csv --model runs/evaluations/best
    """
    run = read_run(model) if model else None
    catalogue, _ = resolve_catalogue(data, workspace, on_stderr())
    chosen = choose_films(catalogue, split, films, seed)
    place = output / _ANSWERS
    if answers:
        return _judged(chosen, split, read_answers(answers, chosen), run, operating_point, output, None)
    given = _earlier_answers(place, chosen)
    page = _write_game(chosen, split, given, output)
    if ask:
        given |= _ask(chosen, given, place)
    return _judged(chosen, split, given, run, operating_point, output, None if ask and given else page)


def _judged(
    chosen: Catalogue,
    split: str,
    given: dict[str, str],
    run: JudgedRun | None,
    point: str,
    output: Path,
    page: Path | None,
) -> ReaderGame:
    """The game with figures, where there is an answer; a file without one is refused where it was named."""
    is_begun = bool(given) or page is None
    reading = judge_reading(chosen, split, given, run, point) if is_begun else None
    return ReaderGame(len(chosen.films), len(given), page, output, reading)


def _earlier_answers(place: Path, chosen: Catalogue) -> dict[str, str]:
    with explained(place, "read"):
        is_there = place.exists()
    return read_answers(place, chosen) if is_there else {}


def _write_game(chosen: Catalogue, split: str, given: dict[str, str], output: Path) -> Path:
    """The films as PNG files, and the page that holds them all."""
    shown = [
        ShownFilm(code, _picture(chosen.root / film.path))
        for code, film in track(
            on_stderr(), zip(codes_of(chosen), chosen.films, strict=True), "Films", len(chosen.films)
        )
    ]
    page = output / _PAGE
    if page.exists() and "hilum · reader game" not in page.read_text(encoding="utf-8", errors="replace"):
        raise HilumError(
            f"'{printable(output)}' holds '{_PAGE}' of something else.",
            expected="an empty folder, or an earlier game",
            do="Name another folder with --output.",
        )
    pictures = {output / name_of(number): film.png for number, film in enumerate(shown, start=1)}
    write_together({**pictures, page: reader_page(chosen.name, split, shown, given)})
    return page


def name_of(number: int) -> str:
    """The name of a film's PNG, which tells its place in the game alone."""
    return f"film-{number:03d}.png"


def _picture(path: Path) -> bytes:
    """The film as a PNG, its longer side at most `_LONGEST_PX`."""
    from PIL import Image

    picture, content = Image.fromarray(read_film(path).pixels), io.BytesIO()
    picture.thumbnail((_LONGEST_PX, _LONGEST_PX))
    picture.save(content, "PNG")
    return content.getvalue()


def _ask(chosen: Catalogue, given: dict[str, str], place: Path) -> dict[str, str]:
    """Ask for every open film on the terminal, and write each answer down before the next is asked."""
    found: dict[str, str] = {}
    for number, code in enumerate(codes_of(chosen), start=1):
        if code in given:
            continue
        label = _answer(f"Film {number} of {len(chosen.films)}  {place.parent / name_of(number)}  [p/n, q stops] ")
        if not label:
            break
        if not place.exists():
            append_line(place, ",".join(COLUMNS))
        append_line(place, f"{number},{code},{label}")
        found[code] = label
    return found


def _answer(question: str) -> str:
    """The label that a person answers; "" where they stop."""
    while True:
        sys.stderr.write(question)
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line or line.strip().lower() in _STOP:
            sys.stderr.write("\n" if not line else "")
            return ""
        if label := answer_of(line):
            return label
