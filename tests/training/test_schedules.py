"""The learning rate as a function of the step."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from hilum.recipe import Train
from hilum.training.schedules import build_optimizer, learning_rate


def test_one_cycle_rises_for_a_quarter_and_falls_to_almost_nothing() -> None:
    recipe = Train(epochs=1, learning_rate=1.0, schedule="one-cycle")
    rates = [learning_rate(recipe, step, 401) for step in range(401)]
    assert rates[0] == pytest.approx(1 / 25)
    assert max(range(401), key=rates.__getitem__) == 100
    assert rates[-1] == pytest.approx(1e-5)


@given(st.sampled_from(["one-cycle", "cosine", "constant"]), st.integers(1, 500), st.data())
def test_rate_is_never_above_the_largest_nor_below_zero(schedule: str, steps: int, data: st.DataObject) -> None:
    recipe = Train(epochs=1, learning_rate=0.01, schedule=schedule)
    assert 0 <= learning_rate(recipe, data.draw(st.integers(0, steps - 1)), steps) <= 0.01 + 1e-12


def test_biases_and_norms_do_not_decay() -> None:
    layer = nn.Linear(3, 2)
    optimizer = build_optimizer(Train(epochs=1, learning_rate=0.1, weight_decay=0.5), dict(layer.named_parameters()))
    decays = {
        parameter.ndim: group["weight_decay"] for group in optimizer.param_groups for parameter in group["params"]
    }
    assert decays == {2: 0.5, 1: 0.0}
