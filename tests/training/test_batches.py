"""Batches depend on seed, epoch and film alone."""

from __future__ import annotations

import numpy as np
import torch

from hilum.recipe import Augment
from hilum.training.augment import augmentation
from hilum.training.batches import TrainingFilms, epoch_order


def training_films(count: int = 10) -> TrainingFilms:
    pixels = np.random.default_rng(0).integers(0, 256, (count, 32, 32), dtype=np.uint8)
    recipe = Augment(zoom=0.7, rotation_degrees=10, shift=0.1, flip=True, brightness=0.2, contrast=0.2)
    return TrainingFilms(pixels, np.arange(count), np.arange(count) % 2 == 0, augmentation(recipe, 32))


def test_every_film_comes_once_where_batches_are_full() -> None:
    order = epoch_order(12, 4, seed=0, epoch=0)
    assert sorted(np.concatenate(order)) == list(range(12))


def test_incomplete_batch_is_left_out_and_another_epoch_leaves_out_others() -> None:
    left_out = [set(range(10)) - set(np.concatenate(epoch_order(10, 4, 0, epoch))) for epoch in range(5)]
    assert all(len(films) == 2 for films in left_out)
    assert len({frozenset(films) for films in left_out}) > 1


def test_fewer_films_than_a_batch_make_one_batch() -> None:
    assert [len(group) for group in epoch_order(3, 8, 0, 0)] == [3]


def test_batches_are_the_same_for_any_number_of_workers_and_any_start() -> None:
    films, order = training_films(), epoch_order(10, 3, seed=1, epoch=2)
    alone = list(films.batches(order, 1, 2, workers=0))
    helped = list(films.batches(order, 1, 2, workers=2))
    resumed = list(films.batches(order[1:], 1, 2, workers=1))
    for one, other in zip(alone, helped, strict=True):
        assert torch.equal(one[0], other[0]) and torch.equal(one[1], other[1])
    assert torch.equal(alone[1][0], resumed[0][0])


def test_another_epoch_changes_a_film_otherwise() -> None:
    films, order = training_films(), [np.array([0, 1])]
    (first, _), (second, _) = (next(films.batches(order, 0, epoch, workers=0)) for epoch in (0, 1))
    assert not torch.equal(first, second)


def test_drawing_batches_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    list(training_films().batches([np.array([0, 1])], 0, 0, workers=0))
    assert torch.equal(torch.rand(1), expected)
