from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from torch import Tensor

from hilum.errors import HilumError
from hilum.explaining.layers import NetworkLayer, layer_named, layer_outputs, network_layers
from hilum.models import FilmClassifier, build_network
from hilum.recipe import read_recipe
from small_job import small_recipe

SIDES = {"mobilenetv2_100": 64, "vgg19": 64, "inception_v3": 107, "resnet18": 64, "densenet121": 64}


def small() -> FilmClassifier:
    torch.manual_seed(0)
    classifier = build_network(small_recipe().network, 32)
    with torch.no_grad():  # else the second convolutions of its blocks say nothing
        for name, parameter in classifier.named_parameters():
            if name.endswith("norm2.weight"):
                parameter.fill_(1)
    return classifier


@cache
def timm_network(architecture: str) -> FilmClassifier:
    changes = [f"network.architecture={architecture}", "network.head=dense"]
    return build_network(read_recipe("mobilenetv2-frozen", changes).network, SIDES[architecture])


def films(count: int, side: int = 32) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, side, side), dtype=np.uint8)


def test_layers_of_the_small_network_in_running_order() -> None:
    layers = network_layers(small(), 32)
    assert [(one.number, one.name, one.kind, one.output) for one in layers[:5]] == [
        (1, "body.stem.0", "convolution", (16, 16, 16)),
        (2, "body.stages.0.0.conv1", "convolution", (16, 8, 8)),
        (3, "body.stages.0.0.conv2", "convolution", (16, 8, 8)),
        (4, "body.stages.0.0.shortcut.0", "convolution", (16, 8, 8)),
        (5, "body.stages.0.0.act2", "sum", (16, 8, 8)),
    ]
    assert [(one.name, one.kind, one.output) for one in layers[-2:]] == [
        ("head.pool", "pooling", (16,)),
        ("head.last", "dense", (1,)),
    ]


def test_layer_counts_its_norms_parameters_and_its_multiply_adds() -> None:
    stem = network_layers(small(), 32)[0]
    assert stem.parameters == 16 * 25 + 2 * 16
    assert stem.multiply_adds == 16 * 16 * 16 * 25
    assert (stem.receptive_field_px, stem.ends_in, stem.is_activated) == (5, "body.stem.2", True)


@pytest.mark.parametrize("architecture", SIDES)
def test_every_parameter_belongs_to_one_layer(architecture: str) -> None:
    classifier = timm_network(architecture)
    layers = network_layers(classifier, SIDES[architecture])
    assert sum(one.parameters for one in layers) == sum(one.numel() for one in classifier.parameters())
    assert len({one.name for one in layers}) == len(layers)


def test_known_receptive_fields() -> None:
    """Of VGG-19's last pool and of InceptionV3's last block: Araujo et al. 2019, table 1, gives 268 and 1311."""
    vgg = network_layers(timm_network("vgg19"), 64)
    assert layer_named(vgg, "body.features.36").receptive_field_px == 268
    inception = network_layers(timm_network("inception_v3"), 107)
    assert max(one.receptive_field_px or 0 for one in inception) == 1311


def test_pool_that_is_a_function_is_a_layer() -> None:
    layers = network_layers(timm_network("inception_v3"), 107)
    pool = layer_named(layers, "body.Mixed_6a.max_pool2d")
    assert (pool.kind, pool.ends_in, pool.parameters) == ("pooling", "", 0)


def test_sum_in_place_before_an_activation_in_place_is_a_layer_of_its_own() -> None:
    layers = network_layers(timm_network("resnet18"), 64)
    assert layer_named(layers, "body.layer1.0.conv2").is_activated is False
    assert layer_named(layers, "body.layer1.0.act2").kind == "sum"


@pytest.mark.parametrize("architecture", ["resnet18", "mobilenetv2_100", "vgg19"])
def test_outputs_are_those_of_the_modules_that_end_the_layers(architecture: str) -> None:
    classifier, side = timm_network(architecture), SIDES[architecture]
    layers = [one for one in network_layers(classifier, side) if one.ends_in]
    squares, heard = films(2, side), dict[str, Tensor]()
    hooks = [
        classifier.get_submodule(one.ends_in).register_forward_hook(
            lambda _module, _given, said, name=one.name: heard.update({name: said.clone()})
        )
        for one in layers
    ]
    with torch.no_grad():
        logits = classifier.eval()(torch.from_numpy(squares).unsqueeze(1)).logit
    for hook in hooks:
        hook.remove()
    taken: dict[str, Tensor] = {}
    answered = layer_outputs(classifier, squares, layers, lambda layer, out: taken.update({layer.name: out.clone()}))
    assert taken.keys() == heard.keys() and len(taken) == len(layers)
    assert all(torch.equal(taken[name], heard[name]) for name in taken)
    assert torch.equal(answered.logit, logits)


def test_outputs_have_the_stated_shapes_whatever_the_number_of_films() -> None:
    classifier, shapes = small(), []
    layers = network_layers(classifier, 32)

    def take(layer: NetworkLayer, output: Tensor) -> None:
        assert tuple(output.shape) == (3, *layer.output)
        shapes.append(layer.number)

    layer_outputs(classifier, films(3), layers, take)
    assert shapes == [one.number for one in layers]


def test_misspelt_layer_names_the_nearest() -> None:
    with pytest.raises(HilumError, match=r"Did you mean 'body\.stages\.0\.0\.conv1'") as raised:
        layer_named(network_layers(small(), 32), "body.stages.0.0.con1")
    assert "no layer 'body.stages.0.0.con1'" in str(raised.value)
