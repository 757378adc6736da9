"""The optimizer, and the learning rate as a function of the step: nothing to save, nothing to restore."""

from __future__ import annotations

import math

import torch
from torch import nn

from hilum.recipe import Train


def learning_rate(recipe: Train, step: int, steps: int) -> float:
    """The rate of a step of 0 to steps - 1.

    One-cycle rises over the first quarter from 1/25 of the largest rate and falls along a cosine to 1/100,000 of it.
    Source: Smith and Topin 2018, "Super-Convergence"; the shares are fast.ai's.

    >>> from hilum.recipe import Train
    >>> recipe = Train(epochs=1, learning_rate=0.1, schedule="cosine")
    >>> [round(learning_rate(recipe, step, 5), 3) for step in range(5)]
    [0.1, 0.085, 0.05, 0.015, 0.0]
    """
    share = step / max(1, steps - 1)
    if recipe.schedule == "constant":
        return recipe.learning_rate
    if recipe.schedule == "cosine":
        return _cosine(recipe.learning_rate, 0.0, share)
    rise = 0.25
    if share < rise:
        return _cosine(recipe.learning_rate / 25, recipe.learning_rate, share / rise)
    return _cosine(recipe.learning_rate, recipe.learning_rate / 1e5, (share - rise) / (1 - rise))


def build_optimizer(recipe: Train, parameters: dict[str, nn.Parameter]) -> torch.optim.Optimizer:
    """The recipe's optimizer; weights of one dimension (biases, norms) do not decay."""
    groups = [
        {"params": [p for p in parameters.values() if p.ndim > 1], "weight_decay": recipe.weight_decay},
        {"params": [p for p in parameters.values() if p.ndim <= 1], "weight_decay": 0.0},
    ]
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(groups, recipe.learning_rate, momentum=0.9)
    kind = torch.optim.AdamW if recipe.optimizer == "adamw" else torch.optim.Adam
    return kind(groups, recipe.learning_rate)


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2
