"""How the intervals of an evaluation were made: most of them in one way, which is said once; the others are marked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from hilum.evaluation import Evaluation
from hilum.metrics import Estimate


def usual_method(evaluation: Evaluation) -> str:
    """The method of most of its intervals."""
    return _methods(evaluation)[0]


def other_methods(evaluation: Evaluation) -> tuple[str, ...]:
    """The others, the commonest first."""
    return _methods(evaluation)[1:]


def _methods(evaluation: Evaluation) -> tuple[str, ...]:
    counted = Counter(estimate.method for estimate in _estimates(evaluation))
    return tuple(method for method, _ in counted.most_common())


def _estimates(value: Any) -> Iterator[Estimate]:
    """Every estimate inside a value, in order."""
    if isinstance(value, Estimate):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _estimates(part)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _estimates(getattr(value, field.name))
