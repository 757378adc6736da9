"""JSON on disc: written whole, read without numbers that are none, and turned into the project's own types."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, TypeVar

from hilum.errors import HilumError
from hilum.files import printable, read_text, write_text

Value = TypeVar("Value")


def write_json(path: Path, value: Any) -> None:
    """Write a JSON document with sorted keys, all or nothing; NaN is refused because JSON has none."""
    write_text(path, as_json(value))


def as_json(value: Any) -> str:
    """The JSON document that `write_json` writes."""
    return json.dumps(value, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n"


def read_json(path: Path) -> Any:
    """The file's JSON value."""
    try:
        return parse_json(read_text(path))
    except (ValueError, RecursionError) as error:
        raise HilumError(
            f"'{printable(path)}' is not JSON: {error}.",
            expected="a complete JSON document",
            do="Restore the file or make it again.",
        ) from error


def parse_json(text: str | bytes) -> Any:
    """The JSON value in a text; numbers that are none are refused, which `json.loads` alone lets through.

    Raises:
        ValueError: no JSON, or NaN, Infinity, or a number beyond the largest (1e999).

    >>> parse_json("[1.5e3, 2]")
    [1500.0, 2]
    """
    return json.loads(text, parse_constant=_finite, parse_float=_finite)


def typed(values: Any, kind: type[Value], wrong: str, *, expected: str, do: str) -> Value:
    """JSON values as a `kind`: a dataclass, a struct, or a list or mapping of them.

    Args:
        values: what `json.loads` gave.
        kind: the type; its nested types are checked too.
        wrong: the beginning of the sentence for values that are none, such as "'x.json' is not an evaluation".
        expected: what was.
        do: what to do about it.

    Raises:
        HilumError: a value is missing or of another type; its place is named, as in 'training.seed'.

    Examples:
        >>> typed([1, 2], list[int], "No list", expected="whole numbers", do="Mend it.")
        [1, 2]
        >>> typed([1, "2"], list[int], "No list", expected="whole numbers", do="Mend it.")
        Traceback (most recent call last):
        hilum.errors.HilumError: No list: '[1]': expected `int`, got `str`. Expected whole numbers. Mend it.
    """
    # It loads in 9 ms, pydantic in 50 ms: a sixth of what an answer for one film takes. See docs/decisions/0009.
    import msgspec

    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at `")
        where = place.rstrip("`").removeprefix("$").removeprefix(".") or "document"
        raise HilumError(f"{wrong}: '{where}': {problem[:1].lower()}{problem[1:]}.", expected=expected, do=do) from None


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"{number[:40]} is no finite number")
    return value
