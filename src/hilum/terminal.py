"""Tables for a terminal of 80 columns, in one style."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from rich.table import Table


def plain_table(*headers: str, is_tight: bool = False, unfolded: Collection[str] = ()) -> Table:
    """A table without a frame: a rule under the headers, text left, long words folded.

    Args:
        headers: of the columns; ">" in front sets a column to the right.
        is_tight: one space between columns instead of two.
        unfolded: headers of columns whose cells stay on one line.
    """
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, collapse_padding=is_tight)
    for header in headers:
        justify: Literal["left", "right"] = "right" if header.startswith(">") else "left"
        table.add_column(header.removeprefix(">"), justify=justify, no_wrap=header in unfolded, overflow="fold")
    return table
