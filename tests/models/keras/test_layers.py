"""Keras's lists of layers: totals, order and the modules of timm that hold the same parameters."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import pytest
import timm
import torch
from torch import nn

from hilum.errors import HilumError
from hilum.models.keras import BODIES, keras_body, keras_layers, trained_from
from hilum.models.keras.counts import count_layers

# Layers, parameters and statistics of keras.applications.NAME(include_top=False), as Keras 3.15 counts them.
TOTALS = {
    "xception": (132, 20_806_952, 54_528),
    "inception_v3": (311, 21_768_352, 34_432),
    "resnet50": (175, 23_534_592, 53_120),
    "vgg19": (22, 20_024_384, 0),
    "mobilenetv2_100": (154, 2_223_872, 34_112),
}
# Parameters that Keras trains when all but the last layers are frozen.
LAST = {
    ("xception", 55): 13_244_288,
    ("xception", 100): 19_888_016,
    ("inception_v3", 55): 8_500_416,
    ("inception_v3", 100): 13_624_064,
    ("resnet50", 55): 17_215_488,
    ("resnet50", 100): 22_151_936,
    ("mobilenetv2_100", 55): 1_862_592,
    ("mobilenetv2_100", 100): 2_168_384,
}


@cache
def timm_body(architecture: str) -> nn.Module:
    """The timm network without numbers: its shapes are all that is asked for, so one serves every test."""
    with torch.device("meta"):
        made: nn.Module = timm.create_model(architecture, num_classes=0)
    return made


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("architecture", TOTALS)
def test_list_has_as_many_layers_and_parameters_as_keras_counts(architecture: str) -> None:
    counts = count_layers(architecture, timm_body(architecture))
    totals = (len(counts), sum(one.parameters for one in counts), sum(one.statistics for one in counts))
    assert totals == TOTALS[architecture]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("architecture", "last"), LAST)
def test_last_layers_hold_as_many_parameters_as_keras_would_train(architecture: str, last: int) -> None:
    counts = count_layers(architecture, timm_body(architecture))[-last:]
    assert sum(one.parameters for one in counts) == LAST[architecture, last]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("architecture", TOTALS)
def test_every_module_with_parameters_stands_in_the_list_once(architecture: str) -> None:
    mapped = [module for layer in keras_layers(architecture) for module in layer.modules]
    body = timm_body(architecture)
    own = {name for name, module in body.named_modules() if list(module.parameters(recurse=False))}
    if architecture == "vgg19":  # timm counts VGG's first two dense layers to the body, Keras to the top
        own -= {"pre_logits.fc1", "pre_logits.fc2"}
    assert len(mapped) == len(set(mapped))
    assert set(mapped) == own


def test_last_layers_are_counted_with_those_that_hold_nothing() -> None:
    assert trained_from("xception", 1) == frozenset()
    assert trained_from("xception", 2) == {"bn4"}
    assert trained_from("xception", 3) == {"bn4", "conv4.conv1", "conv4.pointwise"}


def test_branches_are_ordered_by_their_distance_from_the_merge() -> None:
    names = [layer.name for layer in keras_layers("resnet50")]
    start = names.index("conv2_block1_2_relu")
    assert names[start + 1 : start + 5] == [
        "conv2_block1_0_conv",
        "conv2_block1_3_conv",
        "conv2_block1_0_bn",
        "conv2_block1_3_bn",
    ]


def test_tag_and_keras_name_lead_to_the_same_list() -> None:
    assert keras_layers("resnet50.a1_in1k") == keras_layers("resnet50") == keras_layers("ResNet50")
    assert keras_layers("legacy_xception") == keras_layers("xception")


def test_unknown_network_and_too_many_layers_are_refused() -> None:
    with pytest.raises(HilumError, match=r"Keras's list of layers is not known for 'resnet5'.*Did you mean 'resnet50'"):
        keras_layers("resnet5")
    with pytest.raises(HilumError, match=r"no last 200 layers. Expected 1 to 154"):
        trained_from("mobilenetv2_100", 200)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_list_is_kerass_own(keras_reference: Path) -> None:
    """Names, classes, order, parameters and shapes of the kernels, against a real Keras."""
    lists = json.loads((keras_reference / "layers.json").read_text())
    for body in BODIES:
        network = timm_body(body.timm_names[0])
        counts = count_layers(body.keras_name, network)
        theirs = lists[body.keras_name]
        assert [_without_session(one["name"]) for one in theirs] == [
            _without_session(one.layer.name) for one in counts
        ], body.keras_name
        for mine, row in zip(counts, theirs, strict=True):
            assert (mine.layer.kind, mine.statistics) == (row["kind"], row["statistics"]), row
            assert mine.parameters + mine.statistics == row["parameters"], row
            if mine.layer.kind == "Conv2D":
                height, width, inputs, outputs = row["shapes"][0]
                weight = network.get_submodule(mine.layer.modules[0]).weight
                assert isinstance(weight, torch.Tensor)
                assert tuple(weight.shape) == (outputs, inputs, height, width), row
    assert keras_body("vgg19").keras_name == "VGG19"


def _without_session(name: str) -> str:
    """The name without what a session or a version of Keras adds: input_layer, input_1."""
    return re.sub(r"^input_(layer|\d+).*", "input", name)
