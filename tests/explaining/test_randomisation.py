"""A copy of a network forgets layer by layer; the network does not."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from hilum.errors import HilumError
from hilum.explaining.randomisation import cascade, forget, stops, weighted_layers
from hilum.models import FilmClassifier
from small_job import first_network, same_weights, small_recipe

SIDE = 32


def squares(number: int = 6) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (number, SIDE, SIDE), dtype=np.uint8)


@pytest.fixture
def classifier() -> FilmClassifier:
    """A network whose last layer of each block is not still at zero, as in a trained one."""
    network = first_network(small_recipe()).eval()
    torch.manual_seed(1)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            module.running_mean = torch.randn(module.num_features)
    return network


def test_layers_come_in_running_order_each_with_its_norm(classifier: FilmClassifier) -> None:
    layers = weighted_layers(classifier, SIDE)
    assert layers[0].name == "body.stem.0" and layers[-1].name == "head.last"
    assert layers[0].modules == ("body.stem.0", "body.stem.1")
    named = [name for layer in layers for name in layer.modules]
    with_parameters = {name for name, module in classifier.named_modules() if list(module.parameters(recurse=False))}
    assert len(named) == len(set(named)) and set(named) == with_parameters


def test_cascade_goes_from_the_logit_to_the_first_layer(classifier: FilmClassifier) -> None:
    layers = weighted_layers(classifier, SIDE)
    steps = [(step.down_to, step.layers) for step in cascade(classifier, squares(), 4, seed=0)]
    assert steps[0] == ("head.last", 1) and steps[-1] == ("body.stem.0", len(layers))
    assert [count for _, count in steps] == list(stops(len(layers), 4))


def test_layers_not_reached_yet_are_those_of_the_network(classifier: FilmClassifier) -> None:
    first = next(cascade(classifier, squares(), 4, seed=0)).classifier
    assert same_weights(first.body, classifier.body)
    assert not torch.equal(first.head.last.weight, classifier.head.last.weight)


def test_in_the_last_step_no_weight_is_left(classifier: FilmClassifier) -> None:
    last = list(cascade(classifier, squares(), 3, seed=0))[-1].classifier
    left = [
        name
        for name, parameter in last.named_parameters()
        if parameter.ndim > 1 and torch.equal(parameter, classifier.get_parameter(name))
    ]
    assert left == []


def test_the_network_itself_stays_as_it_is(classifier: FilmClassifier) -> None:
    classifier.train()
    first_network(small_recipe())
    before = {name: tensor.clone() for name, tensor in classifier.state_dict().items()}
    marks = [parameter.requires_grad for parameter in classifier.parameters()]
    state = torch.random.get_rng_state()
    for _ in cascade(classifier, squares(), 3, seed=0):
        pass
    assert all(torch.equal(tensor, before[name]) for name, tensor in classifier.state_dict().items())
    assert classifier.training and [parameter.requires_grad for parameter in classifier.parameters()] == marks
    assert not any(module._forward_hooks for module in classifier.modules())
    assert torch.equal(state, torch.random.get_rng_state())


def test_signals_of_a_random_network_neither_die_nor_blow_up(classifier: FilmClassifier) -> None:
    last = list(cascade(classifier, squares(), 2, seed=0))[-1].classifier
    assert not last.training
    maps = last.maps(torch.from_numpy(squares()).unsqueeze(1))
    assert 0.1 < float(maps.std()) < 10


def test_seed_decides_the_weights(classifier: FilmClassifier) -> None:
    first, again, other = (list(cascade(classifier, squares(), 2, seed))[-1].classifier for seed in (0, 0, 1))
    assert same_weights(first, again) and not same_weights(first, other)


def test_forgotten_weights_have_the_size_of_he_and_norms_do_nothing() -> None:
    generator = torch.Generator().manual_seed(0)
    convolution, norm = nn.Conv2d(8, 64, 3), nn.BatchNorm2d(4)
    nn.init.normal_(norm.weight)
    forget(convolution, generator)
    forget(norm, generator)
    assert float(convolution.weight.detach().std()) == pytest.approx((2 / 72) ** 0.5, rel=0.05)
    assert convolution.bias is not None and not convolution.bias.any()
    assert torch.equal(norm.weight, torch.ones(4)) and not norm.bias.any()


@pytest.mark.parametrize(("number", "steps"), [(1, 4), (6, 1)])
def test_too_few_films_or_steps_are_refused(classifier: FilmClassifier, number: int, steps: int) -> None:
    with pytest.raises(HilumError, match="for the randomisation test"):
        next(cascade(classifier, squares(number), steps, seed=0))
