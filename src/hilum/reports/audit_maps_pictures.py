"""The pictures of the audit of maps: deletion and insertion curves, likeness as layers forget, small maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from markupsafe import Markup
from PIL import Image

from hilum.attribution.evidence import EvidenceMap, Square
from hilum.explaining.faithfulness import CENTRE_BLOB, RANDOM, Curves, MethodFaithfulness, Randomisation
from hilum.explaining.verdict import MOST_SIMILAR
from hilum.metrics import Estimate
from hilum.reports.embedded import small_jpeg
from hilum.reports.svg import GREY, HAIRLINE, INK, NORMAL, PNEUMONIA, as_svg, drawing
from hilum.runtime.mapping import in_patches, overlay

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIDE_PX: Final = 200
_BY_PIXEL: Final = "integrated-gradients"
_LINES: Final[dict[str, dict[str, Any]]] = {
    RANDOM: {"color": GREY, "linestyle": ":"},
    CENTRE_BLOB: {"color": NORMAL, "linestyle": "--"},
}
_CASCADE: Final[dict[str, dict[str, Any]]] = {
    "structure": {"color": GREY, "linewidth": 0.9},
    "sizes": {"color": NORMAL, "linestyle": "--", "marker": "s", "markersize": 3.5},
    "rank": {"color": PNEUMONIA, "marker": "o", "markersize": 4, "linewidth": 1.8},
}
_DOES: Final = {"deletion": "covered", "insertion": "uncovered"}


def draw_curves(method: MethodFaithfulness, kind: str) -> str:
    """The deletion or insertion curve of a method against those of the controls, as inline SVG.

    Args:
        method: what was measured.
        kind: "deletion" or "insertion".
    """
    with drawing(4.6, 2.5) as figure:
        axes = figure.add_axes((0.105, 0.165, 0.855, 0.8))
        for curves in method.curves:
            style = _LINES.get(curves.order, {"color": PNEUMONIA, "linewidth": 2})
            axes.plot(curves.shares, getattr(curves, kind), **style)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1.02)
        axes.xaxis.set_major_formatter(lambda share, _place: f"{100 * share:.0f} %")
        axes.set_xlabel(f"of the film {_DOES[kind]}", labelpad=2)
        axes.set_ylabel("probability of the answer", labelpad=3)
        axes.grid(axis="y", color=HAIRLINE, linewidth=0.4)
        areas = ", ".join(f"{one.order} {area_of(one, kind).text(2)}" for one in method.curves)
        return as_svg(figure, f"{method.method}-{kind}", f"{kind} curves; areas under them: {areas}")


def draw_cascade(method: MethodFaithfulness) -> str:
    """How alike the map stays as layers forget what they learned, from the logit on, as inline SVG."""
    test = method.randomisation
    assert test is not None
    with drawing(9.4, 2.6) as figure:
        axes = figure.add_axes((0.055, 0.165, 0.925, 0.8))
        _draw_limits(axes, test)
        for name, style in _CASCADE.items():
            figures = [getattr(step, name) for step in test.steps]
            _draw_likeness(axes, [step.layers for step in test.steps], figures, style)
        axes.set_xlim(0, test.layers * 1.01)
        axes.locator_params("x", integer=True)
        # Sizes can be ordered a little the other way round.
        ends = [end for step in test.steps for end in (step.sizes.low, step.sizes.value) if end is not None]
        axes.set_ylim(min(0.0, *ends) if ends else 0.0, 1.03)
        axes.set_xlabel(f"layers with random weights, of {test.layers}, counted from the logit", labelpad=2)
        axes.set_ylabel("likeness", labelpad=3)
        axes.grid(axis="y", color=HAIRLINE, linewidth=0.4)
        says = f"Rank correlation falls from 1 to {test.last.rank.text(2)} when every layer is random."
        return as_svg(figure, f"{method.method}-cascade", says)


def area_of(curves: Curves, kind: str) -> Estimate:
    """The area under one of the curves, with its interval."""
    return curves.deletion_area if kind == "deletion" else curves.insertion_area


def example_picture(method: str, square: Square, evidence: EvidenceMap) -> Markup:
    """A method's map over its film, drawn at its own scale, as a data URI; that of single pixels as sums over patches.

    A map of few places comes at the film's size too, each place where it looks: its size does not tell.
    """
    if method == _BY_PIXEL:
        evidence = in_patches(evidence)
    limit = float(np.abs(evidence).max()) or 1.0
    return small_jpeg(overlay(square, evidence, limit), (_SIDE_PX, _SIDE_PX))


def film_picture(square: Square) -> Markup:
    """The film as the network sees it, as a data URI."""
    return small_jpeg(Image.fromarray(square), (_SIDE_PX, _SIDE_PX))


def _draw_limits(axes: Axes, test: Randomisation) -> None:
    """Where a map no longer tells of the model, and what maps have in common by chance."""
    axes.axhspan(MOST_SIMILAR, 1.03, color=GREY, alpha=0.08, linewidth=0)
    axes.axhline(MOST_SIMILAR, color=INK, linewidth=0.7, dashes=(5, 3))
    right = test.layers
    axes.text(right, MOST_SIMILAR + 0.02, "must end below this line", ha="right", va="bottom", color=INK)
    if test.chance.value is not None:
        axes.axhline(test.chance.value, color=GREY, linewidth=0.7, linestyle=":")
        axes.text(right * 0.005, test.chance.value + 0.015, "chance", va="bottom", color=GREY)


def _draw_likeness(axes: Axes, layers: Sequence[int], figures: Sequence[Estimate], style: dict[str, Any]) -> None:
    """One line from 1, where nothing is forgotten, with the intervals of those that are marked."""
    values = [1.0, *(float("nan") if one.value is None else one.value for one in figures)]
    axes.plot([0, *layers], values, **style)
    for place, one in zip(layers, figures, strict=True):
        if "marker" in style and one.low is not None and one.high is not None:
            axes.vlines(place, one.low, one.high, color=style["color"], linewidth=0.9)
