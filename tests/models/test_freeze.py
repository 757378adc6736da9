"""What learns, what stays."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from hilum.models import (
    build_network,
    freeze,
    layers_by_depth,
    set_training_mode,
    trained_parameters,
    unfreeze,
)
from hilum.recipe import Network


def test_frozen_body_runs_in_evaluation_mode_and_head_learns() -> None:
    network = Network(architecture="mobilenetv2_100", trained="head")
    classifier = build_network(network, 64)
    freeze(classifier, network)
    set_training_mode(classifier)
    assert sorted(trained_parameters(classifier)) == ["head.last.bias", "head.last.weight"]
    assert not any(module.training for module in classifier.modules() if isinstance(module, nn.BatchNorm2d))
    assert classifier.head.training


def test_step_on_the_head_leaves_every_tensor_of_the_body() -> None:
    network = Network(architecture="small-cnn", trained="head", widths=(16, 16), dropout=0.5)
    classifier = build_network(network, 32)
    freeze(classifier, network)
    set_training_mode(classifier)
    before = {name: tensor.clone() for name, tensor in classifier.state_dict().items()}
    films = torch.randint(0, 256, (4, 1, 32, 32), dtype=torch.uint8)
    classifier(films).logit.sum().backward()
    torch.optim.SGD(trained_parameters(classifier).values(), 0.1).step()
    changed = [name for name, tensor in classifier.state_dict().items() if not torch.equal(tensor, before[name])]
    assert changed == ["head.last.weight", "head.last.bias"]


def test_all_layers_learn_where_the_recipe_says_so() -> None:
    network = Network(architecture="small-cnn", widths=(16, 16))
    classifier = build_network(network, 32)
    freeze(classifier, network)
    set_training_mode(classifier)
    assert all(module.training for module in classifier.modules())
    assert set(trained_parameters(classifier)) == {name for name, _ in classifier.named_parameters()}


def test_norms_of_a_frozen_body_learn_and_gather_statistics_as_in_fastai() -> None:
    network = Network(architecture="small-cnn", trained="head", norms="trained", widths=(16, 16))
    classifier = build_network(network, 32)
    freeze(classifier, network)
    set_training_mode(classifier)
    norms = {name for name, module in classifier.named_modules() if isinstance(module, nn.BatchNorm2d)}
    assert {name.rpartition(".")[0] for name in trained_parameters(classifier)} == norms | {"head.last"}
    assert all(classifier.get_submodule(name).training for name in norms)


def test_unfrozen_network_learns_in_every_layer() -> None:
    network = Network(architecture="small-cnn", trained="head", widths=(16, 16))
    classifier = build_network(network, 32)
    freeze(classifier, network)
    unfreeze(classifier)
    assert set(trained_parameters(classifier)) == {name for name, _ in classifier.named_parameters()}


def test_depth_rises_from_the_first_layer_to_the_head() -> None:
    depth = layers_by_depth(build_network(Network(architecture="small-cnn", widths=(16, 16)), 32))
    assert depth["body.stem.0.weight"] == 0 and depth["head.last.weight"] == 1
    assert depth["body.stages.0.0.conv1.weight"] < depth["body.stages.1.0.conv1.weight"] < 1


@pytest.mark.parametrize(("layers", "first"), [(4, "body.blocks.6.0.bn3"), (3, "body.conv_head")])
def test_last_layers_of_keras_list_learn_with_the_head(layers: int, first: str) -> None:
    network = Network(architecture="mobilenetv2_100", trained="last", last_layers=layers)
    classifier = build_network(network, 64)
    freeze(classifier, network)
    names = list(trained_parameters(classifier))
    assert names[0].startswith(first) and names[-1] == "head.last.bias"
