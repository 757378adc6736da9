"""What an epoch is worth on the select patients: its row of the history, the kept epoch, and when to stop."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from hilum.errors import HilumError
from hilum.metrics import auprc, auroc, count_outcomes
from hilum.recipe import Train
from hilum.training.losses import FilmLoss


class Diverged(HilumError):
    """The loss is no longer a number."""


def diverged(loss: float) -> Diverged:
    """The error for a loss that is no number."""
    return Diverged(
        f"The loss became {loss}.",
        expected="a number",
        do="Lower train.learning_rate; the state of the last save is untouched.",
    )


@dataclass(frozen=True, slots=True)
class EpochRow:
    """One line of the fit history.

    Args:
        epoch: counted from 1.
        loss: mean of what the steps of the epoch minimised, with smoothing, blending and penalties where there are any.
        select_loss: and all that follows, but for rate and time: of the select patients after the epoch, at a logit
            of 0.
        learning_rate: of the epoch's last step.
        seconds: of the epoch and its judging.
    """

    epoch: int
    loss: float
    select_loss: float
    sensitivity: float
    specificity: float
    auroc: float
    auprc: float
    balanced_accuracy: float
    f1: float
    learning_rate: float
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.epoch:3}  loss {self.loss:.4f}  select {self.select_loss:.4f}  sensitivity {self.sensitivity:.3f}  "
            f"specificity {self.specificity:.3f}  AUROC {self.auroc:.3f}"
        )


def judge(
    logit: npt.NDArray[np.float64],
    is_pneumonia: npt.NDArray[np.bool_],
    loss: FilmLoss,
    *,
    epoch: int,
    fitted: float,
    learning_rate: float,
    seconds: float,
) -> EpochRow:
    """The row of an epoch.

    Args:
        logit, is_pneumonia: (k,) of the select films.
        fitted: the epoch's mean loss on the fit films.

    Raises:
        Diverged: the select loss is no number.
    """
    of_select = loss(torch.from_numpy(logit), torch.from_numpy(is_pneumonia)).mean().item()
    if not math.isfinite(of_select):
        raise diverged(of_select)
    counts = count_outcomes(logit >= 0, is_pneumonia)
    return EpochRow(
        epoch=epoch,
        loss=fitted,
        select_loss=of_select,
        sensitivity=float(counts.sensitivity),
        specificity=float(counts.specificity),
        auroc=float(auroc(logit, is_pneumonia)),
        auprc=float(auprc(logit, is_pneumonia)),
        balanced_accuracy=float(counts.balanced_accuracy),
        f1=float(counts.f1),
        learning_rate=learning_rate,
        seconds=seconds,
    )


def figures(history: Sequence[EpochRow], train: Train) -> list[float]:
    """The figure of each epoch by which one is kept, larger is better; the loss, turned around, also for "last"."""
    if train.keep in ("loss", "last"):
        return [-row.select_loss for row in history]
    return [getattr(row, train.keep.replace("-", "_")) for row in history]


def kept_epoch(history: Sequence[EpochRow], train: Train) -> int:
    """The epoch (counted from 1) that is kept: the last, or the first of those with the best figure."""
    if train.keep == "last":
        return len(history)
    values = figures(history, train)
    return values.index(max(values)) + 1


def is_over(history: Sequence[EpochRow], train: Train) -> bool:
    """True after the last epoch, or after as many without gain as `train.early_stop` allows.

    What is to be unfrozen still gets its turn: a run does not stop before, and the waiting begins anew there.
    """
    if len(history) >= train.epochs:
        return True
    gained = max(kept_epoch(history, train), train.unfreeze_epoch) if history else 0
    return train.early_stop > 0 and len(history) - gained >= train.early_stop
