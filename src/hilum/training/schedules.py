"""The optimizer, and its rates as a function of the step and of the finished epochs: nothing to save or restore."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from hilum.recipe import Train

RISE = 0.25
"""Share of a cycle in which one-cycle rises."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """Epochs that share one schedule: those before unfreezing, those after it, or all.

    Args:
        first_epoch: counted from 0.
        learning_rate: the largest one.
    """

    first_epoch: int
    epochs: int
    learning_rate: float

    def share(self, epoch: int, step: int, steps: int) -> float:
        """How much of the cycle has passed at a step of an epoch: 0 at its first step, 1 at its last.

        Args:
            step: counted from 0 within the epoch.
            steps: of an epoch.
        """
        return ((epoch - self.first_epoch) * steps + step) / max(1, self.epochs * steps - 1)


def cycle_at(train: Train, epoch: int) -> Cycle:
    """The cycle that an epoch (counted from 0) belongs to."""
    if not train.unfreeze_epoch:
        return Cycle(0, train.epochs, train.learning_rate)
    if epoch < train.unfreeze_epoch:
        return Cycle(0, train.unfreeze_epoch, train.learning_rate)
    rate = train.unfrozen_learning_rate or train.learning_rate
    return Cycle(train.unfreeze_epoch, train.epochs - train.unfreeze_epoch, rate)


def learning_rate(train: Train, epoch: int, step: int, steps: int, figures: Sequence[float] = ()) -> float:
    """The rate of a step (counted from 0) of an epoch of `steps` steps.

    One-cycle rises over the first quarter from 1/25 of the largest rate and falls along a cosine to 1/100,000 of it.
    Source: Smith and Topin 2018, "Super-Convergence"; the shares are fast.ai's.

    Args:
        figures: the kept figure after each finished epoch, larger is better; only "plateau" looks at them.

    >>> from hilum.recipe import Train
    >>> recipe = Train(epochs=1, learning_rate=0.1, schedule="cosine")
    >>> [round(learning_rate(recipe, 0, step, 5), 3) for step in range(5)]
    [0.1, 0.085, 0.05, 0.015, 0.0]
    """
    cycle = cycle_at(train, epoch)
    share = cycle.share(epoch, step, steps)
    if train.schedule == "constant":
        return cycle.learning_rate
    if train.schedule == "plateau":
        falls = plateaus(figures[cycle.first_epoch : epoch], train.plateau_patience)
        return float(cycle.learning_rate * train.plateau_factor**falls)
    if train.schedule == "cosine":
        return cycle.learning_rate * _cosine(1, 0, share)
    if share < RISE:
        return cycle.learning_rate * _cosine(1 / 25, 1, share / RISE)
    return cycle.learning_rate * _cosine(1, 1e-5, (share - RISE) / (1 - RISE))


def plateaus(figures: Sequence[float], patience: int) -> int:
    """How often the figure stood still for `patience` epochs; after each time the waiting begins anew.

    >>> plateaus([0.5, 0.7, 0.7, 0.6, 0.7, 0.6], patience=2)
    2
    """
    best, waited, found = -math.inf, 0, 0
    for figure in figures:
        waited = 0 if figure > best else waited + 1
        best = max(best, figure)
        if waited >= patience:
            found, waited = found + 1, 0
    return found


def momentum(train: Train, epoch: int, step: int, steps: int) -> float | None:
    """The momentum of a step where it moves against the rate: 0.95 to 0.85 and back; None where it stays.

    Source: fast.ai's `fit_one_cycle`, moms=(0.95, 0.85, 0.95).
    """
    if not (train.cycle_momentum and train.schedule == "one-cycle"):
        return None
    share = cycle_at(train, epoch).share(epoch, step, steps)
    return _cosine(0.95, 0.85, share / RISE) if share < RISE else _cosine(0.85, 0.95, (share - RISE) / (1 - RISE))


def build_optimizer(
    train: Train, parameters: Mapping[str, nn.Parameter], depth: Mapping[str, float]
) -> torch.optim.Optimizer:
    """The recipe's optimizer; weights of one dimension (biases, norms) do not decay.

    Args:
        parameters: all that will ever learn, by name; while one is frozen it has no gradient, and is passed over.
        depth: of each parameter's layer, 0 for the first to 1 for the head. With discriminative rates the shares of the
            rate lie evenly between the two on the logarithmic scale (Howard and Ruder 2018).
    """
    groups: dict[tuple[float, bool], list[nn.Parameter]] = {}
    for decays in (True, False):
        for name, parameter in parameters.items():
            if (parameter.ndim > 1) == decays:
                share = train.first_layers_rate ** (1 - depth[name]) if train.first_layers_rate < 1 else 1.0
                groups.setdefault((share, decays), []).append(parameter)
    options = [
        {"params": members, "weight_decay": train.weight_decay if decays else 0.0, "share": share}
        for (share, decays), members in groups.items()
    ]
    if train.optimizer == "sgd":
        return torch.optim.SGD(options, train.learning_rate, momentum=0.9)
    kinds: dict[str, Callable[..., torch.optim.Optimizer]] = {
        "adamw": torch.optim.AdamW,
        "adam": torch.optim.Adam,
        "rmsprop": torch.optim.RMSprop,
    }
    return kinds[train.optimizer](options, train.learning_rate)


def set_rates(optimizer: torch.optim.Optimizer, rate: float, momentum: float | None = None) -> None:
    """Give each group its share of the rate and, where one is given, the momentum (beta 1 of the Adams)."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["share"]
        if momentum is not None and "betas" in group:
            group["betas"] = (momentum, group["betas"][1])
        elif momentum is not None:
            group["momentum"] = momentum


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2
