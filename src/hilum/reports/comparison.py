"""A comparison for people: one self-contained page with a forest plot of all runs, and a table for 80 columns."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hilum.evaluation.comparison import FIGURES, Comparison, Pair
from hilum.metrics import Estimate
from hilum.reports import comparison_words as told
from hilum.reports import words
from hilum.reports.page import templates
from hilum.terminal import plain_table

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

_STEPS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1.0)
_PAIRS_IN_FULL: Final = 3


@dataclass(frozen=True, slots=True)
class Scale:
    """The axis of a forest plot: its ends and its ticks, as fractions."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def place(self, value: float) -> str:
        """Where a value stands, from the left, as CSS takes it."""
        return f"{100 * min(1.0, max(0.0, (value - self.low) / (self.high - self.low))):.2f}%"


@dataclass(frozen=True, slots=True)
class Whisker:
    """A line of a forest plot."""

    name: str
    estimate: Estimate
    text: str
    interval: str


@dataclass(frozen=True, slots=True)
class Forest:
    """All contestants, or all pairs, by one figure."""

    figure: str
    whiskers: tuple[Whisker, ...]
    scale: Scale
    labels: tuple[str, ...]


def comparison_page(comparison: Comparison) -> str:
    """The comparison as one self-contained HTML document; same comparison, same bytes."""
    return (
        templates()
        .get_template("comparison.html.j2")
        .render(
            comparison=comparison,
            told=told,
            words=words,
            forests=[_forest(comparison, place) for place in range(len(FIGURES))],
            differences=[_forest_of_differences(comparison, place) for place in range(len(FIGURES))],
            kinds=dict(zip(FIGURES, ("", "pneumonia", "normal"), strict=True)),
            methods=told.methods(comparison),
        )
    )


def scale_of(estimates: Iterable[Estimate], others: tuple[float, ...] = (), most: int = 5) -> Scale:
    """An axis that holds every value, interval and other number, with round ticks and at most so many steps.

    >>> scale_of([Estimate(0.96, 0.942, 0.973, "")]).ticks
    (0.94, 0.95, 0.96, 0.97, 0.98)
    """
    ends = [end for one in estimates for end in (one.low, one.value, one.high) if end is not None] + [*others]
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    step = next(one for one in _STEPS if _steps(low, high, one) <= most or one == _STEPS[-1])
    first = math.floor(low / step + 1e-9)
    count = max(1, _steps(low, high, step))
    ticks = tuple(round((first + place) * step, 6) for place in range(count + 1))
    return Scale(ticks[0], ticks[-1], ticks)


def _steps(low: float, high: float, step: float) -> int:
    return math.ceil(high / step - 1e-9) - math.floor(low / step + 1e-9)


def _forest(comparison: Comparison, place: int) -> Forest:
    figure, is_decimal = FIGURES[place], FIGURES[place] == "AUROC"
    estimates = [one.figures[place].estimate for one in comparison.contestants]
    whiskers = tuple(
        Whisker(
            contestant.name,
            one,
            words.percent(one.value) if not is_decimal else _decimal(one.value),
            words.decimal_interval(one) if is_decimal else words.percent_interval(one),
        )
        for contestant, one in zip(comparison.contestants, estimates, strict=True)
    )
    scale = scale_of(estimates)
    return Forest(figure, whiskers, scale, tuple(f"{one:g}" if is_decimal else f"{100 * one:g}" for one in scale.ticks))


def _forest_of_differences(comparison: Comparison, place: int) -> Forest:
    figure = FIGURES[place]
    estimates = [pair.differences[place].estimate for pair in comparison.pairs]
    whiskers = tuple(
        Whisker(
            f"{pair.first} \N{MINUS SIGN} {pair.second}", one, told.amount(figure, one.value), told.ends(figure, one)
        )
        for pair, one in zip(comparison.pairs, estimates, strict=True)
    )
    scale = scale_of(estimates, (-comparison.margin, 0.0, comparison.margin), most=3)
    labels = tuple(f"{one if figure == 'AUROC' else 100 * one:g}".replace("-", "\N{MINUS SIGN}") for one in scale.ticks)
    return Forest(figure, whiskers, scale, labels)


def _decimal(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.3f}"


def comparison_table(comparison: Comparison, page: Path) -> RenderableType:
    """Figures, differences and verdicts in 80 columns."""
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = [
        Text(f"{told.title(comparison)} on {comparison.data_name}, {comparison.part}, at {comparison.point}"),
        Text(told.whom(comparison)),
        *(Text(f"WARNING: {warning}") for warning in comparison.warnings),
        Text(""),
        _contestants(comparison),
        Text(""),
        _differences(comparison),
    ]
    is_short = len(comparison.pairs) > _PAIRS_IN_FULL
    for pair in comparison.pairs:
        more = "" if is_short else f" {told.open_questions(pair, comparison)}"
        parts.append(Text(f"\n{told.verdict(pair, comparison)}{more}".rstrip()))
    parts += [
        Text(
            f"\n95 % intervals; p by Holm over {comparison.tests} tests; the page says how. No film was looked at anew."
        ),
        Text(" ".join(comparison.limits[:2])),
        Text(f"\nPage  {page}", no_wrap=True),
    ]
    return Group(*parts)


def _contestants(comparison: Comparison) -> Table:
    table = plain_table("run", *FIGURES, is_tight=True, unfolded=FIGURES)
    for one in comparison.contestants:
        cells = [_cell(figure.estimate) for figure in one.figures]
        if len(one.runs) > 1:
            cells = [
                f"{cell}\nspread {figure.over_seeds.spread:.4f}" if figure.over_seeds else cell
                for cell, figure in zip(cells, one.figures, strict=True)
            ]
        table.add_row(_broken(one.name), *cells)
    return table


def _differences(comparison: Comparison) -> Table:
    table = plain_table("difference", *FIGURES, is_tight=True, unfolded=FIGURES)
    for pair in comparison.pairs:
        table.add_row(_names(pair), *(_difference_cell(pair, place) for place in range(len(FIGURES))))
    return table


def _difference_cell(pair: Pair, place: int) -> str:
    one = pair.differences[place]
    return (
        f"{told.amount(one.figure, one.estimate.value)}\n{told.ends(one.figure, one.estimate)}\n"
        f"p {told.p_value(one.corrected_p)}{' *' if one.better else ''}"
    )


def _names(pair: Pair) -> str:
    return f"{_broken(pair.first)}\n\N{MINUS SIGN} {_broken(pair.second)}"


def _broken(name: str) -> str:
    return name.replace(", ", ",\n", 1)


def _cell(one: Estimate) -> str:
    return one.text().replace(" ", "\n", 1)
