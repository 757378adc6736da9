"""Trunk and tail: together the network, apart what is frozen and what learns."""

from __future__ import annotations

import pytest
import torch

from hilum.errors import HilumError
from hilum.models import FilmClassifier, build_network, cut_network, freeze, set_training_mode
from hilum.recipe import Network

FILMS = torch.randint(0, 256, (3, 1, 64, 64), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


def frozen(**keys: object) -> FilmClassifier:
    torch.manual_seed(0)
    network = Network.model_validate({"architecture": "mobilenetv2_100", "trained": "head"} | keys)
    classifier = build_network(network, 64)
    freeze(classifier, network)
    return classifier


@pytest.mark.parametrize(
    ("keys", "shape"),
    [
        ({}, (1280,)),
        ({"dropout": 0.5}, (1280,)),
        ({"head": "dense", "hidden": 16}, (1280 * 2 * 2,)),
        ({"head": "concat", "hidden": 16, "head_nodes": 2}, (2560,)),
        ({"trained": "last", "last_layers": 4}, (320, 2, 2)),
        ({"architecture": "small-cnn", "widths": (16, 32)}, (32,)),
        ({"architecture": "resnet18", "head": "concat", "hidden": 16}, (1024,)),
    ],
)
def test_tail_on_what_the_trunk_says_is_the_network(keys: dict[str, object], shape: tuple[int, ...]) -> None:
    classifier = frozen(**keys)
    cut = cut_network(classifier, 64)
    classifier.eval()
    with torch.no_grad():
        activation = cut.trunk(FILMS)
        torch.testing.assert_close(cut.tail(activation), classifier(FILMS).logit, rtol=1e-5, atol=1e-5)
    assert cut.shape == shape == tuple(activation.shape[1:])


def test_trunk_neither_learns_nor_changes_while_training() -> None:
    classifier = frozen(trained="last", last_layers=30)
    cut = cut_network(classifier, 64)
    set_training_mode(classifier)
    assert not any(parameter.requires_grad for parameter in cut.trunk.parameters())
    with torch.no_grad():
        first = cut.trunk(FILMS)
        assert torch.equal(cut.trunk(FILMS), first)


def test_tail_holds_the_networks_own_parameters_and_all_that_learn() -> None:
    classifier = frozen(trained="last", last_layers=30)
    cut = cut_network(classifier, 64)
    of_tail = {id(parameter) for parameter in cut.tail.parameters()}
    assert {id(parameter) for parameter in classifier.parameters() if parameter.requires_grad} <= of_tail
    assert of_tail <= {id(parameter) for parameter in classifier.parameters()}


def test_frozen_layers_behind_the_first_trained_one_stay_in_the_tail() -> None:
    classifier = frozen()
    for parameter in classifier.body.get_submodule("blocks.5.0.conv_pw").parameters():
        parameter.requires_grad_(True)
    cut = cut_network(classifier, 64)
    names = {id(parameter): name for name, parameter in classifier.named_parameters()}
    assert "body.blocks.6.0.conv_pw.weight" in {names[id(parameter)] for parameter in cut.tail.parameters()}
    assert "body.blocks.4.0.conv_pw.weight" in {names[id(parameter)] for parameter in cut.trunk.parameters()}


def test_network_that_learns_entirely_has_no_cut() -> None:
    with pytest.raises(HilumError, match="No layer is frozen"):
        cut_network(frozen(trained="all"), 64)


@pytest.mark.parametrize("architecture", ["dla34", "res2net50_14w_8s", "convnext_atto"])
def test_network_of_another_kind_can_be_cut(architecture: str) -> None:
    classifier = frozen(architecture=architecture, head="dense", hidden=16)
    cut = cut_network(classifier, 64)
    classifier.eval()
    with torch.no_grad():
        torch.testing.assert_close(cut.tail(cut.trunk(FILMS)), classifier(FILMS).logit, rtol=1e-5, atol=1e-5)


def test_parameter_that_no_layer_holds_is_not_taken_for_frozen() -> None:
    classifier = frozen(architecture="convnext_atto", head="dense", hidden=16)
    gamma = classifier.body.get_submodule("stages.1.blocks.0").gamma
    gamma.requires_grad_(True)
    cut = cut_network(classifier, 64)
    assert id(gamma) in {id(parameter) for parameter in cut.tail.parameters()}
    assert not any(parameter.requires_grad for parameter in cut.trunk.parameters())
