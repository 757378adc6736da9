"""The table of films by place and class that several data verbs show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hilum.datasets.counts import PlaceCount
from hilum.terminal import plain_table

if TYPE_CHECKING:
    from rich.table import Table


def counts_table(counts: Sequence[PlaceCount], place: str = "folder") -> Table:
    """One line a place: pneumonia (with its subtypes where known), normal, films, patients."""
    has_subtypes = any(count.bacteria or count.virus for count in counts)
    subtypes = ("bacteria", "virus") if has_subtypes else ()
    table = plain_table(place, "pneumonia", *subtypes, "normal", "films", "patients")
    for column in table.columns[1:]:
        column.justify = "right"
    for count in counts:
        numbers = (count.pneumonia, *((count.bacteria, count.virus) if has_subtypes else ()), count.normal)
        cells = (f"{number:,}" for number in (*numbers, count.films, count.patients))
        table.add_row(count.place or "all films", *cells)
    return table
