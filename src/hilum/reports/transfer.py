"""What ImageNet weights buy: one picture, and a table for 80 columns."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from hilum.reports.svg import GREY, HAIRLINE, INK, drawing
from hilum.reproduction.transfer import LEVEL, Bundle, Curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from rich.console import RenderableType

_HUES: Final = {True: "#0f766e", False: "#b4741e"}
_NAMES: Final = {True: "ImageNet weights", False: "random weights"}
_AXES: Final = {"epochs": "Epochs", "images": "Films learned from", "seconds": "Minutes"}
_WIDTH_IN, _PANEL_IN, _HEAD_IN, _FOOT_IN, _DPI = 8.6, 1.72, 0.82, 0.3, 200


def draw_transfer(found: Sequence[Bundle], all_patients: int, data_name: str, recipe: str) -> bytes:
    """A PNG: a column for each number of patients, the AUROC against epochs, films and minutes below each other.

    Args:
        found: curves by patients and first weights, one at least.
        all_patients: how many "all" are.
        data_name: of the films.
        recipe: that was trained.

    Raises:
        HilumError: matplotlib is not installed.
    """
    sizes = list(dict.fromkeys(one.patients for one in found))
    height_in = _HEAD_IN + len(_AXES) * _PANEL_IN + _FOOT_IN
    bottom = max(0.0, min(0.9, min(min(curve.auroc) for one in found for curve in one.curves) - 0.03))
    with drawing(_WIDTH_IN, height_in) as figure:
        figure.set_facecolor("white")
        _headline(figure, height_in, f"{recipe} on {data_name}, {_seeds(found)}")
        for column, size in enumerate(sizes):
            of_size = [one for one in found if one.patients == size]
            for row, kind in enumerate(_AXES):
                axes = figure.add_axes(_place(column, row, len(sizes), height_in))
                _panel(axes, of_size, kind, bottom)
                if row == 0:
                    axes.set_title(f"{size or all_patients:,} patients", loc="left", pad=6, weight="bold")
                    _gaps(axes, of_size)
                if row == 1:
                    _steepness(axes, of_size, bottom)
                if column:
                    axes.tick_params(labelleft=False)
        content = io.BytesIO()
        figure.savefig(content, format="png", dpi=_DPI, metadata={"Software": None})
    return content.getvalue()


def transfer_table(
    found: Sequence[Bundle], all_patients: int, unfinished: Sequence[tuple[str, str]], notes: Sequence[str]
) -> RenderableType:
    """Start, slope and end of each curve; with several seeds the mean, and the range beneath it."""
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, collapse_padding=True)
    for header in (
        "patients",
        "first\nweights",
        "after\n1 epoch",
        "at the\nend",
        f"films until\nAUROC {LEVEL}",
        "epochs",
        "time",
    ):
        table.add_column(header, no_wrap=True)
    for one in found:
        mean, reached = one.mean, one.images_to_level
        table.add_row(
            f"{one.patients or all_patients:,}",
            _NAMES[one.is_pretrained].removesuffix(" weights"),
            _with_range(mean.start, [curve.start for curve in one.curves]),
            _with_range(mean.end, [curve.end for curve in one.curves]),
            "not reached" if reached is None else f"{reached:,.0f}",
            str(len(mean.auroc)),
            f"{mean.seconds[-1] / 60:.1f} min",
        )
    parts: list[RenderableType] = (
        [Text("AUROC of the select patients; no test film was looked at.\n"), table] if found else []
    )
    parts += [Text("")] + [Text(f"{name}: {where}") for name, where in unfinished[:6]]
    parts += [Text(f"... and {len(unfinished) - 6} more")] if len(unfinished) > 6 else []
    return Group(*parts, *(Text(note) for note in notes))


def _with_range(mean: float, values: Sequence[float]) -> str:
    return f"{mean:.3f}" + (f"\n{min(values):.3f}-{max(values):.3f}" if len(values) > 1 else "")


def _seeds(found: Sequence[Bundle]) -> str:
    seeds = sorted({curve.run.seed for one in found for curve in one.curves})
    return (
        f"seed {seeds[0]}" if len(seeds) == 1 else f"{len(seeds)} seeds: thin lines single runs, thick lines their mean"
    )


def _headline(figure: Any, height_in: float, remark: str) -> None:
    def text(x_in: float, down_in: float, words: str, **more: Any) -> None:
        figure.text(x_in / _WIDTH_IN, 1 - down_in / height_in, words, parse_math=False, **more)

    text(0.52, 0.26, "What ImageNet weights buy", fontsize=13, weight="bold")
    text(0.52, 0.46, f"AUROC of the select patients. {remark}", color=GREY)
    text(
        0.52,
        height_in - 0.14,
        f"Start: after the first epoch. Dashed: AUROC {LEVEL}; dotted: where a mean first reaches it. "
        "Fewer patients get more epochs.",
        color=GREY,
        fontsize=6.5,
    )
    text(5.55, 0.26, "with ImageNet weights", color=_HUES[True], weight="bold")
    text(7.05, 0.26, "from random weights", color=_HUES[False], weight="bold")


def _place(column: int, row: int, columns: int, height_in: float) -> tuple[float, float, float, float]:
    """Left, bottom, width and height of a panel as shares of the figure."""
    left_in, gap_in = 0.52, 0.16
    width_in = (_WIDTH_IN - left_in - 0.18 - gap_in * (columns - 1)) / columns
    bottom_in = height_in - _HEAD_IN - (row + 1) * _PANEL_IN + 0.42
    return (
        (left_in + column * (width_in + gap_in)) / _WIDTH_IN,
        bottom_in / height_in,
        width_in / _WIDTH_IN,
        (_PANEL_IN - 0.5) / height_in,
    )


def _panel(axes: Axes, found: Sequence[Bundle], kind: str, bottom: float) -> None:
    """The curves of one number of patients against one measure of effort."""
    for one in found:
        hue = _HUES[one.is_pretrained]
        for curve in one.curves:
            axes.plot(_effort(curve, kind), curve.auroc, color=hue, linewidth=0.6, alpha=0.4)
        axes.plot(_effort(one.mean, kind), one.mean.auroc, color=hue, linewidth=1.8, **_dot(one.mean, hue))
    axes.set_ylim(bottom, 1.005)
    axes.grid(color=HAIRLINE, linewidth=0.4)
    axes.set_xlabel(_AXES[kind], labelpad=2)
    axes.locator_params("x", nbins=3, integer=kind == "epochs")
    axes.margins(x=0.08)
    axes.set_xlim(left=0)
    axes.locator_params("y", nbins=5)
    if kind == "images":
        axes.xaxis.set_major_formatter("{x:,.0f}")


def _effort(curve: Curve, kind: str) -> Sequence[float]:
    if kind == "epochs":
        return range(1, len(curve.auroc) + 1)
    return curve.images if kind == "images" else [seconds / 60 for seconds in curve.seconds]


def _dot(curve: Curve, hue: str) -> dict[str, Any]:
    """A dot for every epoch where there are few."""
    return {"marker": "o", "markersize": 2.6, "markerfacecolor": hue} if len(curve.auroc) <= 12 else {}


def _gaps(axes: Axes, found: Sequence[Bundle]) -> None:
    """How much higher the pretrained curve starts and ends, in numbers."""
    means = {one.is_pretrained: one.mean for one in found}
    if len(means) < 2:
        return
    start, end = (means[True].start - means[False].start, means[True].end - means[False].end)
    axes.text(
        0.97,
        0.07,
        f"start {start:+.3f}\nend {end:+.3f}",
        transform=axes.transAxes,
        ha="right",
        va="bottom",
        color=INK,
        linespacing=1.35,
        bbox={"boxstyle": "square,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.85},
    )


def _steepness(axes: Axes, found: Sequence[Bundle], bottom: float) -> None:
    """A line down from where each mean first reaches the level."""
    if bottom >= LEVEL:
        return
    axes.axhline(LEVEL, color=GREY, linewidth=0.5, dashes=(3, 2))
    for one in found:
        if (images := one.mean.images_to()) is not None:
            axes.plot([images, images], [bottom, LEVEL], color=_HUES[one.is_pretrained], linewidth=0.7, dashes=(2, 2))
