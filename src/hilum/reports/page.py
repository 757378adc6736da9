"""The page of an evaluation: one HTML file that needs nothing else, prints well and runs no script."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from hilum.evaluation import Evaluation, PredictionTable
from hilum.metrics import Estimate
from hilum.reports import figures, words


def evaluation_page(evaluation: Evaluation, predictions: PredictionTable) -> str:
    """The evaluation for people, as one self-contained HTML document; same evaluation, same bytes.

    Args:
        evaluation: the figures.
        predictions: what they were made from; the curves are drawn from it.

    Raises:
        HilumError: matplotlib is not installed.
    """
    notes, scale = notes_of(evaluation), _scale(evaluation)
    return (
        templates()
        .get_template("evaluation.html.j2")
        .render(
            evaluation=evaluation,
            points=evaluation.points,
            primary=evaluation.primary,
            scale=scale,
            place=lambda value: f"{100 * (100 * value - scale[0]) / (100 - scale[0]):.2f}%",
            share=evaluation.films.pneumonia.films / evaluation.films.every.films,
            words=words,
            notes=notes,
            main_method=evaluation.scores.auroc.method,
            mark=lambda one: notes.index(one.method) + 1 if one.method in notes else 0,
            pictures=_pictures(evaluation, predictions),
        )
    )


def notes_of(evaluation: Evaluation) -> tuple[str, ...]:
    """How those intervals were made that were not made as that of the AUROC, in order of appearance."""
    methods = dict.fromkeys(estimate.method for estimate in _estimates(evaluation))
    return tuple(method for method in methods if method != evaluation.scores.auroc.method)


def _scale(evaluation: Evaluation) -> range:
    """Ticks of the forest plot in per cent: at most four, the last at 100, the first below every interval."""
    pairs = [one for point in evaluation.points for one in (point.sensitivity, point.specificity)]
    lowest = min((end for one in pairs for end in (one.low, one.value) if end is not None), default=0.0)
    span = 100 - 100 * lowest
    step = next(step for step in (2, 5, 10, 20, 25, 50) if span <= 3 * step)
    return range(100 - step * max(1, math.ceil(span / step)), 101, step)


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


def _pictures(evaluation: Evaluation, predictions: PredictionTable) -> dict[str, Markup]:
    """The figures by name. They hold numbers and names of operating points only, escaped by matplotlib."""
    truth, points = predictions.is_pneumonia, evaluation.points
    drawn = {
        "roc": figures.roc(predictions.calibrated_logit, truth, points),
        "precision_recall": figures.precision_recall(predictions.calibrated_logit, truth),
        "reliability": figures.reliability(evaluation.reliability),
        "probabilities": figures.probabilities(predictions.probability, truth, points),
    }
    return {name: Markup(svg) for name, svg in drawn.items()}


@cache
def templates() -> Environment:
    """The pages of the package, with everything escaped."""
    return Environment(
        loader=PackageLoader("hilum.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
