"""How many films and patients there are."""

from __future__ import annotations

from dataclasses import replace

from film_folders import catalogue_of, record
from hilum.datasets.counts import PlaceCount, count_films

DATA = catalogue_of(
    record("1", "virus-1", split="train"),
    record("2", "virus-1", split="train"),
    record("3", "p", split="train"),
    record("4", "n", "normal", "test"),
    replace(record("5", "x"), problem="It is broken."),
)


def test_folders_are_counted_in_their_order() -> None:
    assert count_films(DATA) == (PlaceCount("train", 3, 0, 2, 0, 2), PlaceCount("test", 0, 0, 0, 1, 1))
    assert [count.films for count in count_films(DATA)] == [3, 1]


def test_parts_are_counted_in_the_order_asked_for() -> None:
    counts = count_films(DATA, ["fit", "select", "select", "fit", "fit"], ("select", "fit", "test"))
    assert [(count.place, count.films) for count in counts] == [("select", 2), ("fit", 2)]


def test_no_films_give_no_places() -> None:
    assert count_films(catalogue_of()) == ()
