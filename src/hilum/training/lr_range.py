"""The learning-rate range test: the loss of a few steps at rates from far too small to far too large."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice

import numpy as np
import numpy.typing as npt
from torch import Tensor

from hilum.errors import HilumError
from hilum.models import FilmClassifier, set_training_mode
from hilum.progress import Progress
from hilum.training.batches import derived_seed
from hilum.training.device import keep_freed_memory, make_deterministic, move
from hilum.training.drawing import BLUE, GREY, INK, ORANGE, as_png, drawing, head
from hilum.training.feed import Feed
from hilum.training.job import Job
from hilum.training.judging import Diverged
from hilum.training.loop import build_optimisation, order_of
from hilum.training.losses import fit_loss
from hilum.training.schedules import set_rates
from hilum.training.step import Learner

Floats = npt.NDArray[np.float64]

STEPS, SMALLEST, LARGEST = 100, 1e-7, 10.0
SMOOTHING = 0.98
"""Share of the smoothed loss that each step leaves."""
DIVERGED_AT = 4.0
"""Times the smallest smoothed loss."""
LEFT_OUT_AT_END = 5


@dataclass(frozen=True, slots=True)
class RangeTest:
    """What a range test saw, and the two rates that it suggests for `train.learning_rate`.

    Args:
        rates, losses, smoothed: (k,) of each step that was taken.
        steepest: where the smoothed loss falls fastest.
        valley: half-way down its longest fall.
    """

    rates: Floats
    losses: Floats
    smoothed: Floats
    steepest: float
    valley: float

    @property
    def fell_by(self) -> float:
        """Share by which the smoothed loss fell, once it had settled; near 0 the suggestions mean little."""
        high, low = self.fall
        return 1 - low / high

    @property
    def fall(self) -> tuple[float, float]:
        """The smoothed loss before its fall and at the end of it, once the average has settled."""
        settled = self.smoothed[len(self.smoothed) // 10 :]
        lowest = int(np.argmin(settled))
        return float(settled[: lowest + 1].max()), float(settled[lowest])


def range_test(
    classifier: FilmClassifier, feed: Feed, job: Job, progress: Progress, *, steps: int = STEPS
) -> RangeTest:
    """Sweep the learning rate exponentially, one step at each rate, until the loss diverges.

    The weights are then put back, bit for bit; nothing is written.

    Args:
        steps: between the smallest rate, 1e-7, and the largest, 10.

    Source: Smith 2015, "Cyclical Learning Rates for Training Neural Networks", section 3.3; sweep, smoothing (0.98) and
    end (four times the smallest loss) are those of fast.ai's `lr_find` (callback/schedule.py).

    Raises:
        HilumError: the loss diverged at once.
    """
    make_deterministic(job.machine)
    keep_freed_memory()
    move(classifier, job.machine.device)
    before = {name: tensor.detach().clone() for name, tensor in classifier.state_dict().items()}
    try:
        rates, losses, smoothed = _sweep(classifier, feed, job, progress, steps)
    finally:
        classifier.load_state_dict(before)
    seen = slice(steps // 10, max(0, len(rates) - LEFT_OUT_AT_END))  # the average settles, then the loss diverges
    if len(rates[seen]) < 2:
        raise HilumError(
            f"The loss diverged after {len(rates)} of {steps} steps from a rate of {SMALLEST:g} up.",
            expected="a loss that falls before it diverges",
            do="Check the films with: hilum data check DATA",
        )
    return RangeTest(
        rates, losses, smoothed, steepest(rates[seen], smoothed[seen]), valley(rates[seen], smoothed[seen])
    )


def _sweep(
    classifier: FilmClassifier, feed: Feed, job: Job, progress: Progress, steps: int
) -> tuple[Floats, Floats, Floats]:
    """Rate, loss and smoothed loss of each step until divergence."""
    optimisation = build_optimisation(classifier, job.recipe.train)
    set_training_mode(classifier)
    learner = Learner(
        feed.module, optimisation.optimizer, fit_loss(job.recipe.train, feed.is_pneumonia), job.recipe, job.machine
    )
    seen: list[tuple[float, float, float]] = []
    average, best = 0.0, math.inf
    with progress.bar("Range test", steps) as bar:
        for step, (inputs, is_pneumonia) in enumerate(islice(_batches(feed, job, steps), steps)):
            rate = SMALLEST * (LARGEST / SMALLEST) ** (step / (steps - 1))
            set_rates(optimisation.optimizer, rate)
            try:
                loss = learner.step(inputs, is_pneumonia, derived_seed(job.recipe.seed, step))
            except Diverged:
                break
            average = SMOOTHING * average + (1 - SMOOTHING) * loss
            smoothed = average / (1 - SMOOTHING ** (step + 1))  # as if it had not begun at 0
            seen.append((rate, loss, smoothed))
            best = min(best, smoothed)
            bar.advance(1, f"rate {rate:.1e} loss {smoothed:.3f}")
            if smoothed > DIVERGED_AT * best:
                break
    rates, losses, smooth = np.array(seen, dtype=np.float64).reshape(-1, 3).T
    return rates, losses, smooth


def _batches(feed: Feed, job: Job, steps: int) -> Iterator[tuple[Tensor, Tensor]]:
    """As many batches as there are steps, from as many epochs as that takes."""
    taken = 0
    for epoch in count():
        order = order_of(feed, job.recipe, epoch)[: steps - taken]
        if not order:
            return
        yield from feed.batches(order, epoch)
        taken += len(order)


def draw_range(test: RangeTest, title: str) -> bytes:
    """A PNG of the loss over the learning rate, with both suggestions on it.

    Raises:
        HilumError: matplotlib is not installed.
    """
    with drawing(7.2, 4.2) as figure:
        head(figure, title, "Learning-rate range test: one step at each rate; the line is the smoothed loss")
        axes = figure.add_axes((0.085, 0.125, 0.87, 0.635))
        axes.plot(test.rates, test.losses, ".", color=GREY, alpha=0.35, markersize=3, markeredgewidth=0)
        axes.plot(test.rates, test.smoothed, color=INK)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:.0e}")
        high, low = test.fall
        room = 0.35 * max(high - low, 0.1 * high)
        axes.set_ylim(max(0.0, low - room), high + room)
        axes.set_title("Loss", loc="left", color=GREY, fontsize=8, pad=5)
        axes.set_xlabel("Learning rate")
        for name, rate, marker, colour, side in (
            ("valley", test.valley, "o", BLUE, "right"),
            ("steepest", test.steepest, "s", ORANGE, "left"),
        ):
            height = float(np.interp(np.log(rate), np.log(test.rates), test.smoothed))
            axes.plot([rate], [height], marker, color=colour, markersize=7, markeredgecolor="white", zorder=4)
            axes.annotate(
                f"{name} {rate:.1e}",
                (rate, height),
                (-9 if side == "right" else 9, -9 if side == "right" else 7),
                textcoords="offset points",
                color=colour,
                ha=side,
                va="center",
                weight="bold",
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1},
            )
        return as_png(figure)


def steepest(rates: Floats, losses: Floats) -> float:
    """The rate after which the loss falls fastest over the logarithm of the rate.

    Args:
        rates: (k,) ascending, k of 2 or more.
        losses: (k,) smoothed.

    Source: fast.ai's `steep` (callback/schedule.py).

    >>> steepest(np.array([0.001, 0.01, 0.1, 1.0]), np.array([1.0, 0.9, 0.4, 0.5]))
    0.01
    """
    return float(rates[np.argmin(np.diff(losses) / np.diff(np.log(rates)))])


def valley(rates: Floats, losses: Floats) -> float:
    """The rate half-way down the longest fall of the loss.

    The longest fall is the longest series of ever smaller losses, in their order but not each beside the next, as a
    noisy loss rises here and there on its way down. Of as many steps as it has losses, up to its last one, it takes
    the step after the first third and half of the second.

    Args:
        rates, losses: as for `steepest`.

    Source: fast.ai's `valley` (callback/schedule.py), its default, after ESRI.

    >>> valley(np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]), np.array([1.0, 0.9, 0.8, 0.6, 0.4, 0.5, 3.0]))
    0.1
    >>> valley(np.arange(1.0, 13.0), -np.arange(12.0))
    6.0
    """
    length = np.ones(len(losses), dtype=np.int64)  # of the longest series that ends at each loss
    for end in range(1, len(losses)):
        higher = losses[:end] > losses[end]
        if higher.any():
            length[end] = length[:end][higher].max() + 1
    last = int(np.argmax(length))
    steps = int(length[last]) if length[last] > 1 else 0
    return float(rates[max(0, last - steps + int(steps / 3) + int(steps / 6))])
