"""What verbs show to people: rich tables that read well at 80 columns and say nothing by colour alone."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hilum.terminal import plain_table

if TYPE_CHECKING:
    from rich.console import RenderableType

    from hilum.verbs.predict import Predictions


def predictions_table(answer: Predictions) -> RenderableType:
    """One line a film, reasons under the table, and the sentence that limits the whole."""
    from rich.console import Group
    from rich.text import Text

    at_site = [] if answer.site_prevalence is None else [f"at {answer.site_prevalence:.1%}"]
    table = plain_table("film", "probability", *at_site, "decision", "answer set")
    for column in table.columns[1 : 2 + len(at_site)]:
        column.justify = "right"
    folder = _folder_of([row.path for row in answer.predictions])
    for row in answer.predictions:
        figures = [row.probability, *([row.site_probability] if at_site else [])]
        shown = ["" if figure is None else f"{figure:.4f}" for figure in figures]
        table.add_row(Text(row.path[len(folder) :]), *shown, Text(row.decision), Text(row.answer_set))
    lines: list[RenderableType] = [*([Text(f"Films in {folder}\n")] if folder else []), table, Text("")]
    for row in answer.predictions:
        lines += [Text(f"{row.status.capitalize()}: {row.problem}")] if row.problem else []
        lines += [Text(f"Warning: '{row.path}': {row.warning}")] if row.warning else []
        lines += [Text(f"{row.path}: {note}") for note in row.notes]
    lines.append(Text(_threshold_in_words(answer)))
    lines += [Text(_site_in_words(answer))] if answer.site_file else []
    lines += [Text(" ".join(answer.maps))] if answer.maps else []
    lines.append(Text(" ".join(answer.limits)))
    lines += [Text(f"Written: {', '.join(answer.written)}")] if answer.written else []
    return Group(*lines)


def _folder_of(paths: Sequence[str]) -> str:
    """The folder that all of several films lie in, with its last slash, so that it is said once; else nothing.

    >>> _folder_of(["ward/a/1.png", "ward/b/1.png"]), _folder_of(["ward/1.png"]), _folder_of(["1.png", "2.png"])
    ('ward/', '', '')
    """
    parents = [Path(path).parent for path in paths]
    if len(paths) < 2 or len({parent.is_absolute() for parent in parents}) > 1:
        return ""
    shared = os.path.commonpath(parents)
    return shared + os.sep if shared.strip(os.sep + ".") else ""


def _site_in_words(answer: Predictions) -> str:
    """Which file of a site was found, and what it decided."""
    said = {
        "prevalence": f"the prevalence ({answer.site_prevalence})",
        "operating_point": f"the operating point ({answer.operating_point})",
        "language": "the language of the report",
    }
    decided = " and ".join(said[name] for name in answer.site_decided) or "nothing here"
    return f"'{answer.site_file}' decided {decided}."


def _threshold_in_words(answer: Predictions) -> str:
    """Which model, from which probability on, and at which prevalence."""
    words = (
        f"Model {answer.model} ({answer.model_hash[:12]}); pneumonia from a probability of {answer.threshold:.4f} "
        f"({answer.operating_point}); probability as in the calibration data, "
        f"where {answer.prevalence:.0%} had pneumonia"
    )
    if answer.site_prevalence is None or answer.site_threshold is None:
        return f"{words}."
    return f"{words}; at {answer.site_prevalence:.1%}, pneumonia from {answer.site_threshold:.4f}."
