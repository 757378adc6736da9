"""What learns, what stays."""

from __future__ import annotations

import torch
from torch import nn

from hilum.models import build_network, freeze, set_training_mode, trained_parameters
from hilum.recipe import Network


def test_frozen_body_runs_in_evaluation_mode_and_head_learns() -> None:
    classifier = build_network(Network(architecture="mobilenetv2_100", trained="head"))
    freeze(classifier, "head")
    set_training_mode(classifier)
    assert sorted(trained_parameters(classifier)) == ["network.classifier.bias", "network.classifier.weight"]
    assert not any(module.training for module in classifier.modules() if isinstance(module, nn.BatchNorm2d))
    assert classifier.head.training


def test_step_on_the_head_leaves_every_tensor_of_the_body() -> None:
    classifier = build_network(Network(architecture="small-cnn", trained="head", widths=(16, 16), dropout=0.5))
    freeze(classifier, "head")
    set_training_mode(classifier)
    before = {name: tensor.clone() for name, tensor in classifier.state_dict().items()}
    films = torch.randint(0, 256, (4, 1, 32, 32), dtype=torch.uint8)
    classifier(films).logit.sum().backward()
    torch.optim.SGD(trained_parameters(classifier).values(), 0.1).step()
    changed = [name for name, tensor in classifier.state_dict().items() if not torch.equal(tensor, before[name])]
    assert changed == ["network.classifier.weight", "network.classifier.bias"]


def test_all_layers_learn_where_the_recipe_says_so() -> None:
    classifier = build_network(Network(architecture="small-cnn", widths=(16, 16)))
    freeze(classifier, "all")
    set_training_mode(classifier)
    assert all(module.training for module in classifier.modules())
    assert set(trained_parameters(classifier)) == {name for name, _ in classifier.named_parameters()}
