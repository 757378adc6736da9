"""The one error family: what happened, what was expected, what to do."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Final

TRAINING_HALF: Final = ("torch", "torchvision", "timm", "safetensors", "onnx", "onnxscript", "pyarrow", "filelock")
"""Libraries that training needs and the base install leaves out."""


class HilumError(Exception):
    """A problem the user can solve.

    The same sentence serves the command line (exit status 2, no traceback), the web page and the log.

    Args:
        happened: a full sentence that names the file and the value, ending in a full stop.
        expected: what would have been right, read after the word "Expected", without a full stop.
        do: the next step as a full sentence.

    >>> print(HilumError("Got 3 labels.", expected="2", do="Drop one."))
    Got 3 labels. Expected 2. Drop one.
    """

    exit_status = 2
    """Of the command that it ends: wrong use."""

    def __init__(self, happened: str, *, expected: str, do: str) -> None:
        super().__init__(f"{happened} Expected {expected}. {do}")
        self.happened, self.expected, self.do = happened, expected, do

    def __reduce__(self) -> tuple[partial[HilumError], tuple[str]]:
        """Let a worker process hand the error to its parent, although two of its parts are named ones."""
        return partial(type(self), expected=self.expected, do=self.do), (self.happened,)


def missing_extra(needed_for: str, extra: str) -> HilumError:
    """The error for a library that the base install leaves out, with the line that installs it."""
    return HilumError(
        f"{needed_for} needs libraries that are not installed.",
        expected=f"hilum with its extra '{extra}'",
        do=f"Run: pip install 'hilum[{extra}]'",
    )


def require_installed(libraries: Iterable[str], needed_for: str, extra: str) -> None:
    """Refuse where one of an extra's libraries is missing, before any work is done for it; none of them is imported.

    Raises:
        HilumError: with the line that installs the extra.
    """
    from importlib.util import find_spec

    if not all(map(find_spec, libraries)):
        raise missing_extra(needed_for, extra)


def nearest(word: str, known: list[str], most: int = 40) -> str:
    """A hint naming the known word nearest to a misspelt one, or all of them (at most `most`) where none is near.

    >>> nearest("offcial", ["official", "grouped"])
    "Did you mean 'official'?"
    """
    from difflib import get_close_matches

    close = get_close_matches(word, known, n=1)
    if close:
        return f"Did you mean '{close[0]}'?"
    more = f" and {len(known) - most:,} more" if len(known) > most else ""
    return f"Choose one of: {', '.join(sorted(known)[:most])}{more}."
