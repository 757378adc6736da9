"""The page of an evaluation: one HTML file that needs nothing else, prints well and runs no script."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from hilum.evaluation import Evaluation, PredictionTable
from hilum.reports import figures, figures_usefulness, words
from hilum.reports.methods import other_methods, usual_method
from hilum.reports.worst import WorstError


def evaluation_page(
    evaluation: Evaluation, predictions: PredictionTable, worst: Sequence[WorstError] = (), worth_of_maps: str = ""
) -> str:
    """The evaluation for people, as one self-contained HTML document; same evaluation, same bytes.

    Args:
        evaluation: the figures.
        predictions: what they were made from; the curves are drawn from it.
        worst: films on which the model was most wrong; their pictures become part of the page.
        worth_of_maps: how far the maps over those may be believed.

    Raises:
        HilumError: matplotlib is not installed.
    """
    notes, scale = other_methods(evaluation), _scale(evaluation)
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
            usual_method=usual_method(evaluation),
            mark=lambda one: notes.index(one.method) + 1 if one.method in notes else 0,
            pictures=_pictures(evaluation, predictions),
            worst=worst,
            worth_of_maps=worth_of_maps,
        )
    )


def _scale(evaluation: Evaluation) -> range:
    """Ticks of the forest plot in per cent: at most four, the last at 100, the first below every interval."""
    pairs = [one for point in evaluation.points for one in (point.sensitivity, point.specificity)]
    lowest = min((end for one in pairs for end in (one.low, one.value) if end is not None), default=0.0)
    span = 100 - 100 * lowest
    step = next(step for step in (2, 5, 10, 20, 25, 50) if span <= 3 * step)
    return range(100 - step * max(1, math.ceil(span / step)), 101, step)


def _pictures(evaluation: Evaluation, predictions: PredictionTable) -> dict[str, Markup]:
    """The figures by name. They hold numbers and names of operating points only, escaped by matplotlib."""
    truth, points = predictions.is_pneumonia, evaluation.points
    drawn = {
        "roc": figures.roc(predictions.calibrated_logit, truth, points),
        "precision_recall": figures.precision_recall(predictions.calibrated_logit, truth),
        "reliability": figures.reliability(evaluation.reliability),
        "probabilities": figures.probabilities(predictions.probability, truth, points),
    }
    if evaluation.usefulness:
        drawn["decision_curve"] = figures_usefulness.decision_curve(evaluation.usefulness)
        drawn["risk_coverage"] = figures_usefulness.risk_coverage(evaluation.usefulness)
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
