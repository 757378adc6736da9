"""Batches whose films, order and augmentation depend on the seed, the epoch and the film alone.

Nothing is drawn from a running generator, so a run that is killed and resumed at any step sees the same batches.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2


def derived_seed(*numbers: int) -> int:
    """A seed made from several numbers, such as run seed, epoch and film, without any correlation between them."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0])


def epoch_order(films: int, batch_size: int, seed: int, epoch: int) -> list[npt.NDArray[np.int64]]:
    """The positions of each batch of an epoch; a last incomplete batch is left out where there is a full one.

    A batch of one or two films would upset batch norms; another epoch leaves out other films.
    """
    order = np.random.default_rng(derived_seed(seed, epoch)).permutation(films)
    full = films // batch_size
    return list(order[: full * batch_size].reshape(full, batch_size)) if full else [order]


@dataclass(frozen=True, slots=True)
class TrainingFilms:
    """The fit films with labels and the transform that changes them.

    Args:
        pixels: (m, side, side) uint8, often memory-mapped.
        rows: (n,) rows of `pixels` that are trained on.
        is_pneumonia: (n,) bool.
    """

    pixels: npt.NDArray[np.uint8]
    rows: npt.NDArray[np.int64]
    is_pneumonia: npt.NDArray[np.bool_]
    transform: v2.Transform

    def __len__(self) -> int:
        return len(self.rows)

    def batches(
        self, positions: list[npt.NDArray[np.int64]], seed: int, epoch: int, workers: int
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield (films (b, 1, side, side) uint8, is_pneumonia (b,) bool) for each group of positions."""
        loader = DataLoader(
            _AugmentedFilms(self, seed, epoch),
            batch_sampler=[group.tolist() for group in positions],
            num_workers=workers,
            worker_init_fn=_leave_interrupt_to_the_parent,
            generator=torch.Generator(),  # else the loader draws from the global one
        )
        yield from loader


class _AugmentedFilms(Dataset[tuple[Tensor, bool]]):
    def __init__(self, films: TrainingFilms, seed: int, epoch: int) -> None:
        self.films, self.seed, self.epoch = films, seed, epoch

    def __getitem__(self, position: int) -> tuple[Tensor, bool]:
        film = torch.from_numpy(np.array(self.films.pixels[self.films.rows[position]])).unsqueeze(0)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derived_seed(self.seed, self.epoch, position))
            return self.films.transform(film), bool(self.films.is_pneumonia[position])


def _leave_interrupt_to_the_parent(worker: int) -> None:
    """Ctrl-C reaches the whole process group; only the loop may act on it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
