"""Two pictures of a data set: how many films of each kind lie in which folder, and what they look like."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from hilum.datasets.catalogue import LABELS, Catalogue, FilmRecord
from hilum.datasets.counts import PlaceCount, count_films
from hilum.datasets.draws import Group, shuffled
from hilum.datasets.pictures_page import COLOURS, GREY, WIDTH_IN, draw_square, page, png, short, written
from hilum.images import read_film, to_square

_BAR_IN, _BAR_LENGTH_IN, _BLOCK_IN = 0.32, 2.9, 0.92
_ROWS, _COLUMNS, _CELL_IN, _GAP_IN = 3, 3, 1.11, 0.08
_THUMBNAIL_SIDE = 320


def draw_counts(catalogue: Catalogue) -> bytes:
    """A PNG with one bar a class and folder, divided by subtype, every count written beside it.

    Raises:
        HilumError: matplotlib is not installed.
    """
    counts = count_films(catalogue)
    height_in = 0.85 + _BLOCK_IN * len(counts)
    headline = f"{_number(len(catalogue.usable.films), 'film')} of {_patients(catalogue)}"
    figure = page(height_in, headline, _remark(catalogue))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, WIDTH_IN), ylim=(height_in, 0))
    axes.set_axis_off()
    scale = _BAR_LENGTH_IN / max([1, *(max(count.pneumonia, count.normal) for count in counts)])
    for number, count in enumerate(counts):
        top_in = 0.8 + _BLOCK_IN * number
        axes.text(0.3, top_in + _BAR_IN, count.place or "all films", **written(11, va="center"))
        unknown = count.pneumonia - count.bacteria - count.virus
        pneumonia = {"bacteria": count.bacteria, "virus": count.virus, "pneumonia": unknown}
        _draw_bar(axes, top_in, pneumonia, scale, _pneumonia_in_words(count))
        _draw_bar(axes, top_in + _BAR_IN, {"normal": count.normal}, scale, f"{count.normal:,} normal")
    return png(figure)


def _draw_bar(axes: Any, top_in: float, films_of: dict[str, int], inches_a_film: float, words: str) -> None:
    """One class of one folder: a bar of its kinds, and what it says in words."""
    end_in = 1.3
    for kind, films in films_of.items():
        axes.barh(
            top_in + _BAR_IN / 2, films * inches_a_film, _BAR_IN * 0.8, left=end_in, color=COLOURS[kind], linewidth=0
        )
        end_in += films * inches_a_film
    axes.text(end_in + 0.08, top_in + _BAR_IN / 2, words, **written(10, va="center"))


def _pneumonia_in_words(count: PlaceCount) -> str:
    known = [f"{films:,} {kind}" for kind, films in (("bacteria", count.bacteria), ("virus", count.virus)) if films]
    return f"{count.pneumonia:,} pneumonia{': ' if known else ''}{', '.join(known)}"


def draw_examples(catalogue: Catalogue, seed: int = 0) -> bytes:
    """A PNG with nine films of each class drawn by `seed`, each of another patient, pneumonia on the left.

    Films of a test folder are not shown: nobody has to look at them.

    Raises:
        HilumError: matplotlib is not installed, or a film cannot be opened any more.
    """
    height_in = 1.15 + _ROWS * (_CELL_IN + 0.24)
    figure = page(height_in, "What the films look like", _remark(catalogue))
    for label, left_in in zip(
        LABELS, (0.3, WIDTH_IN - 0.3 - _COLUMNS * _CELL_IN - _GAP_IN * (_COLUMNS - 1)), strict=True
    ):
        figure.text(left_in / WIDTH_IN, 1 - 0.85 / height_in, label.capitalize(), **written(11, color=COLOURS[label]))
        for number, film in enumerate(examples(catalogue, label, seed)):
            row, column = divmod(number, _COLUMNS)
            _draw_film(
                figure, (left_in + column * (_CELL_IN + _GAP_IN), 0.97 + row * (_CELL_IN + 0.24)), catalogue, film
            )
    return png(figure)


def _draw_film(figure: Any, corner_in: tuple[float, float], catalogue: Catalogue, film: FilmRecord) -> None:
    # "pad" keeps the shape that a person expects of a chest; the network sees the squashed square.
    square = to_square(read_film(catalogue.root / film.path).pixels, _THUMBNAIL_SIDE, "pad")
    axes = draw_square(figure, corner_in, _CELL_IN, square)
    axes.text(
        0, -0.03, short(PurePosixPath(film.path).stem), transform=axes.transAxes, **written(6, va="top", color=GREY)
    )


def examples(catalogue: Catalogue, label: str, seed: int) -> list[FilmRecord]:
    """Up to nine films of a class drawn by `seed`, none of a test folder; subtypes in turn, no patient twice."""
    films = catalogue.usable.films
    groups = [
        Group(film.path, label, film.subtype, (row,))
        for row, film in enumerate(films)
        if film.label == label and film.split != "test"
    ]
    by_subtype: dict[str, dict[str, FilmRecord]] = {}
    for group in shuffled(groups, seed, "show"):
        film = films[group.rows[0]]
        by_subtype.setdefault(film.subtype, {}).setdefault(film.patient, film)
    queues = [list(found.values()) for _, found in sorted(by_subtype.items())]
    in_turn = [queue[place] for place in range(_ROWS * _COLUMNS) for queue in queues if place < len(queue)]
    return in_turn[: _ROWS * _COLUMNS]


def _remark(catalogue: Catalogue) -> str:
    """The data set's name, and how many films are left out."""
    unusable = len(catalogue.films) - len(catalogue.usable.films)
    remark = f"; {_number(unusable, 'film')} that cannot be used left out" if unusable else ""
    return f"{short(catalogue.name, 60)}{remark}"


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _patients(catalogue: Catalogue) -> str:
    return _number(len(set(catalogue.usable.patients)), "patient")
