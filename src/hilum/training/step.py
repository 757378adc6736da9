"""One step of learning: a batch forwards and backwards, in pieces where memory is short, and one update."""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from hilum.recipe import Recipe
from hilum.training.batches import derived_seed
from hilum.training.device import Machine
from hilum.training.judging import diverged
from hilum.training.losses import FilmLoss, mixup, penalty


@dataclass(frozen=True, slots=True)
class Learner:
    """What a step needs beside the batch.

    Args:
        module: a batch -> (n,) logits, as the feed or several processes together have it.
        loss: of a film.
    """

    module: nn.Module
    optimizer: torch.optim.Optimizer
    loss: FilmLoss
    recipe: Recipe
    machine: Machine

    def step(self, inputs: Tensor, is_pneumonia: Tensor, seed: int) -> float:
        """Learn from one batch; its loss comes back, penalties included.

        Args:
            inputs: (n, ...) as the feed gives them.
            is_pneumonia: (n,) bool.
            seed: of all that is drawn: dropout, and the pairs that are blended.

        Raises:
            Diverged: the loss is no number; nothing was updated.
        """
        train, device = self.recipe.train, torch.device(self.machine.device)
        torch.manual_seed(seed)
        inputs, pneumonia = inputs.to(device), is_pneumonia.to(device)
        if self.recipe.augment.mixup:
            inputs, pneumonia = mixup(inputs, pneumonia, self.recipe.augment.mixup, derived_seed(seed, 1))
        self.optimizer.zero_grad(set_to_none=True)
        value = self._backward(inputs, pneumonia)
        if not math.isfinite(value):
            raise diverged(value)
        if train.clip_norm:
            nn.utils.clip_grad_norm_(self.module.parameters(), train.clip_norm)
        self.optimizer.step()
        return value

    def _backward(self, inputs: Tensor, pneumonia: Tensor) -> float:
        """The gradient of the batch's mean loss, piece by piece: each film counts one n-th, whatever its piece."""
        pieces = -(-len(inputs) // (self.machine.micro_batch or len(inputs)))
        device, value = inputs.device.type, 0.0
        parts = list(zip(inputs.tensor_split(pieces), pneumonia.tensor_split(pieces), strict=True))
        for number, (films, labels) in enumerate(parts):
            is_last = number == pieces - 1
            with self._alone(not is_last):
                with torch.autocast(device, torch.bfloat16, enabled=self.machine.precision == "bf16"):
                    logit = self.module(films)
                loss = self.loss(logit.float(), labels).sum() / len(inputs)
                extra = penalty(self.recipe.train, self._parameters()) if is_last else None
                loss = loss if extra is None else loss + extra
                loss.backward()  # type: ignore[no-untyped-call]
            value += loss.item()
        return value

    def _parameters(self) -> Iterable[nn.Parameter]:
        return (parameter for group in self.optimizer.param_groups for parameter in group["params"])

    def _alone(self, is_alone: bool) -> AbstractContextManager[None]:
        """Keep the gradients of a piece to this process; all are averaged with the last one."""
        if is_alone and isinstance(self.module, nn.parallel.DistributedDataParallel):
            quiet: AbstractContextManager[None] = self.module.no_sync()
            return quiet
        return nullcontext()
