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

Positions = npt.NDArray[np.int64]


def derived_seed(*numbers: int) -> int:
    """A seed made from several numbers, such as run seed, epoch and film, without any correlation between them."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0])


def epoch_order(films: int, batch_size: int, seed: int, epoch: int) -> list[Positions]:
    """The positions of each batch of an epoch; a last incomplete batch is left out where there is a full one.

    A batch of one or two films would upset batch norms; another epoch leaves out other films.
    """
    return _full_batches(np.random.default_rng(derived_seed(seed, epoch)).permutation(films), batch_size)


def balanced_order(is_pneumonia: npt.NDArray[np.bool_], batch_size: int, seed: int, epoch: int) -> list[Positions]:
    """The same with as many normal films as films with pneumonia; an epoch stays as long as it was.

    The rarer class is gone through several times, each time in a new order and whole before a film comes again; of
    the other, another epoch leaves out other films. A film that comes twice in an epoch comes in the same view.
    """
    generator = np.random.default_rng(derived_seed(seed, epoch))
    half = len(is_pneumonia) // 2
    drawn = [_drawn_in_turn(np.flatnonzero(is_pneumonia == label), half, generator) for label in (True, False)]
    return _full_batches(generator.permutation(np.concatenate(drawn)), batch_size)


def _drawn_in_turn(positions: Positions, count: int, generator: np.random.Generator) -> Positions:
    """`count` of these positions: whole shuffled rounds, and the beginning of another."""
    if not len(positions):
        return positions
    rounds = [generator.permutation(positions) for _ in range(-(-count // len(positions)))]
    return np.concatenate(rounds)[:count] if rounds else positions[:0]


def _full_batches(order: Positions, batch_size: int) -> list[Positions]:
    full = len(order) // batch_size
    return list(order[: full * batch_size].reshape(full, batch_size)) if full else [order]


@dataclass(frozen=True, slots=True)
class TrainingFilms:
    """The fit films with labels and the transform that changes them.

    Args:
        pixels: (m, side, side) uint8, often memory-mapped.
        rows: (n,) rows of `pixels` that are trained on.
        is_pneumonia: (n,) bool.
        seed: of the run.
        views: 0 changes a film afresh in every epoch; K shows K fixed views in turn.
    """

    pixels: npt.NDArray[np.uint8]
    rows: npt.NDArray[np.int64]
    is_pneumonia: npt.NDArray[np.bool_]
    transform: v2.Transform
    seed: int
    views: int = 0

    def __len__(self) -> int:
        return len(self.rows)

    def view_number(self, epoch: int) -> int:
        """Which view of the films an epoch (counted from 0) shows."""
        return epoch % self.views if self.views else epoch

    def view(self, position: int, number: int) -> Tensor:
        """(1, side, side) uint8: the film at `position` among the fit films, as view `number` shows it.

        It depends on the run's seed, the number and the position alone, so that a view can be drawn ahead of the
        epoch that shows it. Torch's global generator stays as it was.
        """
        film = torch.from_numpy(np.array(self.pixels[self.rows[position]])).unsqueeze(0)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derived_seed(self.seed, number, position))
            changed: Tensor = self.transform(film)
        return changed

    def batches(self, positions: list[Positions], epoch: int, workers: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield (films (b, 1, side, side) uint8, is_pneumonia (b,) bool) for each group of positions."""
        loader = DataLoader(
            _View(self, self.view_number(epoch)),
            batch_sampler=[group.tolist() for group in positions],
            num_workers=workers,
            worker_init_fn=_leave_interrupt_to_the_parent,
            generator=torch.Generator(),  # else the loader draws from the global one
        )
        yield from loader


class _View(Dataset[tuple[Tensor, bool]]):
    def __init__(self, films: TrainingFilms, number: int) -> None:
        self.films, self.number = films, number

    def __getitem__(self, position: int) -> tuple[Tensor, bool]:
        return self.films.view(position, self.number), bool(self.films.is_pneumonia[position])


def _leave_interrupt_to_the_parent(worker: int) -> None:
    """Ctrl-C reaches the whole process group; only the loop may act on it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
