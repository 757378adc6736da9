"""JSON values become the project's own types, checked, or one sentence says which of them is wrong."""

from __future__ import annotations

from typing import Any, TypeVar

from hilum.errors import HilumError

Value = TypeVar("Value")


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
