"""Every head: its place in the logit equals the gradient, and it says what it says."""

from __future__ import annotations

from typing import get_args

import pytest
import torch
from torch import nn

from hilum.models.heads import ACTIVATIONS, AveragePool, BothPools, Head, build_head, derivative
from hilum.recipe import Network
from hilum.recipe.keys import Activation

MAPS = torch.randn((3, 5, 4, 4), generator=torch.Generator().manual_seed(0))


def head_of(kind: str, nodes: int, activation: str = "relu") -> Head:
    torch.manual_seed(1)
    network = Network.model_validate(
        {"architecture": "small-cnn", "head": kind, "hidden": 7, "head_nodes": nodes, "activation": activation}
    )
    head = build_head(network, (5, 4, 4))
    head.train()
    with torch.no_grad():  # statistics other than a fresh norm's
        head(MAPS)
    return head.eval()


def logit_of(head: Head, maps: torch.Tensor) -> torch.Tensor:
    scores: torch.Tensor = head(maps)
    return scores[:, 0] - scores[:, 1] if scores.shape[1] == 2 else scores[:, 0]


@pytest.mark.parametrize("nodes", [1, 2])
@pytest.mark.parametrize("kind", ["linear", "dense", "concat"])
def test_evidence_is_gradient_times_activation(kind: str, nodes: int) -> None:
    head = head_of(kind, nodes)
    maps = MAPS.clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(logit_of(head, maps).sum(), maps)
    with torch.no_grad():
        evidence = head.evidence(MAPS)
    torch.testing.assert_close(evidence, (MAPS * gradient).sum(dim=1) * 16, rtol=1e-4, atol=1e-5)


def test_evidence_of_a_linear_head_adds_up_to_the_logit() -> None:
    head = head_of("linear", 1)
    torch.testing.assert_close(head.evidence(MAPS).mean(dim=(1, 2)) + head.last.bias, logit_of(head, MAPS))


@pytest.mark.parametrize("activation", get_args(Activation))
def test_derivative_is_autograds(activation: Activation) -> None:
    value = torch.linspace(-4, 4, 33, requires_grad=True)
    (gradient,) = torch.autograd.grad(ACTIVATIONS[activation]()(value).sum(), value)
    torch.testing.assert_close(derivative(activation, value.detach()), gradient, rtol=1e-4, atol=1e-5)


def test_dense_head_has_a_weight_for_every_channel_at_every_place() -> None:
    head = head_of("dense", 1)
    assert sum(parameter.numel() for parameter in head.parameters()) == (5 * 16 + 1) * 7 + 7 + 1


def test_concat_head_is_made_of_the_layers_of_fastai() -> None:
    kinds = [type(layer) for layer in head_of("concat", 2).children()]
    dense = [nn.BatchNorm1d, nn.Dropout, nn.Linear, nn.ReLU, nn.BatchNorm1d, nn.Dropout, nn.Linear]
    assert kinds == [BothPools, *dense]


def test_pools_are_layers_that_hold_no_tensor() -> None:
    linear, concat = head_of("linear", 1), head_of("concat", 1)
    assert isinstance(linear.pool, AveragePool) and isinstance(concat.pools, BothPools)
    assert set(linear.state_dict()) == {"last.weight", "last.bias"}
    assert not any(name.startswith("pools") for name in concat.state_dict())
    pooled = concat.pools(MAPS)
    torch.testing.assert_close(pooled, torch.cat([MAPS.flatten(2).max(2).values, MAPS.flatten(2).mean(2)], dim=1))
