"""The robustness audit for people: one page with a picture of small multiples, and a table for 80 columns."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from hilum.audits.robustness import MARGIN, Kind, RobustnessAudit, Step
from hilum.metrics import Estimate
from hilum.reports import words
from hilum.reports.page import templates
from hilum.reports.svg import HAIRLINE, INK, NORMAL, PNEUMONIA, as_svg, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from rich.console import RenderableType

_COLUMNS: Final = 5
_POINTS: Final = f"{100 * MARGIN:g} points"
_LINES: Final = (("sensitivity", PNEUMONIA, "o"), ("specificity", NORMAL, "s"), ("auroc", INK, ""))


def robustness_page(audit: RobustnessAudit) -> str:
    """The audit as one self-contained HTML document; same audit, same bytes.

    Raises:
        HilumError: matplotlib is not installed.
    """
    from markupsafe import Markup

    return (
        templates()
        .get_template("audit_robustness.html.j2")
        .render(
            audit=audit,
            picture=Markup(draw_kinds(audit)),
            words=words,
            verdict=verdict,
            headline=headline(audit),
            margin=_POINTS,
            methods=methods_of(audit),
            limits=limits(audit),
        )
    )


def robustness_table(audit: RobustnessAudit, page: Path) -> RenderableType:
    """A line a way of getting worse: how far the model holds, and what is left where it no longer does."""
    from rich.console import Group
    from rich.text import Text

    from hilum.terminal import plain_table

    table = plain_table("films with", "holds to", "at", "sensitivity", "specificity", is_tight=True)
    table.add_row("nothing", "", "", audit.whole.sensitivity.text(2), audit.whole.specificity.text(2))
    for kind in audit.kinds:
        shown = kind.broken_at or kind.steps[-1]
        holds = "all" if not kind.broken_at else kind.holds_to.strength if kind.holds_to else "none"
        table.add_row(kind.name, holds, shown.strength, shown.sensitivity.text(2), shown.specificity.text(2))
    pneumonia, normal = (words.films_of(one) for one in (audit.pneumonia, audit.normal))
    head = f"{audit.model} on {audit.data_name}: {audit.chosen}; pneumonia {pneumonia}, normal {normal}"
    lines = [
        f"\n{headline(audit)}",
        f"It holds as long as neither figure has lost more than {_POINTS} on the same patients, beyond "
        f"what chance explains, at {audit.point}. AUROC and every strength: on the page.",
        f"95 % intervals: {'; '.join(methods_of(audit))}.",
        *limits(audit),
    ]
    parts: list[RenderableType] = [Text(f"{head}\n"), table, *map(Text, lines), Text(f"\nPage  {page}", no_wrap=True)]
    return Group(*parts)


def headline(audit: RobustnessAudit) -> str:
    """The outcome in a sentence."""
    fallen = [kind.name for kind in audit.kinds if kind.broken_at]
    if not fallen:
        return "The model holds at every strength of everything that was tried."
    return f"The model does not hold every strength of: {', '.join(fallen)}."


def verdict(kind: Kind) -> str:
    """How far the model holds, in words, and what is lost where it no longer does."""
    broken = kind.broken_at
    if broken is None:
        return "holds at every strength"
    lost = {"sensitivity": broken.lost_sensitivity, "specificity": broken.lost_specificity}
    fallen = " and ".join(f"{name} by {one.text(2)}" for name in broken.fallen if (one := lost[name]))
    holds = f"holds to {kind.holds_to.strength}" if kind.holds_to else "does not hold"
    return f"{holds}; at {broken.strength} falls in {fallen}"


def methods_of(audit: RobustnessAudit) -> tuple[str, ...]:
    """How the intervals on the films as they are were made."""
    whole = audit.whole
    return tuple(dict.fromkeys(one.method for one in (whole.auroc, whole.sensitivity, whole.specificity)))


def limits(audit: RobustnessAudit) -> tuple[str, ...]:
    """What these figures do not say."""
    return (
        "Read the falls, not the levels: these films are " + audit.chosen + ".",
        f"The squares of {audit.side} px that the network sees were made worse; what a scanner does to a film of "
        "2,000 px may weigh less.",
    )


def draw_kinds(audit: RobustnessAudit) -> str:
    """Small multiples, one a way of getting worse: three figures against five strengths, as inline SVG."""
    rows = -(-len(audit.kinds) // _COLUMNS)
    height = 1.9 * rows
    with drawing(9.6, height) as figure:
        axes = figure.subplots(rows, _COLUMNS, sharey=True, squeeze=False)
        figure.subplots_adjust(0.045, 0.5 / height, 0.995, 1 - 0.22 / height, hspace=0.55, wspace=0.1)
        for place, kind in zip(axes.flat, audit.kinds, strict=False):
            _draw_kind(place, kind, audit.whole)
        for place in axes.flat[len(audit.kinds) :]:
            place.set_axis_off()
        says = "Sensitivity, specificity and AUROC against the strength of each way in which films got worse."
        return as_svg(figure, "robustness", says)


def _draw_kind(axes: Axes, kind: Kind, whole: Step) -> None:
    steps = (whole, *kind.steps)
    for shift, (name, colour, marker) in zip((-0.08, 0.08, 0.0), _LINES, strict=True):
        figures: list[Estimate] = [getattr(step, name) for step in steps]
        known = [(place + shift, one) for place, one in enumerate(figures) if one.value is not None]
        across, values = [place for place, _ in known], [100 * (one.value or 0.0) for _, one in known]
        style = ":" if name == "auroc" else "-"
        axes.plot(across, values, color=colour, linewidth=1, linestyle=style, marker=marker, markersize=3.2)
        ends = [(place, one.low, one.high) for place, one in known if one.low is not None and one.high is not None]
        if name != "auroc":
            axes.vlines(
                [place for place, _, _ in ends],
                [100 * low for _, low, _ in ends],
                [100 * high for _, _, high in ends],
                color=colour,
                linewidth=0.6,
            )
    axes.set_title(kind.name, loc="left", color=INK, fontsize=8, pad=4)
    axes.set_xticks(range(len(steps)), ["as it is", *(step.strength for step in kind.steps)], rotation=40, ha="right")
    axes.tick_params("x", length=0, pad=1, labelsize=6.5)
    axes.set_ylim(-3, 103)
    axes.grid(axis="y", color=HAIRLINE, linewidth=0.4)
    axes.yaxis.set_major_formatter("{x:.0f} %")
