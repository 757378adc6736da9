"""An evaluation in a terminal of 80 columns."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hilum.evaluation import Evaluation, PointFigures, Unanswered
from hilum.reports import words
from hilum.reports.methods import usual_method
from hilum.terminal import plain_table

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table


def evaluation_table(evaluation: Evaluation, page: Path) -> RenderableType:
    """The figures that decide, each with its interval; the page holds the others."""
    from rich.console import Group
    from rich.text import Text

    films, primary = evaluation.films, evaluation.primary
    parts: list[RenderableType] = [
        Text(f"{evaluation.model.name} on {films.data_name}, {films.part}"),
        Text(words.judged(evaluation)),
        Text(words.whom(evaluation)),
        Text(f"{'LEAKY: ' if evaluation.leaks else ''}{words.acquaintance(evaluation)}"),
    ]
    parts += [Text(""), _points(evaluation), Text(""), _scores(evaluation)]
    parts += [Text(f"\nAt {primary.at.name}\n"), _predictive_values(primary)]
    if primary.subtypes:
        parts += [Text(""), _subtypes(primary)]
    if evaluation.unanswered:
        parts += [Text(""), _unanswered(evaluation.unanswered)]
    parts += [
        Text(f"\n95 % intervals: {usual_method(evaluation)}; the page marks those made otherwise."),
        Text(words.looks(evaluation)),
        Text(" ".join(evaluation.limits[:2])),
        Text(f"\nPage  {page}", no_wrap=True),
    ]
    return Group(*parts)


def _points(evaluation: Evaluation) -> Table:
    table = plain_table("operating point", "threshold", "sensitivity", "specificity")
    for point in evaluation.points:
        threshold = f"{point.at.threshold:.4f}"
        table.add_row(point.at.name, threshold, point.sensitivity.text(), point.specificity.text())
    return table


def _scores(evaluation: Evaluation) -> Table:
    scores = evaluation.scores
    table = plain_table("AUROC", "AUPRC", "Brier", "ECE")
    # Two lines a cell, so that four figures with intervals fit beside each other.
    table.add_row(*(one.text().replace(" ", "\n", 1) for one in (scores.auroc, scores.auprc, scores.brier, scores.ece)))
    return table


def _predictive_values(point: PointFigures) -> Table:
    table = plain_table("prevalence", "PPV", "NPV")
    for values in point.predictive_values:
        table.add_row(words.prevalence(values.prevalence), values.ppv.text(), values.npv.text(4))
    return table


def _subtypes(point: PointFigures) -> Table:
    table = plain_table("pneumonia by", "sensitivity", "films")
    for subtype in point.subtypes:
        table.add_row(subtype.name, subtype.sensitivity.text(), words.films_of(subtype.count))
    return table


def _unanswered(found: Unanswered) -> Table:
    table = plain_table("films without an answer", "with pneumonia", "normal")
    for name, part in (("refused", found.refused), ("warned of", found.warned), ('"I do not know"', found.abstained)):
        table.add_row(name, part.pneumonia.text(), part.normal.text())
    table.add_row("right in the worst case", found.sensitivity.text(), found.specificity.text())
    return table
