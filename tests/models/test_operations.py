from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from hilum.models import build_network
from hilum.models.operations import operations_of, run_with_results
from small_job import small_recipe


class InPlace(nn.Module):
    """A sum and an activation in place, as timm's residual blocks end."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 2, 3, padding=1)
        self.conv2 = nn.Conv2d(2, 2, 1)
        self.act = nn.ReLU(inplace=True)

    def forward(self, film: Tensor) -> Tensor:
        first = self.conv1(film.float())
        second = self.conv2(first)
        second += first
        result: Tensor = self.act(second)
        return result


def test_operations_come_in_running_order_with_the_module_that_ran_them() -> None:
    ran = [(one.name, one.module) for one in operations_of(InPlace(), 8)]
    assert ran[1:] == [("convolution", "conv1"), ("convolution", "conv2"), ("add_", ""), ("relu_", "act")]


def test_operation_in_place_gives_a_new_value_in_the_same_memory() -> None:
    *_, conv2, add, relu = operations_of(InPlace(), 8)
    assert conv2.result == add.sources[0]
    assert len({conv2.result.number, add.result.number, relu.result.number}) == 3
    assert len({conv2.result.memory, add.result.memory, relu.result.memory}) == 1


def test_multiply_adds_by_hand() -> None:
    ran = operations_of(InPlace(), 8)
    assert [one.multiply_adds for one in ran] == [0, 8 * 8 * 9 * 2, 8 * 8 * 2 * 2, 0, 0]


def test_results_are_handed_over_as_they_were_made() -> None:
    network = InPlace()
    ran = operations_of(network, 8)
    taken: dict[str, Tensor] = {}
    film = torch.randint(0, 256, (3, 1, 8, 8), dtype=torch.uint8)
    names = {one.number: one.name for one in ran}
    run_with_results(
        network, film, [ran[2].number, ran[4].number], lambda at, out: taken.update({names[at]: out.clone()})
    )
    with torch.no_grad():
        first = network.conv1(film.float())
        assert torch.equal(taken["convolution"], network.conv2(first))
        assert torch.equal(taken["relu_"], torch.relu(network.conv2(first) + first))


@pytest.mark.parametrize("is_broken", [False, True])
def test_network_is_afterwards_as_it_was(is_broken: bool) -> None:
    classifier = build_network(small_recipe().network, 32)
    classifier.train()
    classifier.body.stem.eval()  # type: ignore[union-attr]
    modes = [module.training for module in classifier.modules()]
    state = {name: tensor.clone() for name, tensor in classifier.state_dict().items()}
    wanted = [operations_of(classifier, 32)[5].number]

    def take(number: int, output: Tensor) -> None:
        if is_broken:
            raise KeyboardInterrupt

    film = torch.zeros((2, 1, 32, 32), dtype=torch.uint8)
    if is_broken:
        with pytest.raises(KeyboardInterrupt):
            run_with_results(classifier, film, wanted, take)
    else:
        run_with_results(classifier, film, wanted, take)
    assert [module.training for module in classifier.modules()] == modes
    assert all(torch.equal(tensor, state[name]) for name, tensor in classifier.state_dict().items())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in classifier.modules())
    assert not torch.nn.modules.module._global_forward_hooks
