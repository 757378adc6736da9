"""The pictures of the audits: AUROCs below each other with their intervals, and mean films."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from hilum.metrics import Estimate
from hilum.reports.embedded import data_uri
from hilum.reports.svg import GREY, HAIRLINE, INK, NORMAL, PNEUMONIA, as_svg, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROW_IN, _MARGIN_IN, _WIDTH_IN, _NAMES_IN = 0.235, 0.42, 7.2, 1.75
_HUES: Final = {"pneumonia": PNEUMONIA, "normal": NORMAL, "": INK}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the picture.

    Args:
        name: at its left.
        auroc: a filled mark with its interval; None leaves the line empty.
        second: a hollow mark with its interval.
        control: small ticks.
        kind: "pneumonia", "normal" or "".
        says: at its right where there is no figure.
    """

    name: str
    auroc: Estimate | None
    second: Estimate | None = None
    control: tuple[float, ...] = ()
    kind: str = ""
    says: str = ""


def draw_aurocs(lines: Sequence[Line], name: str, words: str, limits: Sequence[float] = ()) -> str:
    """AUROCs on one scale, as inline SVG.

    Args:
        lines: from top to bottom.
        name: of the picture, different for each on a page.
        words: what it shows, for those who cannot see it.
        limits: dashed lines beside that of chance.

    Raises:
        HilumError: matplotlib is not installed.
    """
    height_in = _MARGIN_IN + _ROW_IN * len(lines)
    with drawing(_WIDTH_IN, height_in) as figure:
        left, bottom = _NAMES_IN / _WIDTH_IN, _MARGIN_IN / height_in
        axes = figure.add_axes((left, bottom, 0.985 - left, 1 - bottom))
        axes.axvline(0.5, color=GREY, linewidth=0.7)
        for limit in limits:
            axes.axvline(limit, color=GREY, linewidth=0.6, dashes=(4, 3))
        for row, line in enumerate(lines):
            _draw(axes, len(lines) - 1 - row, line)
        axes.set_yticks(range(len(lines)), [line.name for line in reversed(lines)])
        axes.tick_params(axis="y", length=0, labelcolor=INK)
        axes.set_ylim(-0.6, len(lines) - 0.4)
        axes.set_xlim(_lowest(lines), 1.01)
        axes.grid(axis="x", color=HAIRLINE, linewidth=0.4)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel("AUROC (0.5 is chance)")
        return as_svg(figure, name, words)


def picture_of(pixels: np.ndarray) -> str:
    """A (height, width) or (height, width, 3) uint8 array as the address of an image inside the page."""
    from PIL import Image

    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG", optimize=True)
    return data_uri(content.getvalue(), "png")


def difference(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(height, width, 3) uint8: where the first is brighter in the hue of pneumonia, where darker in that of normal."""
    apart = first.astype(np.float64) - second.astype(np.float64)
    strength = np.clip(np.abs(apart) / max(1.0, float(np.abs(apart).max())), 0, 1)[..., None]
    hues = np.where((apart > 0)[..., None], _rgb(PNEUMONIA), _rgb(NORMAL))
    painted: np.ndarray = np.round(255 + strength * (hues - 255)).astype(np.uint8)
    return painted


def _draw(axes: Axes, height: int, line: Line) -> None:
    hue = _HUES[line.kind]
    for block in line.control:
        axes.plot([block], [height], "|", color=GREY, markersize=7, markeredgewidth=0.9)
    if line.says:
        axes.text(0.51, height, line.says, color=GREY, va="center", parse_math=False)
    up = 0.16 if line.second is not None and line.auroc is not None else 0.0
    for one, place, face in ((line.auroc, height + up, hue), (line.second, height - up, "white")):
        if one is None or one.value is None:
            continue
        if one.low is not None and one.high is not None:
            axes.hlines(place, one.low, one.high, color=hue, linewidth=1.2)
        mark = "s" if line.kind == "normal" else "o"
        axes.plot([one.value], [place], mark, color=face, markeredgecolor=hue, markersize=4.2, markeredgewidth=1)


def _lowest(lines: Sequence[Line]) -> float:
    ends = [one.low for line in lines for one in (line.auroc, line.second) if one is not None and one.low is not None]
    ends += [one for line in lines for one in line.control]
    return min([0.48, *(end - 0.02 for end in ends)])


def _rgb(hue: str) -> np.ndarray:
    return np.array([int(hue[place : place + 2], 16) for place in (1, 3, 5)], dtype=np.float64)
