"""The shortcut audit for people: one page, and a table for 80 columns."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hilum.audits.lung_box import LungBoxResult
from hilum.audits.shortcuts import ProbeResult, ShortcutAudit
from hilum.audits.verdicts import GIVES_AWAY, TELLS
from hilum.images.box import Box
from hilum.reports import words
from hilum.reports.audit_pictures import Line, difference, draw_aurocs, picture_of
from hilum.reports.audit_words import method_of, telling
from hilum.reports.page import templates

if TYPE_CHECKING:
    from rich.console import RenderableType


def shortcuts_page(audit: ShortcutAudit, mean_films: tuple[np.ndarray, np.ndarray], box: Box) -> str:
    """The audit as one self-contained HTML document; same audit, same bytes.

    Args:
        audit: the figures.
        mean_films: (128, 128) uint8 each, of the films with pneumonia and of the normal ones.
        box: what is taken for the lungs, drawn over them.

    Raises:
        HilumError: matplotlib is not installed.
    """
    from markupsafe import Markup

    lines = [
        Line(one.name, one.auroc, one.on_test, says="" if one.auroc else one.level.replace("same in", "the same in"))
        for one in audit.probes
    ]
    picture = draw_aurocs(lines, "probes", "AUROC of each probe with its 95 % interval.", (TELLS, GIVES_AWAY))
    pneumonia, normal = mean_films
    return (
        templates()
        .get_template("audit_shortcuts.html.j2")
        .render(
            audit=audit,
            made=audit.made,
            headline=headline(audit),
            words=words,
            picture=Markup(picture),
            means={
                "Mean film with pneumonia": picture_of(pneumonia),
                "Mean normal film": picture_of(normal),
                "Difference": picture_of(difference(pneumonia, normal)),
            },
            box=_placed(box),
            telling=telling_text,
            method=method_of(one.auroc for one in audit.probes),
            limits=(TELLS, GIVES_AWAY),
        )
    )


def shortcuts_table(audit: ShortcutAudit, page: Path) -> RenderableType:
    """A line a probe with its verdict, and what the model does without the lungs."""
    from rich.console import Group
    from rich.text import Text

    from hilum.terminal import plain_table

    headers = ("probe", "AUROC", "on the test", "verdict") if audit.test else ("probe", "AUROC", "verdict")
    table = plain_table(*headers, is_tight=True)
    for one in audit.probes:
        figure = Text(one.auroc.text() if one.auroc else "")
        on_test = [Text(one.on_test.text(2) if one.on_test else "")] if audit.test else []
        table.add_row(one.name, figure, *on_test, one.level)
    parts: list[RenderableType] = [Text(f"{audit.data_name}: {_whom(audit)}\n"), table]
    parts += [Text(f"\n{headline(audit)}")]
    parts += [Text(f"  {one.name}: {telling_text(one, 1)}") for one in audit.found]
    if audit.model is not None:
        parts += [Text(""), *_model_lines(audit.model)]
    parts += [
        Text(f"\n95 % intervals: {method_of(one.auroc for one in audit.probes)}."),
        Text(f"\nPage  {page}", no_wrap=True),
    ]
    return Group(*parts)


def headline(audit: ShortcutAudit) -> str:
    """The outcome in a sentence."""
    names = [one.name for one in audit.found]
    if not names:
        return "No probe told the classes apart well enough to be called a shortcut."
    listed = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
    verb = "tell" if len(names) > 1 or names[0] in ("corners", "JPEG tables") else "tells"
    return f"{listed[0].upper()}{listed[1:]} {verb} pneumonia from normal, though none of that shows a finding."


def telling_text(one: ProbeResult, most: int = 3) -> str:
    """The columns of a probe that tell most by themselves.

    >>> telling_text(ProbeResult("file size", "", None, None, (("bytes", 0.1),), "trace", ""))
    'bytes (lower with pneumonia, AUROC 0.90)'
    """
    return telling(one.telling[:most], "with pneumonia")


def _placed(box: Box) -> str:
    """The box as CSS over a picture."""
    left, top, right, bottom = (100 * end for end in box)
    return f"left:{left:g}%;top:{top:g}%;width:{right - left:g}%;height:{bottom - top:g}%"


def _model_lines(model: LungBoxResult) -> list[RenderableType]:
    from rich.text import Text

    from hilum.terminal import plain_table

    table = plain_table("shown", "AUROC", "verdict", is_tight=True)
    table.add_row("whole film", Text(model.whole.text()), "")
    table.add_row("lungs hidden", Text(model.hidden.text()), model.hidden_verdict)
    table.add_row("lungs alone", Text(model.alone.text()), model.alone_verdict)
    return [Text(f"{model.model} on {words.films_of(model.films)}: {model.chosen}\n"), table]


def _whom(audit: ShortcutAudit) -> str:
    with_pneumonia, normal = (words.films_of(one) for one in (audit.pneumonia, audit.normal))
    return f"{audit.part}; pneumonia {with_pneumonia}, normal {normal}"
