"""Answers on standard output, errors on standard error."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from hilum.errors import HilumError
from hilum.files import disc_error, printable

READER_LEFT: Final = 141
"""Exit status where the reader of the answer has gone, as of `hilum ... | head -1`: what a shell gives for SIGPIPE."""


def show(answer: Any, as_json: bool) -> int:
    """Print a verb's answer for people, or as one JSON document for machines.

    Of several processes under torchrun only the first prints.

    Returns:
        0, or `READER_LEFT`.

    Raises:
        HilumError: standard output is closed, or leads to a disc that is full.
    """
    if sys.stdout is None:
        raise HilumError(
            "Standard output is closed.", expected="a place for the answer", do="Send it to a file or to /dev/null."
        )
    if not is_first_process():
        return 0
    text = _as_json(answer) if as_json else _for_people(answer)
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        drop_output()
        return READER_LEFT
    except OSError as error:
        drop_output()
        raise disc_error(error, "standard output", "write to") from error
    return 0


def show_error(sentence: str, exit_status: int = 2) -> int:
    """Print one sentence on standard error; the exit status comes back, that of wrong use if not given.

    Of several processes under torchrun only the first prints, because most errors are those of all; each gives its
    sentence to torchrun, which shows that of the process that failed first.
    """
    with suppress(OSError):  # the exit status still tells
        if is_first_process():
            print(f"hilum: {printable(sentence)}", file=sys.stderr)
        if place := os.environ.get("TORCHELASTIC_ERROR_FILE"):
            facts = {"message": printable(sentence), "extraInfo": {"timestamp": str(int(time.time()))}}
            Path(place).write_text(json.dumps({"message": facts}), encoding="utf-8")
    return exit_status


def is_first_process() -> bool:
    """True for a lone process, and for the first of those that torchrun started."""
    return os.environ.get("RANK", "0") == "0"


def drop_output() -> None:
    """Send what is still to be printed nowhere: Python tries once more when it ends, and would report the failure."""
    with suppress(OSError, ValueError):  # standard output may have no descriptor
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _as_json(answer: Any) -> str:
    value = answer.as_json() if hasattr(answer, "as_json") else dataclasses.asdict(answer)
    # In ASCII, because that is right whatever the encoding of the terminal or the file.
    return json.dumps(value, indent=1, default=str, allow_nan=False) + "\n"


def _for_people(answer: Any) -> str:
    from rich.console import Console

    text, is_terminal = io.StringIO(), sys.stdout.isatty()
    # A log file has no width of its own; 100 columns keep tables whole.
    Console(file=text, force_terminal=is_terminal, width=None if is_terminal else 100, highlight=False).print(answer)
    return text.getvalue()
