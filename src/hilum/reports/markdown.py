"""Pieces of a Markdown page."""

from __future__ import annotations

from collections.abc import Sequence


def section(title: str, lines: Sequence[str]) -> str:
    """A section with its title; "" where there is nothing to say."""
    return "\n".join([f"## {title}", "", *lines]) + "\n" if lines else ""


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table; a bar inside a cell would end it.

    >>> table(["a"], [["x | y"]])
    ['| a |', '| --- |', '| x \\\\| y |']
    """
    lines = [headers, ["---"] * len(headers), *rows]
    return [f"| {' | '.join(text.replace('|', chr(92) + '|') for text in line)} |" for line in lines]
