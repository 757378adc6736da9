"""How the intervals of an evaluation were made: most of them in one way, which is said once; the others are marked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from hilum.evaluation import Benefit, Evaluation
from hilum.metrics import Estimate


def usual_method(evaluation: Evaluation) -> str:
    """The method of most intervals that its page shows in tables; "" where there is none."""
    made = Counter(one.method for one in _estimates(evaluation) if one.low is not None)
    return made.most_common(1)[0][0] if made else ""


def other_methods(evaluation: Evaluation) -> tuple[str, ...]:
    """The others, and why an interval is missing, in order of appearance."""
    usual = usual_method(evaluation)
    return tuple(method for method in dict.fromkeys(one.method for one in _estimates(evaluation)) if method != usual)


def _estimates(value: Any) -> Iterator[Estimate]:
    """Every estimate inside a value, in order, but for those of the decision curve, which are drawn."""
    if isinstance(value, Estimate):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _estimates(part)
    elif is_dataclass(value) and not isinstance(value, Benefit):
        for field in fields(value):
            yield from _estimates(getattr(value, field.name))
