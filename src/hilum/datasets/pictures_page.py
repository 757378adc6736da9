"""The page that pictures of a data set are drawn on: white, a headline, and a remark under it in grey."""

from __future__ import annotations

import io
from typing import Any

from hilum.errors import missing_extra
from hilum.files import printable

# Blue against orange is told apart with every common colour vision deficiency; the two oranges differ in lightness.
COLOURS = {"bacteria": "#c4581a", "virus": "#f2b27a", "pneumonia": "#d9763a", "normal": "#33689e"}
INK, GREY = "#222222", "#666666"
WIDTH_IN, _DPI = 8.0, 200


def page(height_in: float, headline: str, remark: str) -> Any:
    """A matplotlib figure of the usual width.

    Raises:
        HilumError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise missing_extra("A picture", "judge") from error
    figure = Figure(figsize=(WIDTH_IN, height_in), dpi=_DPI, facecolor="white")
    figure.text(0.3 / WIDTH_IN, 1 - 0.36 / height_in, headline, **written(14, weight="bold"))
    figure.text(0.3 / WIDTH_IN, 1 - 0.47 / height_in, remark, **written(9, color=GREY, va="top"))
    return figure


def draw_square(figure: Any, corner_in: tuple[float, float], side_in: float, square: Any) -> Any:
    """A grey square with its upper left corner so far from that of the page; its axes come back.

    Args:
        square: (side, side) uint8.
    """
    left_in, top_in = corner_in
    height_in = figure.get_figheight()
    place = (left_in / WIDTH_IN, 1 - (top_in + side_in) / height_in, side_in / WIDTH_IN, side_in / height_in)
    axes = figure.add_axes(place)
    axes.set_axis_off()
    axes.imshow(square, cmap="gray", vmin=0, vmax=255, interpolation="antialiased")
    return axes


def written(size: float, **more: Any) -> dict[str, Any]:
    """How text is written; a file name may hold dollar signs, which would be read as mathematics."""
    return {"fontsize": size, "color": INK, "parse_math": False, **more}


def short(name: str, longest: int = 20) -> str:
    """The name with its middle left out where it is long; signs that the font may lack become question marks."""
    name = printable(name).encode("ascii", "replace").decode("ascii")
    half = (longest - 1) // 2
    return name if len(name) <= longest else f"{name[:half]}…{name[-half:]}"


def png(figure: Any) -> bytes:
    """The page as a PNG file; the same page gives the same bytes."""
    content = io.BytesIO()
    figure.savefig(content, format="png", metadata={"Software": None})
    return content.getvalue()
