"""Answers on standard output, errors on standard error."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import Any


def show(answer: Any, as_json: bool) -> None:
    """Print a verb's answer for people, or as one JSON document for machines."""
    if as_json:
        value = answer.as_json() if hasattr(answer, "as_json") else dataclasses.asdict(answer)
        print(json.dumps(value, indent=1, default=str, ensure_ascii=False, allow_nan=False))
        return
    from rich.console import Console

    # A log file has no width of its own; 100 columns keep tables whole.
    Console(width=None if sys.stdout.isatty() else 100, highlight=False).print(answer)


def show_error(sentence: str, exit_status: int = 2) -> int:
    """Print one sentence on standard error; the exit status comes back, that of wrong use if not given."""
    print(f"hilum: {sentence}", file=sys.stderr)
    return exit_status
