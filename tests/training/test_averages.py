"""The moving average of the weights."""

from __future__ import annotations

import pytest
import torch

from hilum.training.averages import WeightAverage


def test_average_is_that_of_the_definition_and_forgets_the_first_weights_fast() -> None:
    weight = torch.tensor([8.0])
    average = WeightAverage({"weight": weight}, decay=0.5)
    by_hand = 8.0
    for step, value in enumerate([1.0, 3.0, -2.0, 4.0] * 5):
        weight.fill_(value)
        average.update(step)
        decay = min(0.5, (1 + step) / (10 + step))
        by_hand = decay * by_hand + (1 - decay) * value
    assert average.average["weight"].item() == pytest.approx(by_hand)


def test_what_does_not_move_keeps_its_bits() -> None:
    still = torch.rand(1000)
    average = WeightAverage({"still": still}, decay=0.7)
    for step in range(20):
        average.update(step)
    assert torch.equal(average.average["still"], still)


def test_average_stands_in_and_the_weights_come_back_bit_for_bit() -> None:
    weight = torch.nn.Parameter(torch.rand(5))
    average = WeightAverage({"weight": weight}, decay=0.9)
    with torch.no_grad():
        weight.mul_(3)
    average.update(0)
    learned = weight.detach().clone()
    with average.in_place():
        assert torch.equal(weight, average.average["weight"]) and not torch.equal(weight, learned)
    assert torch.equal(weight, learned)


def test_written_average_is_restored() -> None:
    first = WeightAverage({"weight": torch.rand(3)}, decay=0.9)
    other = WeightAverage({"weight": torch.rand(3)}, decay=0.9)
    other.restore(first.tensors())
    assert torch.equal(other.average["weight"], first.average["weight"])
