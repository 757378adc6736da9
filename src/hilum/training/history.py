"""The curves of a run, as a picture beside its table."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hilum.files import printable, write_together
from hilum.recipe import Recipe
from hilum.training.drawing import BLUE, GREY, INK, ORANGE, as_png, drawing, head, name_ends
from hilum.training.judging import EpochRow, kept_epoch

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CURVES = "history.png"
SHARE_OF_TIME = 0.05
"""The most of a run's time that drawing may take."""


def draw_history(rows: Sequence[EpochRow], path: Path, recipe: Recipe) -> None:
    """Write a PNG with losses, figures of the select patients and learning rate over the epochs.

    The kept epoch is marked, and where layers were unfrozen.

    Args:
        rows: at least one.

    Raises:
        HilumError: matplotlib is not installed, or the picture cannot be written.
    """
    with drawing(7.2, 6.4) as figure:
        from matplotlib.ticker import MaxNLocator

        kept = kept_epoch(rows, recipe.train)
        head(figure, printable(recipe.name), f"Epoch {kept} of {len(rows)} kept, by {_criterion(recipe)}")
        sizes = {"height_ratios": [4, 4, 2], "top": 0.85, "bottom": 0.075, "left": 0.085, "right": 0.84, "hspace": 0.32}
        losses, figures, rate = figure.subplots(3, 1, sharex=True, gridspec_kw=sizes)
        epochs = [row.epoch for row in rows]
        _draw_lines(
            losses, epochs, "Loss", {"fit": [row.loss for row in rows], "select": [row.select_loss for row in rows]}
        )
        of_select = {
            "AUROC": [row.auroc for row in rows],
            "sensitivity": [row.sensitivity for row in rows],
            "specificity": [row.specificity for row in rows],
        }
        lowest = min(0.9, *(min(values) for values in of_select.values()))
        figures.set_ylim(lowest - 0.04 * (1 - lowest), 1 + 0.04 * (1 - lowest))
        _draw_lines(figures, epochs, "Select patients; sensitivity and specificity at a logit of 0", of_select)
        _draw_lines(rate, epochs, "Learning rate at the end of the epoch", {"": [row.learning_rate for row in rows]})
        rate.set_xlabel("Epoch")
        rate.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        rate.ticklabel_format(axis="y", scilimits=(-3, 4), useMathText=False)
        rate.set_xlim(min(epochs) - 0.3, max(epochs) + 0.3)
        for axes in (losses, figures, rate):
            _mark(axes, kept, recipe.train.unfreeze_epoch, len(rows), is_top=axes is losses)
        write_together({path: as_png(figure)})


def _criterion(recipe: Recipe) -> str:
    names = {"loss": "select loss", "last": "order: the last", "auroc": "AUROC", "auprc": "AUPRC", "f1": "F1"}
    return names.get(recipe.train.keep, recipe.train.keep.replace("-", " "))


_STYLES = (("-", INK), ((0, (4, 1.5)), BLUE), ((0, (1, 1.2)), ORANGE))
"""Of the first, second and third line: told apart without colour too."""


def _draw_lines(axes: Axes, epochs: list[int], title: str, lines: dict[str, list[float]]) -> None:
    for (dashes, colour), values in zip(_STYLES, lines.values(), strict=False):
        axes.plot(epochs, values, linestyle=dashes, color=colour, marker="o", markersize=2.6)
    if axes.get_autoscaley_on():
        axes.set_ylim(bottom=0)
    axes.set_title(title, loc="left", color=GREY, fontsize=8, pad=5)
    name_ends(axes, list(lines), [values[-1] for values in lines.values()], [colour for _, colour in _STYLES])


def _mark(axes: Axes, kept: int, unfrozen_after: int, epochs: int, is_top: bool) -> None:
    """Upright lines at the kept epoch and where all layers began to learn; named over the topmost axes."""
    marks: list[tuple[float, str, Any]] = [(kept, "kept", "-")]
    if 0 < unfrozen_after < epochs:
        marks.append((unfrozen_after + 0.5, "unfrozen", (0, (2, 2))))
    for place, name, dashes in marks:
        axes.axvline(place, color=GREY, linewidth=0.8, linestyle=dashes, zorder=0)
        if is_top:
            axes.annotate(
                name,
                (place, 1),
                (0, 2),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                color=GREY,
                ha="center",
            )


@dataclass(slots=True)
class Curves:
    """Draws the history into a run folder as it grows, as often as a twentieth of the time allows.

    Args:
        directory: the run folder.
    """

    directory: Path
    recipe: Recipe
    _drawn_at: float = field(default=0.0, init=False)
    _took: float = field(default=0.0, init=False)

    def __call__(self, rows: Sequence[EpochRow]) -> None:
        """Draw, unless the last picture was drawn a moment ago or no epoch is to come: a run's end draws for itself."""
        began = time.monotonic()
        if len(rows) < self.recipe.train.epochs and began - self._drawn_at > self._took / SHARE_OF_TIME:
            draw_history(rows, self.directory / CURVES, self.recipe)
            self._drawn_at = time.monotonic()
            self._took = self._drawn_at - began
