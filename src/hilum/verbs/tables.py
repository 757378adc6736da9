"""What verbs show to people: rich tables that read well at 80 columns and say nothing by colour alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from hilum.verbs.predict import Predictions


def plain_table(*headers: str) -> Table:
    """A table without a frame: a rule under the headers, text left, no wrapping of numbers."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for header in headers:
        table.add_column(header, overflow="fold")
    return table


def predictions_table(answer: Predictions) -> RenderableType:
    """One line a film, reasons under the table, and the sentence that limits the whole."""
    from rich.console import Group
    from rich.text import Text

    table = plain_table("film", "probability", "decision")
    table.columns[1].justify = "right"
    for row in answer.predictions:
        probability = "" if row.probability is None else f"{row.probability:.4f}"
        table.add_row(Text(row.path), probability, Text(row.decision))
    lines: list[RenderableType] = [table, Text("")]
    for row in answer.predictions:
        lines += [Text(f"Not assessed: {row.problem}")] if row.problem else []
        lines += [Text(f"{row.path}: {note}") for note in row.notes]
    lines.append(
        Text(
            f"Model {answer.model} ({answer.model_hash[:12]}); pneumonia from a probability of {answer.threshold:.4f} "
            f"({answer.operating_point}); probability as in the calibration data, "
            f"where {answer.prevalence:.0%} had pneumonia."
        )
    )
    lines.append(Text(" ".join(answer.limits)))
    return Group(*lines)
