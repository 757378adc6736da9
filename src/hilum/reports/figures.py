"""The pictures of an evaluation, as inline SVG; pneumonia first, and never told apart by colour alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hilum.evaluation import PointFigures
from hilum.metrics import ReliabilityBin, precision_recall_curve, roc_curve
from hilum.metrics.arrays import Booleans, Floats
from hilum.reports.svg import GREY, HAIRLINE, INK, NORMAL, PNEUMONIA, as_svg, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BINS: Final = np.linspace(0, 1, 26)
_ON_PAPER: Final = {"facecolor": "white", "edgecolor": "none", "pad": 1}
_SQUARE: Final = (0.125, 0.125, 0.82, 0.8)


def roc(score: Floats, is_pneumonia: Booleans, points: tuple[PointFigures, ...]) -> str:
    """The ROC curve with the operating points on it by name."""
    curve = roc_curve(score, is_pneumonia)
    with drawing(3.5, 3.3) as figure:
        axes = figure.add_axes(_SQUARE)
        axes.plot([0, 100], [0, 100], color=HAIRLINE, linewidth=0.8)
        axes.plot(100 - 100 * curve.specificity, 100 * curve.sensitivity, color=INK)
        _name_points(axes, points)
        percent_axes(axes, "False alarms (100 % \N{MINUS SIGN} specificity)", "Sensitivity")
        return as_svg(figure, "roc", "ROC curve: sensitivity against the share of false alarms among normal films.")


def precision_recall(score: Floats, is_pneumonia: Booleans) -> str:
    """Precision against sensitivity, with the prevalence of the films as the line of a useless model."""
    curve = precision_recall_curve(score, is_pneumonia)
    prevalence = 100 * float(is_pneumonia.mean())
    with drawing(3.5, 3.3) as figure:
        axes = figure.add_axes(_SQUARE)
        axes.axhline(prevalence, color=HAIRLINE, linewidth=0.8)
        axes.text(1, prevalence - 2, "prevalence of these films", color=GREY, va="top", bbox=_ON_PAPER)
        # A precision holds for the whole step of sensitivity that was gained with it, as AUPRC counts it.
        recall, precision = np.r_[0.0, curve.recall], np.r_[curve.precision[:1], curve.precision]
        axes.step(100 * recall, 100 * precision, where="pre", color=INK)
        percent_axes(axes, "Sensitivity (recall)", "Precision")
        return as_svg(figure, "precision-recall", "Precision against sensitivity over all thresholds.")


def reliability(bins: tuple[ReliabilityBin, ...]) -> str:
    """Observed frequency against stated probability with Wilson intervals, and below it the films of each bin."""
    stated = 100 * np.array([one.mean_probability for one in bins])
    observed, low, high = (
        100 * np.array([getattr(one, part) for one in bins])
        for part in ("frequency", "frequency_low", "frequency_high")
    )
    with drawing(3.5, 3.7) as figure:
        axes = figure.add_axes((0.125, 0.34, 0.82, 0.59))
        axes.plot([0, 100], [0, 100], color=GREY, linewidth=0.7, dashes=(4, 3))
        axes.vlines(stated, low, high, color=INK, linewidth=0.9)
        axes.plot(stated, observed, "o", color=INK, markersize=4.5, markeredgecolor="white", markeredgewidth=0.6)
        percent_axes(axes, "", "Truly pneumonia")
        axes.tick_params(labelbottom=False)
        counts = figure.add_axes((0.125, 0.115, 0.82, 0.14), sharex=axes)
        counts.vlines(stated, 0, [one.films for one in bins], color=GREY, linewidth=2.2)
        counts.set_ylim(0, 1.15 * max(one.films for one in bins))
        _count_films(counts, 2)
        counts.set_xlabel("Stated probability of pneumonia")
        words = f"Reliability plot of {len(bins)} bins: observed frequency of pneumonia against stated probability."
        return as_svg(figure, "reliability", words)


def probabilities(probability: Floats, is_pneumonia: Booleans, points: tuple[PointFigures, ...]) -> str:
    """How the probabilities of each class are spread: pneumonia upwards, normal downwards, thresholds as lines."""
    upward, downward = (np.histogram(probability[part], _BINS)[0] for part in (is_pneumonia, ~is_pneumonia))
    reach = 1.08 * max(upward.max(), downward.max())
    with drawing(3.5, 3.7) as figure:
        axes = figure.add_axes((0.125, 0.115, 0.82, 0.815))
        for point in points:
            axes.axvline(100 * point.at.threshold, color=GREY, linewidth=0.6, dashes=(3, 2))
        axes.bar(100 * _BINS[:-1], upward, 3.5, align="edge", color=PNEUMONIA)
        axes.bar(100 * _BINS[:-1], -downward, 3.5, align="edge", color=NORMAL)
        axes.axhline(0, color=GREY, linewidth=0.6)
        axes.text(1, 0.9 * reach, "Pneumonia", color=PNEUMONIA, weight="bold")
        axes.text(99, -0.95 * reach, "Normal", color=NORMAL, weight="bold", ha="right")
        axes.set_xlim(-2, 102)
        axes.set_ylim(-reach, reach)
        axes.xaxis.set_major_formatter("{x:.0f} %")
        axes.set_xlabel("Stated probability of pneumonia")
        _count_films(axes, 6)
        words = "Histogram of stated probabilities: films with pneumonia upwards, normal films downwards."
        return as_svg(figure, "probabilities", words)


def _name_points(axes: Axes, points: tuple[PointFigures, ...]) -> None:
    """A ring at each operating point, and its name where the plot is empty, in the order of the points."""
    known = [
        (100 - 100 * point.specificity.value, 100 * point.sensitivity.value, point.at.name)
        for point in points
        if point.sensitivity.value is not None and point.specificity.value is not None
    ]
    left = 12 + max((x for x, _, _ in known), default=0.0)
    left, top = (left, 72) if left < 60 else (60, 44)
    for place, (x, y, name) in enumerate(sorted(known, key=lambda one: (-one[1], one[0]))):
        axes.annotate(
            name,
            (x, y),
            (left, top - 8 * place),
            va="center",
            bbox=_ON_PAPER,
            arrowprops={
                "arrowstyle": "-",
                "color": GREY,
                "linewidth": 0.5,
                "relpos": (0, 0.5),
                "shrinkA": 0,
                "shrinkB": 2,
            },
        )
        axes.plot([x], [y], "o", color="white", markeredgecolor=INK, markersize=4.5, markeredgewidth=1, zorder=4)


def percent_axes(axes: Axes, x_label: str, y_label: str) -> None:
    """Both axes in per cent, with a quiet grid."""
    axes.set_xlim(-2, 102)
    axes.set_ylim(-2, 102)
    axes.set_xlabel(x_label)
    above(axes, y_label)
    axes.grid(color=HAIRLINE, linewidth=0.4)
    axes.xaxis.set_major_formatter("{x:.0f} %")
    axes.yaxis.set_major_formatter("{x:.0f} %")


def _count_films(axes: Axes, ticks: int) -> None:
    """Whole numbers upwards, and downwards too where the axis goes both ways."""
    axes.locator_params("y", integer=True, nbins=ticks)
    axes.yaxis.set_major_formatter(lambda value, _: f"{abs(value):.0f}")
    above(axes, "Films")


def above(axes: Axes, label: str) -> None:
    """What the vertical axis shows, written where it can be read without turning the head."""
    axes.set_title(label, loc="left", color=GREY, pad=5)
