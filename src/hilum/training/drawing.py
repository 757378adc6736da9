"""Pictures of a run as PNG: one style, readable in grey, with names beside the lines instead of a key."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from hilum.errors import missing_extra

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, GREY, HAIRLINE, BLUE, ORANGE = "#1d2126", "#6a717b", "#d8dbe0", "#2d6388", "#c4581a"
DPI: Final = 200

_STYLE: Final[Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib, so that every machine measures text alike
    "font.size": 8,
    "text.color": INK,
    "text.parse_math": False,  # a name may hold dollar signs
    "axes.labelcolor": GREY,
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": HAIRLINE,
    "grid.linewidth": 0.5,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.major.size": 2.5,
    "ytick.major.size": 0,
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
    "lines.linewidth": 1.5,
    "lines.solid_capstyle": "round",
}


@contextmanager
def drawing(width_in: float, height_in: float) -> Iterator[Figure]:
    """A white page of that size; no state of matplotlib outlives it.

    Raises:
        HilumError: matplotlib is not installed.
    """
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise missing_extra("A picture", "judge") from error
    with matplotlib.rc_context(_STYLE):
        yield Figure(figsize=(width_in, height_in), dpi=DPI, facecolor="white")


def as_png(figure: Figure) -> bytes:
    """The page as a PNG file; the same page gives the same bytes."""
    content = io.BytesIO()
    figure.savefig(content, format="png", metadata={"Software": None})
    return content.getvalue()


def head(figure: Figure, title: str, remark: str) -> None:
    """A title at the upper left, and under it a remark in grey."""
    height_in = figure.get_figheight()
    left = 0.35 / figure.get_figwidth()
    figure.text(left, 1 - 0.32 / height_in, title, fontsize=13, weight="bold")
    figure.text(left, 1 - 0.54 / height_in, remark, color=GREY)


def name_ends(axes: Axes, names: Sequence[str], values: Sequence[float], colours: Sequence[str]) -> None:
    """Names of lines to the right of the axes, beside each line's last value; moved apart where they would touch."""
    low, high = axes.get_ylim()
    lines_fit = axes.get_window_extent().height / (axes.figure.dpi * 8 * 1.35 / 72)
    gap = 1 / max(lines_fit, 1e-9)
    shares = [(value - low) / (high - low) for value in values]
    for place, number in zip(
        _apart(sorted(shares), gap), sorted(range(len(shares)), key=shares.__getitem__), strict=True
    ):
        axes.text(1.015, place, names[number], transform=axes.transAxes, color=colours[number], va="center")


def _apart(places: list[float], gap: float) -> list[float]:
    """Ascending places moved as little as needed to lie `gap` apart: each cluster stays about its middle.

    >>> [round(place, 2) for place in _apart([0.5, 0.5, 0.9], 0.1)]
    [0.45, 0.55, 0.9]
    """
    clusters = [[place] for place in places]
    merged = True
    while merged:
        merged = False
        for number in range(len(clusters) - 1):
            one, other = clusters[number], clusters[number + 1]
            reach = gap * (len(one) + len(other)) / 2
            if sum(other) / len(other) - sum(one) / len(one) < reach - 1e-9:
                clusters[number : number + 2] = [one + other]
                merged = True
                break
    return [
        sum(cluster) / len(cluster) + gap * (place - (len(cluster) - 1) / 2)
        for cluster in clusters
        for place in range(len(cluster))
    ]
