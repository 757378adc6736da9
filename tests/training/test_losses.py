"""The loss of a film, by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from hilum.recipe import Train
from hilum.training.losses import FilmLoss, fit_loss, mixup, penalty, select_loss

NINE_TO_ONE = np.array([True] * 9 + [False])


def train(**changes: Any) -> Train:
    return Train(epochs=1, learning_rate=0.1, **changes)


def test_each_class_weighs_the_same_however_many_films_it_has() -> None:
    loss = fit_loss(train(), NINE_TO_ONE)
    assert loss.pneumonia_weight * 9 == pytest.approx(5) == loss.normal_weight
    assert fit_loss(train(class_weights=False), NINE_TO_ONE).pneumonia_weight == 1


def test_balanced_sampler_leaves_nothing_for_class_weights_but_select_films_are_still_weighed() -> None:
    recipe = train(balanced_sampler=True, class_weights=False)
    assert fit_loss(recipe, NINE_TO_ONE).normal_weight == 1
    assert fit_loss(train(balanced_sampler=True), NINE_TO_ONE).normal_weight == 1
    assert select_loss(recipe, NINE_TO_ONE).normal_weight == 5


def test_loss_is_the_weighted_cross_entropy_of_moved_labels() -> None:
    loss = FilmLoss(normal_weight=0.5, pneumonia_weight=3.0, smoothing=0.2)
    logit, truth = torch.tensor([1.0, -2.0]), torch.tensor([True, False])
    pneumonia = 3.0 * (0.9 * math.log1p(math.exp(-1)) + 0.1 * math.log1p(math.exp(1)))
    normal = 0.5 * (0.1 * math.log1p(math.exp(2)) + 0.9 * math.log1p(math.exp(-2)))
    assert loss(logit, truth).tolist() == pytest.approx([pneumonia, normal], rel=1e-5)


def test_plain_loss_is_torch_s_own() -> None:
    logit, truth = torch.linspace(-60, 60, 31), torch.arange(31) % 3 == 0
    expected = functional.binary_cross_entropy_with_logits(logit, truth.float(), reduction="none")
    assert torch.allclose(FilmLoss()(logit, truth), expected, atol=1e-6)


def test_focal_loss_is_that_of_the_publication_and_has_a_gradient_at_any_logit() -> None:
    from torchvision.ops import sigmoid_focal_loss

    logit = torch.tensor([-80.0, -3.0, 0.0, 0.5, 80.0], requires_grad=True)
    truth = torch.tensor([True, True, False, True, False])
    recipe = train(loss="focal", focal_gamma=2.0, class_weights=False)
    losses = fit_loss(recipe, truth.numpy())(logit, truth)
    assert torch.allclose(losses, sigmoid_focal_loss(logit, truth.float(), alpha=-1, gamma=2.0))
    losses.sum().backward()  # type: ignore[no-untyped-call]
    assert logit.grad is not None and torch.isfinite(logit.grad).all()


def test_logit_adjustment_adds_the_log_prior_while_learning_and_judging() -> None:
    recipe = train(logit_adjustment=2.0, class_weights=False)
    expected = FilmLoss()(torch.tensor([0.3 + 2 * math.log(9)]), torch.tensor([True]))
    for loss in (fit_loss(recipe, NINE_TO_ONE), select_loss(recipe, NINE_TO_ONE)):
        assert loss(torch.tensor([0.3]), torch.tensor([True])).item() == pytest.approx(expected.item())


def test_smoothing_is_for_learning_only() -> None:
    assert select_loss(train(label_smoothing=0.1), NINE_TO_ONE).smoothing == 0


def test_penalties_are_of_weights_that_learn_and_have_more_than_one_dimension() -> None:
    layer, frozen = nn.Linear(2, 1), nn.Linear(2, 1).requires_grad_(False)
    layer.weight.data = torch.tensor([[3.0, -4.0]])
    parameters = [*layer.parameters(), *frozen.parameters()]
    found = penalty(train(l1=0.1, l2=0.01), parameters)
    assert found is not None and found.item() == pytest.approx(0.1 * 7 + 0.01 * 25)
    assert penalty(train(), parameters) is None


def test_mixup_blends_films_and_labels_by_the_same_share() -> None:
    films = torch.tensor([0, 255, 100, 30], dtype=torch.uint8).view(4, 1, 1, 1)
    labels = films.flatten().float() / 255  # so that a label shows what its film was made of
    blended, shares = mixup(films, labels, alpha=1.0, seed=5)
    assert torch.allclose(blended.flatten() / 255, shares, atol=1e-6)
    assert not torch.equal(shares, labels)
    again = mixup(films, labels, alpha=1.0, seed=5)
    assert torch.equal(blended, again[0]) and not torch.equal(blended, mixup(films, labels, 1.0, seed=6)[0])


def test_blended_label_has_the_blend_of_both_losses() -> None:
    loss, logit = FilmLoss(normal_weight=0.5, pneumonia_weight=2.0, smoothing=0.1), torch.tensor([0.7])
    both = [loss(logit, torch.tensor([label])).item() for label in (False, True)]
    assert loss(logit, torch.tensor([0.25])).item() == pytest.approx(0.75 * both[0] + 0.25 * both[1])
