"""An exponential moving average of the weights, which is judged and kept in their stead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor


class WeightAverage:
    """The average of tensors that a training run moves.

    Args:
        tensors: the parameters that ever learn, and the statistics of batch norms, by name; the average starts at their
            present values.
        decay: share of the average that each step leaves. The first steps leave less, min(decay, (1 + t) / (10 + t)),
            or the random first weights would stay in it for a long time (TensorFlow's ExponentialMovingAverage).
    """

    def __init__(self, tensors: Mapping[str, Tensor], decay: float) -> None:
        self.moving = dict(tensors)
        self.average = {name: tensor.detach().clone() for name, tensor in tensors.items()}
        self.decay = decay

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take the present values in, after step `step` (counted from 0) of the run."""
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, tensor in self.moving.items():
            self.average[name].lerp_(tensor.detach(), 1 - decay)  # exact where both are equal: frozen ones stay

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Within this context the moving tensors hold the average; afterwards, bit for bit, what they held before."""
        before = {name: tensor.detach().clone() for name, tensor in self.moving.items()}
        self._put(self.average)
        try:
            yield
        finally:
            self._put(before)

    @torch.no_grad()
    def _put(self, values: Mapping[str, Tensor]) -> None:
        for name, tensor in self.moving.items():
            tensor.copy_(values[name])

    def tensors(self) -> dict[str, Tensor]:
        """The average under names of the form "average.NAME"."""
        return {f"average.{name}": tensor for name, tensor in self.average.items()}

    @torch.no_grad()
    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Put back what `tensors` gave."""
        for name, tensor in self.average.items():
            tensor.copy_(tensors[f"average.{name}"])
