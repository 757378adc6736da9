"""A matplotlib figure as an inline SVG: same figure, same bytes; scales with the page; speaks to a screen reader."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from hilum.errors import missing_extra

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PNEUMONIA, NORMAL = "#b23a26", "#2d6388"
INK, GREY, HAIRLINE = "#1d2126", "#6a717b", "#d8dbe0"

_STYLE: Final[Any] = {
    "svg.fonttype": "none",  # text stays text; the page names the font
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib, so that every machine measures text alike
    "font.size": 7.5,
    "text.color": INK,
    "axes.labelcolor": GREY,
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.6,
    "axes.titlesize": "medium",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": GREY,
    "ytick.labelcolor": GREY,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "legend.frameon": False,
    "legend.handlelength": 1.2,
    "lines.linewidth": 1.4,
    "lines.solid_capstyle": "round",
}


def require_drawing() -> None:
    """Refuse where figures cannot be drawn, before anything is made that needs them.

    Raises:
        HilumError: matplotlib is not installed.
    """
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as error:
        raise missing_extra("Drawing figures", "judge") from error


@contextmanager
def drawing(width: float, height: float) -> Iterator[Figure]:
    """A figure of that many inches in the house style; no state of matplotlib outlives it.

    Raises:
        HilumError: matplotlib is not installed.
    """
    require_drawing()
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_STYLE):
        yield Figure(figsize=(width, height), facecolor="none")


def as_svg(figure: Figure, name: str, words: str) -> str:
    """The figure as an <svg> element for a page.

    Args:
        figure: drawn with `drawing`.
        name: short and different for each figure of a page; keeps their definitions apart.
        words: what it shows, for those who cannot see it; no markup.
    """
    import matplotlib

    text = io.StringIO()
    with matplotlib.rc_context({**_STYLE, "svg.hashsalt": name}):
        figure.savefig(text, format="svg", metadata={"Date": None})
    return _inlined(text.getvalue(), words)


def _inlined(document: str, words: str) -> str:
    """Only the drawing: no prolog, no global style, no identifier but those that are referred to."""
    from markupsafe import escape

    body = document[document.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", body, flags=re.DOTALL)
    referred = set(re.findall(r"(?:url\(|href=\")#([^)\"]+)", body))
    body = re.sub(r' id="([^"]*)"', lambda found: found[0] if found[1] in referred else "", body)
    body = re.sub(r"(<svg[^>]*?) width=\"[^\"]*\"", r"\1", body, count=1)
    body = re.sub(r"(<svg[^>]*?) height=\"[^\"]*\"", r"\1", body, count=1)
    body = body.replace("<svg", f'<svg role="img" aria-label="{escape(words)}"', 1)
    return re.sub(r"\n\s*", "\n", body).strip()
