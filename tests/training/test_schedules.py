"""The optimizer and its rates."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from hilum.recipe import Train
from hilum.training.schedules import build_optimizer, cycle_at, learning_rate, momentum, plateaus, set_rates


def train(**changes: Any) -> Train:
    return Train.model_validate({"epochs": 1, "learning_rate": 1.0} | changes)


def test_one_cycle_rises_for_a_quarter_and_falls_to_almost_nothing() -> None:
    rates = [learning_rate(train(schedule="one-cycle"), 0, step, 401) for step in range(401)]
    assert rates[0] == pytest.approx(1 / 25)
    assert max(range(401), key=rates.__getitem__) == 100
    assert rates[-1] == pytest.approx(1e-5)


def test_cycle_goes_on_over_the_epochs() -> None:
    recipe = train(epochs=4, schedule="one-cycle")
    by_epoch = [learning_rate(recipe, epoch, step, 25) for epoch in range(4) for step in range(25)]
    assert by_epoch == [learning_rate(train(schedule="one-cycle"), 0, step, 100) for step in range(100)]


@given(st.sampled_from(["one-cycle", "cosine", "constant", "plateau"]), st.integers(1, 500), st.data())
def test_rate_is_never_above_the_largest_nor_below_zero(schedule: str, steps: int, data: st.DataObject) -> None:
    recipe = train(epochs=6, schedule=schedule, learning_rate=0.01, unfreeze_epoch=data.draw(st.integers(0, 5)))
    epoch, step = data.draw(st.integers(0, 5)), data.draw(st.integers(0, steps - 1))
    figures = data.draw(st.lists(st.floats(0, 1), min_size=6, max_size=6))
    assert 0 <= learning_rate(recipe, epoch, step, steps, figures) <= 0.01 + 1e-12


def test_momentum_moves_against_the_rate_and_only_on_request() -> None:
    recipe = train(schedule="one-cycle", cycle_momentum=True)
    values = [momentum(recipe, 0, step, 401) for step in (0, 100, 400)]
    assert values == pytest.approx([0.95, 0.85, 0.95])
    assert momentum(train(schedule="one-cycle"), 0, 0, 9) is None


@pytest.mark.parametrize(("kind", "first"), [("adamw", "betas"), ("adam", "betas"), ("sgd", "momentum")])
def test_momentum_reaches_the_optimizer(kind: str, first: str) -> None:
    layer = nn.Linear(3, 2)
    optimizer = build_optimizer(train(optimizer=kind), dict(layer.named_parameters()), {})
    set_rates(optimizer, 0.1, 0.87)
    found = optimizer.param_groups[0][first]
    assert (found[0] if first == "betas" else found) == 0.87


def test_plateau_lowers_the_rate_each_time_the_figure_stands_still() -> None:
    recipe = train(epochs=9, schedule="plateau", plateau_patience=2, plateau_factor=0.1)
    figures = [0.5, 0.6, 0.6, 0.5, 0.7, 0.7, 0.7, 0.7]
    rates = [learning_rate(recipe, epoch, 0, 3, figures[:epoch]) for epoch in range(9)]
    assert rates == pytest.approx([1, 1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01])
    assert plateaus([0.5, 0.5], patience=1) == 1


def test_plateau_agrees_with_torch() -> None:
    figures = [0.5, 0.7, 0.6, 0.6, 0.7, 0.8, 0.1, 0.2, 0.3, 0.4, 0.9, 0.9]
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    reference = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, mode="max", factor=0.5, patience=1, threshold=0.0, threshold_mode="abs", eps=0
    )  # torch waits for one epoch more than its patience
    recipe = train(epochs=20, schedule="plateau", plateau_patience=2, plateau_factor=0.5)
    for epoch, figure in enumerate(figures):
        reference.step(figure)
        ours = learning_rate(recipe, epoch + 1, 0, 5, figures[: epoch + 1])
        assert ours == pytest.approx(optimizer.param_groups[0]["lr"])


def test_unfreezing_begins_a_cycle_at_its_own_rate_and_forgets_the_plateaus_before() -> None:
    recipe = train(epochs=5, unfreeze_epoch=3, unfrozen_learning_rate=0.2, schedule="plateau", plateau_patience=1)
    assert (cycle_at(recipe, 2).epochs, cycle_at(recipe, 3).epochs) == (3, 2)
    assert learning_rate(recipe, 2, 0, 4, [0.5, 0.5]) == pytest.approx(0.3)
    assert learning_rate(recipe, 3, 0, 4, [0.5, 0.5, 0.5]) == 0.2
    same = train(epochs=5, unfreeze_epoch=3)
    assert cycle_at(same, 4).learning_rate == 1.0


def test_biases_and_norms_do_not_decay() -> None:
    layer = nn.Linear(3, 2)
    optimizer = build_optimizer(train(weight_decay=0.5), dict(layer.named_parameters()), {})
    decays = {
        parameter.ndim: group["weight_decay"] for group in optimizer.param_groups for parameter in group["params"]
    }
    assert decays == {2: 0.5, 1: 0.0}


def test_first_layers_learn_at_their_share_and_those_between_on_a_logarithmic_scale() -> None:
    network = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 1))
    depth = {"0.weight": 0.0, "0.bias": 0.0, "1.weight": 0.5, "1.bias": 0.5, "2.weight": 1.0, "2.bias": 1.0}
    optimizer = build_optimizer(train(first_layers_rate=0.01), dict(network.named_parameters()), depth)
    set_rates(optimizer, 2.0)
    rates = {id(parameter): group["lr"] for group in optimizer.param_groups for parameter in group["params"]}
    found = [rates[id(parameter)] for parameter in network.parameters()]
    assert found == pytest.approx([0.02, 0.02, 0.2, 0.2, 2.0, 2.0])


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("adamw", torch.optim.AdamW),
        ("adam", torch.optim.Adam),
        ("sgd", torch.optim.SGD),
        ("rmsprop", torch.optim.RMSprop),
    ],
)
def test_recipe_names_its_optimizer(name: str, kind: type[torch.optim.Optimizer]) -> None:
    layer = nn.Linear(3, 2)
    optimizer = build_optimizer(train(optimizer=name), dict(layer.named_parameters()), {})
    assert type(optimizer) is kind
    assert name != "sgd" or optimizer.param_groups[0]["momentum"] == 0.9
