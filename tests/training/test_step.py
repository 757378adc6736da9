"""One step: in pieces as in one, clipped, penalised, and nothing updated where the loss is no number."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from hilum.recipe import Recipe
from hilum.training import Machine
from hilum.training.judging import Diverged
from hilum.training.losses import FilmLoss
from hilum.training.schedules import build_optimizer
from hilum.training.step import Learner
from small_job import small_recipe

MACHINE = Machine("cpu", "fp32", threads=1, workers=0)
FILMS = torch.rand((11, 5), generator=torch.Generator().manual_seed(1))
LABELS = torch.arange(11) % 3 == 0


def learner(recipe: Recipe, machine: Machine = MACHINE) -> Learner:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(5, 1), nn.Flatten(0))
    optimizer = build_optimizer(recipe.train, dict(module.named_parameters()), {})
    return Learner(module, optimizer, FilmLoss(normal_weight=0.7, pneumonia_weight=1.9), recipe, machine)


def gradients(taken: Learner) -> list[torch.Tensor]:
    return [parameter.grad for parameter in taken.module.parameters() if parameter.grad is not None]


@pytest.mark.parametrize("micro_batch", [1, 2, 4, 10])
def test_batch_in_pieces_has_the_gradient_and_the_loss_of_the_whole(micro_batch: int) -> None:
    recipe = small_recipe("train.l2=0.01", "augment.mixup=0.4")
    whole, pieces = learner(recipe), learner(recipe, replace(MACHINE, micro_batch=micro_batch))
    films = FILMS.view(11, 1, 1, 5)
    losses = [one.step(films, LABELS, seed=3) for one in (whole, pieces)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
    for one, other in zip(gradients(whole), gradients(pieces), strict=True):
        assert torch.allclose(one, other, atol=1e-6)


def test_no_piece_is_larger_than_asked_for() -> None:
    taken = learner(small_recipe(), replace(MACHINE, micro_batch=4))
    sizes: list[int] = []
    taken.module.register_forward_pre_hook(lambda _, inputs: sizes.append(len(inputs[0])))
    taken.step(FILMS, LABELS, seed=0)
    assert sum(sizes) == 11 and max(sizes) <= 4 and min(sizes) >= 3  # batch norms need more than one


def test_gradients_are_clipped_to_their_norm_together() -> None:
    taken = learner(small_recipe("train.clip_norm=0.001"))
    taken.step(FILMS, LABELS, seed=0)
    assert torch.cat([grad.flatten() for grad in gradients(taken)]).norm().item() == pytest.approx(0.001, rel=1e-3)


def test_penalty_is_in_the_loss_and_in_the_gradient() -> None:
    plain, penalised = learner(small_recipe()), learner(small_recipe("train.l1=0.5"))
    weight = plain.module[0].weight.detach().clone()  # type: ignore[index]
    losses = [one.step(FILMS, LABELS, seed=0) for one in (plain, penalised)]
    assert losses[1] - losses[0] == pytest.approx(0.5 * weight.abs().sum().item(), rel=1e-4)
    difference = gradients(penalised)[0] - gradients(plain)[0]
    assert torch.allclose(difference, 0.5 * weight.sign(), atol=1e-6)


def test_nothing_is_updated_where_the_loss_is_no_number() -> None:
    taken = learner(small_recipe())
    before = [parameter.detach().clone() for parameter in taken.module.parameters()]
    with pytest.raises(Diverged, match="became nan"):
        taken.step(torch.full((4, 5), torch.nan), torch.tensor([True, False, True, False]), seed=0)
    assert all(torch.equal(a, b) for a, b in zip(before, taken.module.parameters(), strict=True))


def test_loss_is_reported_in_fp32_also_where_the_step_is_in_bf16() -> None:
    exact, coarse = learner(small_recipe()), learner(small_recipe(), replace(MACHINE, precision="bf16"))
    losses = [one.step(FILMS, LABELS, seed=0) for one in (exact, coarse)]
    assert losses[0] != losses[1] and losses[0] == pytest.approx(losses[1], rel=1e-2)
