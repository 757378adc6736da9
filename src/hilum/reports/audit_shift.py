"""The shift audit for people: one page, and a table for 80 columns."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hilum.audits.series import SeriesResult
from hilum.audits.shift_record import DomainResult, ShiftAudit
from hilum.reports import words
from hilum.reports.audit_pictures import Line, draw_aurocs, picture_of
from hilum.reports.audit_words import method_of, telling
from hilum.reports.page import templates

if TYPE_CHECKING:
    from rich.console import RenderableType


def shift_page(audit: ShiftAudit, mean_films: dict[str, tuple[np.ndarray, ...]]) -> str:
    """The audit as one self-contained HTML document; same audit, same bytes.

    Args:
        audit: the figures.
        mean_films: by set, (128, 128) uint8 each, pneumonia first.

    Raises:
        HilumError: matplotlib is not installed.
    """
    from markupsafe import Markup

    pictures = {
        name: Markup(
            draw_aurocs(
                [_line(one) for one in audit.domains if one.against == name],
                f"domains-{place}",
                f"AUROC of telling films of {name} from training films, by class and view, with blocks of the latter.",
            )
        )
        for place, (name, _) in enumerate(audit.sets)
    }
    return (
        templates()
        .get_template("audit_shift.html.j2")
        .render(
            audit=audit,
            made=audit.made,
            headline=headline(audit),
            words=words,
            pictures=pictures,
            means={name: [picture_of(one) for one in of_set] for name, of_set in mean_films.items()},
            control=control_text,
            telling=telling_text,
            method=method_of(one.auroc for one in audit.domains),
        )
    )


def shift_table(audit: ShiftAudit, page: Path) -> RenderableType:
    """A line a class and view of each evaluation set, with its control and verdict."""
    from rich.console import Group
    from rich.text import Text

    from hilum.terminal import plain_table

    parts: list[RenderableType] = [Text(f"{audit.data_name}: training films, {words.films_of(audit.reference)}")]
    for name, count in audit.sets:
        table = plain_table("told by", "class", "AUROC", "blocks of train", "verdict", is_tight=True)
        for one in audit.domains:
            if one.against == name:
                figure = Text(one.auroc.text() if one.auroc else "")
                table.add_row(one.view, one.label, figure, control_text(one), one.verdict.split(":")[0])
        parts += [Text(f"\n{name}, {words.films_of(count)}, against train\n"), table]
        for one in audit.domains:
            if one.against == name and one.telling and one.verdict.startswith("shifted"):
                parts.append(Text(f"  {one.view}, {one.label}: {telling_text(one, 1)}"))
    if audit.distances:
        table = plain_table("distance", "set", "class", "AUROC", is_tight=True)
        for far in audit.distances:
            table.add_row(far.method, Text(far.against), far.label, Text(far.auroc.text()))
        parts += [Text("\nFurther from the fit films than the model's own films held back?\n"), table]
    parts += [Text(""), *_series_lines(audit.specificity)] if audit.specificity else []
    parts += [Text(f"\n{headline(audit)}"), *(Text(note) for note in audit.notes)]
    parts += [
        Text(f"95 % intervals: {method_of(one.auroc for one in audit.domains)}."),
        Text(f"\nPage  {page}", no_wrap=True),
    ]
    return Group(*parts)


def headline(audit: ShiftAudit) -> str:
    """The outcome in a sentence for each evaluation set."""
    return " ".join(_of_set(audit, name) for name, _ in audit.sets)


def control_text(one: DomainResult) -> str:
    """The range of the control."""
    return f"{min(one.control):.3f} to {max(one.control):.3f}" if one.control else "none"


def telling_text(one: DomainResult, most: int = 3) -> str:
    """The columns that tell most by themselves."""
    return telling(one.telling[:most], f"in {one.against}")


def _of_set(audit: ShiftAudit, name: str) -> str:
    shifted = [one for one in audit.domains if one.against == name and one.verdict.startswith("shifted")]
    if not shifted:
        return f"{name} stands no further from the training films than blocks of them do."
    labels = [label for label in ("pneumonia", "normal") if any(one.label == label for one in shifted)]
    views = list(dict.fromkeys(one.view for one in shifted))
    return f"{name} is shifted: {' and '.join(labels)} films can be told from the training films by {', '.join(views)}."


def _series_lines(found: SeriesResult) -> list[RenderableType]:
    from rich.text import Text

    from hilum.terminal import plain_table

    table = plain_table("series", "normal films", "specificity", is_tight=True)
    for one in found.by_series:
        table.add_row(Text(one.series or "(numbers)"), words.films_of(one.normal), Text(one.specificity.text()))
    head = f"{found.model} on {found.data_name}, {found.part}, at {found.operating_point}: {found.verdict}\n"
    return [Text(head), table]


def _line(one: DomainResult) -> Line:
    says = "" if one.auroc else one.verdict
    return Line(f"{one.view}, {one.label}", one.auroc, control=one.control, kind=one.label, says=says)
