"""The reader game's page, which records the answers of a person, and the table that judges them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from markupsafe import Markup

from hilum.evaluation import Count
from hilum.evaluation.reading import COLUMNS, Judgement, Reading
from hilum.metrics.comparison import ALPHA, PairedTest
from hilum.reports import words
from hilum.reports.comparison_words import p_value
from hilum.reports.embedded import as_text, script_hash
from hilum.reports.page import templates

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True, slots=True)
class ShownFilm:
    """A film of the game: its code, and its picture as a PNG file; nothing that tells the answer."""

    code: str
    png: bytes


def reader_page(data_name: str, part: str, shown: Sequence[ShownFilm], answers: dict[str, str]) -> str:
    """The game as one self-contained HTML document: keys p and n answer, the file of answers is saved by the browser.

    Args:
        data_name: of the films.
        part: that they are of.
        shown: in order.
        answers: given already, label by code; the page goes on behind them.
    """
    script = _script()
    game = {
        "name": hashlib.sha256("".join(film.code for film in shown).encode()).hexdigest()[:16],
        "columns": list(COLUMNS),
        "answers": answers,
    }
    pictures = [(film.code, as_text(film.png)) for film in shown]
    digest = script_hash(script)
    return (
        templates()
        .get_template("reader.html.j2")
        .render(
            data_name=data_name,
            part=part,
            pictures=pictures,
            game=json.dumps(game),
            script=Markup(script),  # part of the package, and allowed by its hash alone
            digest=digest,
        )
    )


@cache
def _script() -> str:
    return (files("hilum.reports") / "templates" / "reader.js").read_text(encoding="utf-8").strip()


def reading_table(reading: Reading) -> RenderableType:
    """The person's figures, and the model's beside them."""
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for header in ("reader", "sensitivity", "specificity"):
        table.add_column(header, overflow="fold")
    for one in (reading.reader, reading.model):
        if one is not None:
            table.add_row(one.name, one.sensitivity.text(), one.specificity.text())
    parts: list[RenderableType] = [
        Text(f"{reading.data_name}, {reading.part}: {words.films_of(reading.answered)} answered of {reading.asked},"),
        Text(f"{reading.pneumonia.films:,} with pneumonia and {reading.normal.films:,} normal.\n"),
        table,
    ]
    if reading.model is not None:
        parts += [Text(""), *(Text(line) for line in verdicts(reading, reading.model))]
    parts.append(
        Text(
            f"\n95 % intervals: {_methods(reading.reader)}. Truth is the label of the data set; the films are "
            "small copies without age, history or an earlier film, so that this is no test of a radiologist."
        )
    )
    return Group(*parts)


def _methods(reader: Judgement) -> str:
    """Of the figures that have an interval; one at the least has, as a film is answered."""
    defined = [one.method for one in (reader.sensitivity, reader.specificity) if one.low is not None]
    return "; ".join(dict.fromkeys(defined))


def verdicts(reading: Reading, model: Judgement) -> list[str]:
    """Whether person and model can be told apart, one sentence a figure."""
    figures = (
        ("Sensitivity", reading.reader.sensitivity, model.sensitivity, reading.sensitivity_test, reading.pneumonia),
        ("Specificity", reading.reader.specificity, model.specificity, reading.specificity_test, reading.normal),
    )
    return [
        f"{figure}: {_verdict(own.value, other.value, test, count)} (p {p_value(test.p)}, {test.method})."
        for figure, own, other, test, count in figures
        if own.value is not None and other.value is not None and test is not None
    ]


def _verdict(own: float, other: float, test: PairedTest, count: Count) -> str:
    if test.p is None or test.p >= ALPHA:
        return f"not distinguishable on these {count.patients} patients"
    return "you are better" if own > other else "the model is better"
