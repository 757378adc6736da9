"""Batches depend on seed, epoch and film alone."""

from __future__ import annotations

import numpy as np
import torch

from hilum.recipe import Augment
from hilum.training.augment import augmentation
from hilum.training.batches import TrainingFilms, balanced_order, epoch_order


def training_films(count: int = 10, seed: int = 1, views: int = 0) -> TrainingFilms:
    pixels = np.random.default_rng(0).integers(0, 256, (count, 32, 32), dtype=np.uint8)
    recipe = Augment(zoom=0.7, rotation_degrees=10, shift=0.1, flip=True, brightness=0.2, contrast=0.2)
    return TrainingFilms(pixels, np.arange(count), np.arange(count) % 2 == 0, augmentation(recipe, 32), seed, views)


def test_every_film_comes_once_where_batches_are_full() -> None:
    order = epoch_order(12, 4, seed=0, epoch=0)
    assert sorted(np.concatenate(order)) == list(range(12))


def test_incomplete_batch_is_left_out_and_another_epoch_leaves_out_others() -> None:
    left_out = [set(range(10)) - set(np.concatenate(epoch_order(10, 4, 0, epoch))) for epoch in range(5)]
    assert all(len(films) == 2 for films in left_out)
    assert len({frozenset(films) for films in left_out}) > 1


def test_fewer_films_than_a_batch_make_one_batch() -> None:
    assert [len(group) for group in epoch_order(3, 8, 0, 0)] == [3]


def test_sampler_draws_both_classes_alike_and_every_film_of_the_rarer_one() -> None:
    is_pneumonia = np.arange(100) % 5 > 0  # 20 normal films
    order = balanced_order(is_pneumonia, 10, seed=3, epoch=4)
    drawn = np.concatenate(order)
    assert [len(group) for group in order] == [10] * 10
    assert is_pneumonia[drawn].sum() == 50
    times = np.bincount(drawn, minlength=100)
    assert set(times[~is_pneumonia]) == {2, 3} and set(times[is_pneumonia]) == {0, 1}


def test_sampler_depends_on_seed_and_epoch_alone() -> None:
    is_pneumonia = np.arange(40) % 4 > 0
    first, again, other = (np.concatenate(balanced_order(is_pneumonia, 8, 3, epoch)) for epoch in (4, 4, 5))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert set(first) != set(other)  # another epoch leaves out other films


def test_sampler_takes_a_class_that_has_no_film() -> None:
    assert len(np.concatenate(balanced_order(np.ones(9, dtype=bool), 2, 0, 0))) == 4


def test_batches_are_the_same_for_any_number_of_workers_and_any_start() -> None:
    films, order = training_films(), epoch_order(10, 3, seed=1, epoch=2)
    alone = list(films.batches(order, 2, workers=0))
    helped = list(films.batches(order, 2, workers=2))
    resumed = list(films.batches(order[1:], 2, workers=1))
    for one, other in zip(alone, helped, strict=True):
        assert torch.equal(one[0], other[0]) and torch.equal(one[1], other[1])
    assert torch.equal(alone[1][0], resumed[0][0])


def first_batches(films: TrainingFilms, epochs: int) -> list[torch.Tensor]:
    return [next(films.batches([np.array([0, 1])], epoch, workers=0))[0] for epoch in range(epochs)]


def test_another_epoch_or_seed_changes_a_film_otherwise() -> None:
    first, second = first_batches(training_films(), 2)
    assert not torch.equal(first, second)
    assert not torch.equal(first, first_batches(training_films(seed=2), 1)[0])


def test_views_are_drawn_once_and_shown_in_turn() -> None:
    shown = first_batches(training_films(views=2), 5)
    assert torch.equal(shown[0], shown[2]) and torch.equal(shown[1], shown[3]) and torch.equal(shown[2], shown[4])
    assert not torch.equal(shown[0], shown[1])


def test_view_drawn_ahead_is_the_one_that_the_epoch_shows() -> None:
    films = training_films(views=3)
    (batch, _), *_ = films.batches([np.array([7, 4])], 5, workers=0)
    assert films.view_number(5) == 2 and films.view(4, 2).dtype == torch.uint8
    assert torch.equal(batch, torch.stack([films.view(7, 2), films.view(4, 2)]))


def test_drawing_batches_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    list(training_films().batches([np.array([0, 1])], 0, workers=0))
    assert torch.equal(torch.rand(1), expected)
