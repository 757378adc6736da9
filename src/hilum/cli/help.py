"""What `--help` shows of a parameter: an argument by its place alone, and no default that says nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cyclopts.help import DefaultFormatter

if TYPE_CHECKING:
    from cyclopts.help import HelpPanel
    from rich.console import Console, ConsoleOptions


def shown_default(value: object) -> str | None:
    """A default as a person would type it; None for one that stands for "not given".

    >>> shown_default((0.05, 0.5)), shown_default(0), shown_default(()), shown_default(False)
    ('0.05 0.5', '0', None, None)
    """
    if isinstance(value, tuple):
        return " ".join(map(str, value)) or None
    return None if value is None or value is False or value == "" else str(value)


class ByPlace(DefaultFormatter):
    """Shows an argument as `DATA`, although `--data` is understood too: two names for one thing only confuse."""

    def __call__(self, console: Console, options: ConsoleOptions, panel: HelpPanel) -> None:
        """Print one panel of the help."""
        entries = [
            entry.copy(positive_names=(), positive_shorts=()) if entry.positional_label else entry
            for entry in panel.entries
        ]
        super().__call__(console, options, panel.copy(entries=entries))
