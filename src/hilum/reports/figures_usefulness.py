"""The pictures of what acting on a model is worth, as inline SVG."""

from __future__ import annotations

import numpy as np

from hilum.evaluation import Usefulness
from hilum.reports.figures import above, percent_axes
from hilum.reports.svg import GREY, HAIRLINE, INK, NORMAL, PNEUMONIA, as_svg, drawing


def decision_curve(found: Usefulness) -> str:
    """Net benefit against the probability from which on one would act; each line is named where it ends."""
    cuts = 100 * np.array([one.threshold for one in found.benefits])
    model, low, high = (
        np.array(
            [getattr(one.model, part) if getattr(one.model, part) is not None else np.nan for one in found.benefits]
        )
        for part in ("value", "low", "high")
    )
    treat_all = np.array([one.treat_all for one in found.benefits])
    top = max(float(np.nanmax(model)), found.prevalence)
    floor = min(-0.12 * top, 1.1 * float(np.nanmin(model)))
    with drawing(3.5, 3.3) as figure:
        axes = figure.add_axes((0.125, 0.125, 0.82, 0.8))
        axes.fill_between(cuts, low, high, color=HAIRLINE, linewidth=0)
        axes.axhline(0, color=GREY, linewidth=0.8)
        axes.plot(cuts, treat_all, color=NORMAL, linestyle=(0, (4, 2)))
        axes.plot(cuts, model, color=PNEUMONIA)
        middle = len(cuts) // 2
        ends = np.where(np.isnan(high), model, high)[middle:]
        axes.text(cuts[middle], ends.max() + 0.01 * top, "on the model", color=PNEUMONIA, weight="bold")
        last = max([0, *np.flatnonzero(treat_all >= floor)])
        axes.text(cuts[last] - 2, max(floor, treat_all[last]), "on everybody", color=NORMAL, ha="right", va="bottom")
        axes.text(1, 0, "on nobody", color=GREY, va="bottom")
        axes.set_xlim(0, 76)
        axes.set_ylim(floor, 1.15 * top)
        axes.xaxis.set_major_formatter("{x:.0f} %")
        axes.set_xlabel("Probability from which on one would act")
        above(axes, "Net benefit: true positives a film")
        return as_svg(
            figure, "decision", "Decision curve: net benefit of acting on the model, on everybody, on nobody."
        )


def risk_coverage(found: Usefulness) -> str:
    """Share of wrong answers against the share of films that is answered, the most certain first."""
    answered = 100 * np.array([one.coverage for one in found.risks])
    risk = 100 * np.array([one.risk for one in found.risks])
    with drawing(3.5, 3.3) as figure:
        axes = figure.add_axes((0.125, 0.125, 0.82, 0.8))
        axes.plot(answered, risk, color=INK, marker="o", markersize=4)
        for x, y in zip(answered, risk, strict=True):
            axes.annotate(f"{y:.1f} %", (x, y), (-5, 4), textcoords="offset points", ha="right", color=INK)
        percent_axes(axes, "Films answered, the most certain first", "Wrong answers among them")
        axes.set_xlim(max(0.0, float(answered.min()) - 8), 104)
        axes.set_ylim(0, 1.25 * max(float(risk.max()), 1.0))
        return as_svg(figure, "risk", "Share of wrong answers against the share of films answered.")
