"""The reproduction of the five projects for people: a table for 80 columns, and one page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hilum.metrics import Estimate
from hilum.reports import rows, words
from hilum.reports.page import templates
from hilum.reports.rows import Line
from hilum.reproduction.record import RowResult
from hilum.reproduction.summary import Contrast, contrasts, over_seeds
from hilum.terminal import plain_table

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

REACH: Final = (
    "hilum assists a reader; it is not a medical device. The models know children of 1 to 5 years from one hospital, "
    "one view; published results of such models elsewhere fall from an AUROC of 0.95 to 0.54-0.82."
)
LEAKY: Final = "Films of one patient stand on both sides; the figures say nothing about new patients."


@dataclass(frozen=True, slots=True)
class Section:
    """One protocol with its lines."""

    protocol: str
    meaning: str
    is_leaky: bool
    lines: tuple[Line, ...]


def sections(results: Sequence[RowResult], is_short: bool = False) -> list[Section]:
    """The protocols that have rows, in the order of the house; for a terminal where it is to be short."""
    found = []
    for protocol, meaning in words.PROTOCOLS.items():
        lines = (rows.short_lines_of if is_short else rows.lines_of)(protocol, results)
        if lines:
            found.append(Section(protocol, meaning, protocol == "random20", tuple(lines)))
    return found


def reproduction_page(data_name: str, results: Sequence[RowResult]) -> str:
    """All rows as one self-contained HTML document.

    Args:
        data_name: as the user named the data.
        results: in the order in which they are run.
    """
    evaluations = rows.evaluations_of(results)
    return (
        templates()
        .get_template("reproduction.html.j2")
        .render(
            data_name=data_name,
            reach=REACH,
            leaky=LEAKY,
            sections=sections(results),
            claims=rows.claims_of(one.record.recipe for one in results),
            claim_in_words=rows.claim_in_words,
            means=over_seeds(evaluations),
            mean_in_words=rows.mean_in_words,
            contrasts=contrasts(evaluations),
            contrast_in_words=rows.contrast_in_words,
            signed=rows.signed,
            parts=rows.part_lines(results),
            examples=[(one.record, film) for one in results for film in one.record.examples if one.evaluation],
            reasons=rows.reasons(results),
            trial=trial_in_words(results),
            done=[one for one in results if one.evaluation is not None],
            words=words,
        )
    )


def trial_in_words(results: Sequence[RowResult]) -> str:
    """What must be said of rows whose recipes were changed; "" where none was."""
    changes = dict.fromkeys(change for one in results for change in one.record.changes)
    return f"TRIAL, not the recipes as they are: {' '.join(changes)}." if changes else ""


def reproduction_table(results: Sequence[RowResult], page: Path, note: str) -> RenderableType:
    """What decides, in 80 columns; single seeds stand on the page."""
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = []
    parts += [Text(f"{trial}\n")] if (trial := trial_in_words(results)) else []
    for section in sections(results, is_short=True):
        parts += [Text(f"Protocol {section.protocol}: {section.meaning}.")]
        parts += [Text(f"LEAKY: {LEAKY[0].lower()}{LEAKY[1:]}")] if section.is_leaky else []
        parts += [Text(""), _table(section), Text("")]
    evaluations = rows.evaluations_of(results)
    parts += [_contrasts(found), Text("")] if (found := contrasts(evaluations)) else []
    parts += [_parts(lines), Text("")] if (lines := rows.part_lines(results)) else []
    parts += [Text(rows.claim_in_words(claim)) for claim in rows.claims_of(one.record.recipe for one in results)]
    parts += [Text(f"{one.recipe} under {one.protocol}: {one.says}.") for one in over_seeds(evaluations) if one.says]
    parts += [Text(f"\n{reason}") for reason in rows.reasons(results)]
    parts += [Text(f"\n95 % intervals: of one model over patients, of means over seeds by Student's t. {REACH}")]
    parts += [Text(f"\n{note}")]
    parts += [Text(f"Page  {page}", no_wrap=True)]
    return Group(*parts)


def _table(section: Section) -> Table:
    table = plain_table("recipe", "AUROC", "error at 0.5", "time", "memory", is_tight=True, unfolded=("recipe",))
    for line in section.lines:
        table.add_row(
            line.name.replace(", ", ",\n", 1),
            _two_lines(line.auroc, line.where),
            _two_lines(line.error),
            line.time,
            line.memory,
        )
    return table


def _contrasts(found: Sequence[Contrast]) -> Table:
    table = plain_table("difference", "AUROC", "error at 0.5", is_tight=True, unfolded=("recipe",))
    for one in found:
        name = f"{one.recipe}\n{rows.contrast_in_words(one)}"
        table.add_row(name, *(rows.signed(figure).replace(" ", "\n", 1) for figure in (one.auroc, one.error)))
    return table


def _parts(found: Sequence[rows.PartLine]) -> Table:
    table = plain_table("recipe", "part", "films", "error at 0.5", "published", is_tight=True, unfolded=("recipe",))
    for one in found:
        figures = one.figures
        table.add_row(
            one.recipe, figures.part, f"{figures.films:,}", _two_lines(figures.error), one.says.replace(": ", "\n")
        )
    return table


def _two_lines(one: Estimate | None, instead: str = "") -> str:
    return instead if one is None else one.text().replace(" ", "\n", 1)
