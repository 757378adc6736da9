"""Saved Keras classifiers in torch: the same answers, and every file that is not one refused in one sentence."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hilum.engine import Engine
from hilum.errors import HilumError
from hilum.exporting import export_onnx
from hilum.modelfolder.maps import EXACT_EVIDENCE
from hilum.models.keras.classifier import ImportedNetwork, Scaling, import_classifier
from hilum.models.keras.saved import opened_model
from keras_files import ANSWERS, Layer, dense, description, grey_films, tiny_layers, write_h5, write_keras

SCALINGS: dict[str, Scaling | None] = {
    "vgg19": "caffe",
    "inception_v3": "tf",
    "xception": "tf",
    "resnet50": "unit",
    "mobilenet_v2": None,
    "own_cnn": "unit",
}
BODIES = {"vgg19": "VGG19", "inception_v3": "InceptionV3", "xception": "Xception", "resnet50": "ResNet50"}


def imported(path: Path, scaling: Scaling | None = "unit", positive: int = 1, side: int = 0) -> ImportedNetwork:
    with opened_model(path) as saved:
        return import_classifier(saved, scaling, positive, side)


@torch.no_grad()
def probability(network: ImportedNetwork, films: np.ndarray) -> np.ndarray:
    return torch.sigmoid(network.classifier(torch.from_numpy(films)[:, None]).logit).numpy()


@pytest.mark.parametrize("write", [write_h5, write_keras])
def test_answers_are_those_that_keras_gave(write: Callable[..., Path], tmp_path: Path) -> None:
    network = imported(write(tmp_path / "tiny", tiny_layers()))
    assert probability(network, grey_films()) == pytest.approx(ANSWERS, abs=1e-6)


def test_exported_graph_says_the_same_and_its_map_is_gradient_times_activation(tmp_path: Path) -> None:
    network = imported(write_h5(tmp_path / "tiny.h5", tiny_layers()))
    engine = Engine(export_onnx(network.classifier, network.side), "model.onnx")
    outputs = engine.run(grey_films(), ("logit", "activation_map"))
    assert 1 / (1 + np.exp(-outputs["logit"])) == pytest.approx(ANSWERS, abs=1e-6)
    maps = network.classifier(torch.from_numpy(grey_films())[:, None]).maps.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(network.classifier.logit(maps).sum(), maps)
    by_hand = (maps * gradient).sum(dim=1) * maps.shape[2] * maps.shape[3]
    assert outputs["activation_map"] == pytest.approx(by_hand.detach().numpy(), abs=1e-4)


@pytest.mark.parametrize("pool", ["GlobalAveragePooling2D", "GlobalMaxPooling2D"])
@pytest.mark.parametrize("activation", ["relu", "elu", "gelu", "silu", "tanh", "sigmoid", "linear"])
def test_evidence_of_every_head_is_gradient_times_activation(pool: str, activation: str, tmp_path: Path) -> None:
    draw = np.random.default_rng(2)
    norm = Layer("BatchNormalization", {"name": "last_norm", "axis": -1, "epsilon": 0.001}, _norm(draw, 8))
    head = [
        Layer(pool, {"name": "pool", "keepdims": False}, {}),
        norm,
        dense("hidden", draw.normal(0, 1, (8, 5)).astype("f4"), draw.normal(0, 1, 5).astype("f4"), activation),
        dense("answer", draw.normal(0, 1, (5, 2)).astype("f4"), np.zeros(2, "f4"), "softmax"),
    ]
    classifier = imported(write_h5(tmp_path / "tiny.h5", [*tiny_layers()[:7], *head])).classifier
    maps = classifier(torch.from_numpy(grey_films())[:, None]).maps.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(classifier.logit(maps).sum(), maps)
    by_hand = (maps * gradient).sum(dim=1) * maps.shape[2] * maps.shape[3]
    assert torch.allclose(classifier.head.evidence(maps), by_hand, atol=1e-4)


def _norm(draw: np.random.Generator, length: int) -> dict[str, np.ndarray]:
    names = ("gamma", "beta", "moving_mean", "moving_variance")
    return {name: draw.uniform(0.5, 1.5, length).astype(np.float32) for name in names}


def test_other_positive_answer_turns_the_logit(tmp_path: Path) -> None:
    path = write_h5(tmp_path / "tiny.h5", tiny_layers())
    assert probability(imported(path, positive=0), grey_films()) == pytest.approx(1 - np.array(ANSWERS), abs=1e-6)
    two = [*tiny_layers()[:-1], dense("answer", np.eye(6, 2, dtype="f4"), np.array([0, 1], "f4"), "softmax")]
    path = write_h5(tmp_path / "two.h5", two)
    first, second = (probability(imported(path, positive=one), grey_films()) for one in (0, 1))
    assert first + second == pytest.approx(1)
    assert not np.allclose(first, second)


def test_network_that_rescales_itself_needs_no_scaling(tmp_path: Path) -> None:
    rescaling = Layer("Rescaling", {"name": "rescaling", "scale": 1 / 255, "offset": 0.0}, {})
    flip = Layer("RandomFlip", {"name": "flip", "mode": "horizontal"}, {})
    path = write_h5(tmp_path / "tiny.h5", [flip, rescaling, *tiny_layers()])
    network = imported(path, scaling=None)
    assert (network.scaling, network.left_out) == ("none", ("flip",))
    assert probability(network, grey_films()) == pytest.approx(ANSWERS, abs=1e-6)
    with pytest.raises(HilumError, match=r"does not say how grey levels were scaled.*--scaling unit"):
        imported(write_h5(tmp_path / "plain.h5", tiny_layers()), scaling=None)


def test_caffe_scaling_takes_each_means_off_its_channel(tmp_path: Path) -> None:
    network = imported(write_h5(tmp_path / "tiny.h5", tiny_layers()), scaling="caffe")
    scaled = (torch.full((1, 1, 1, 1), 200.0) / 255 - network.classifier.mean) / network.classifier.std
    assert scaled.flatten().tolist() == pytest.approx([200 - 103.939, 200 - 116.779, 200 - 123.68], abs=1e-3)


def test_open_side_is_asked_for(tmp_path: Path) -> None:
    pooled = [*tiny_layers()[:7], Layer("GlobalAveragePooling2D", {"name": "pool"}, {})]
    layers = [*pooled, dense("answer", np.ones((8, 1), "f4"), np.zeros(1, "f4"), "sigmoid")]
    described = description(layers)
    described["config"]["layers"][0]["config"]["batch_shape"] = [None, None, None, 3]
    path = write_h5(tmp_path / "open.h5", layers, described)
    with pytest.raises(HilumError, match=r"leaves its side open.*--side 224"):
        imported(path)
    assert imported(path, side=64).side == 64
    with pytest.raises(HilumError, match="takes films of 30 px, not of 64"):
        imported(write_h5(tmp_path / "tiny.h5", tiny_layers()), side=64)


def test_scaling_on_top_of_the_networks_own_is_noticed(tmp_path: Path) -> None:
    rescaling = Layer("Rescaling", {"name": "rescaling", "scale": 1 / 255, "offset": 0.0}, {})
    path = write_h5(tmp_path / "tiny.h5", [rescaling, *tiny_layers()])
    assert imported(path, scaling="unit").is_scaled_twice
    assert not imported(path, scaling="none").is_scaled_twice
    assert not imported(path, scaling=None).is_scaled_twice
    assert not imported(write_h5(tmp_path / "plain.h5", tiny_layers()), scaling="unit").is_scaled_twice


def side_by_side(axis: int) -> tuple[list[Layer], dict[str, Any]]:
    """Two convolutions of one film, put together over an axis, and the network's description."""
    draw = np.random.default_rng(3)
    convolutions = [
        Layer(
            "Conv2D",
            {"name": name, "kernel_size": [3, 3], "padding": "same", "filters": 4},
            {"kernel": draw.normal(0, 1, (3, 3, 3, 4)).astype("f4"), "bias": np.zeros(4, "f4")},
        )
        for name in ("left", "right")
    ]
    merge = Layer("Concatenate", {"name": "merge", "axis": axis}, {})
    flatten = Layer("Flatten", {"name": "flatten"}, {})  # over either axis as many numbers
    answer = dense("answer", draw.normal(0, 1, (8 * 30 * 30, 1)).astype("f4"), np.zeros(1, "f4"), "sigmoid")
    layers = [*convolutions, merge, flatten, answer]
    described = description(layers)
    sources = [(), ("film",), ("film",), ("left", "right"), ("merge",), ("flatten",)]
    for layer, names in zip(described["config"]["layers"], sources, strict=True):
        layer["inbound_nodes"] = [[[name, 0, 0, {}] for name in names]] * bool(names)
    described["class_name"] = "Functional"
    described["config"]["output_layers"] = [["answer", 0, 0]]
    return layers, described


def test_maps_are_put_together_over_channels_and_over_nothing_else(tmp_path: Path) -> None:
    network = imported(write_h5(tmp_path / "channels.h5", *side_by_side(-1)))
    assert network.classifier(torch.from_numpy(grey_films())[:, None]).maps.shape == (4, 8, 30, 30)
    with pytest.raises(HilumError, match=r"'merge' .Concatenate. with axis = 1\. Expected -1 or 3"):
        imported(write_h5(tmp_path / "rows.h5", *side_by_side(1)))


def test_norm_over_the_last_axis_of_flat_features_is_taken_by_either_name(tmp_path: Path) -> None:
    def with_norm(axis: int) -> list[Layer]:
        norm = Layer("BatchNormalization", {"name": "last_norm", "axis": axis}, _norm(np.random.default_rng(4), 6))
        return [*tiny_layers()[:9], norm, *tiny_layers()[9:]]

    last, first = (imported(write_h5(tmp_path / f"{axis}.h5", with_norm(axis))) for axis in (-1, 1))
    assert np.array_equal(probability(last, grey_films()), probability(first, grey_films()))


def changed(kind: str, **settings: Any) -> list[Layer]:
    """The tiny network with other settings in the layers of one class."""
    return [Layer(one.kind, one.settings | settings, one.weights) if one.kind == kind else one for one in tiny_layers()]


def replaced(name: str, layer: Layer) -> list[Layer]:
    return [layer if one.name == name else one for one in tiny_layers()]


UNFIT: dict[str, tuple[list[Layer], str]] = {
    "lambda": (
        replaced("capped", Layer("Lambda", {"name": "mine", "function": ["code", None, None]}, {})),
        "a layer 'mine' of the class Lambda, which holds Python code, which is never run",
    ),
    "unknown class": (replaced("capped", Layer("Attention", {"name": "odd"}, {})), "'odd' of the class Attention"),
    "three classes": (
        replaced("answer", dense("answer", np.ones((6, 3), "f4"), np.zeros(3, "f4"), "softmax")),
        "tells 3 classes apart .layer 'answer'.",
    ),
    "two sigmoids": (
        replaced("answer", dense("answer", np.ones((6, 2), "f4"), np.zeros(2, "f4"), "sigmoid")),
        "ends in 2 nodes with 'sigmoid'",
    ),
    "wrong shape": (
        replaced("hidden", dense("hidden", np.ones((77, 6), "f4"), np.zeros(6, "f4"), "relu")),
        "kernel' as 77 x 6. Expected 512 x 6 by its description",
    ),
    "missing weights": (
        [Layer(one.kind, one.settings, {} if one.name == "norm" else one.weights) for one in tiny_layers()],
        "has 0 weights 'gamma' for its layer 'norm'",
    ),
    "odd activation": (changed("Dense", activation="my_activation"), "activation = 'my_activation'"),
    "channels first": (changed("Conv2D", data_format="channels_first"), "data_format = 'channels_first'"),
    "huge padding": (
        replaced("capped", Layer("ZeroPadding2D", {"name": "wide", "padding": 100_000}, {})),
        "'wide' .ZeroPadding2D. with padding = 100000",
    ),
    "no numbers": (
        replaced("answer", dense("answer", np.full((6, 1), np.nan, "f4"), np.zeros(1, "f4"), "sigmoid")),
        "holds values that are no numbers",
    ),
    "whole numbers": (
        replaced("answer", dense("answer", np.ones((6, 1), "i4"), np.zeros(1, "f4"), "sigmoid")),
        "as int32. Expected floating-point weights",
    ),
    "softmax in a convolution": (
        changed("SeparableConv2D", activation="softmax"),
        "'separable' .SeparableConv2D. has the activation 'softmax' in the body",
    ),
    "softmax as a layer": (
        replaced("capped", Layer("Activation", {"name": "shares", "activation": "softmax"}, {})),
        "'shares' .Activation. has the activation 'softmax' in the body",
    ),
    "norm over rows": (changed("BatchNormalization", axis=1), "'norm' .BatchNormalization. works over axis 1"),
    "no head": (tiny_layers()[:7], "is not a body of convolutions with a head behind it"),
    "no dense layer": (tiny_layers()[:8], "has no dense layer behind its maps"),
}


@pytest.mark.parametrize("case", UNFIT)
def test_network_that_cannot_be_rebuilt_is_refused_by_name(case: str, tmp_path: Path) -> None:
    layers, sentence = UNFIT[case]
    with pytest.raises(HilumError, match=sentence):
        imported(write_h5(tmp_path / "tiny.h5", layers))


def test_class_of_ones_own_under_a_known_name_is_refused(tmp_path: Path) -> None:
    described = description(tiny_layers())
    described["config"]["layers"][1] |= {"module": "my_package.layers", "registered_name": "Mine>Conv2D"}
    with pytest.raises(HilumError, match="'conv' that is of a class of its own, Mine>Conv2D"):
        imported(write_h5(tmp_path / "tiny.h5", tiny_layers(), described))


@pytest.mark.parametrize(
    ("break_it", "sentence"),
    [
        (lambda described: described["config"].pop("layers"), "describes its layers in a way that Keras does not"),
        (lambda described: described["config"]["layers"][1]["config"].pop("name"), "in a way that Keras does not"),
        (lambda described: described["config"]["layers"].__setitem__(2, 7), "in a way that Keras does not"),
        (
            lambda described: described["config"]["layers"][0]["config"].update(batch_shape=[None, 30, 40, 3]),
            "takes 30 x 40 x 3. Expected square films",
        ),
        (lambda described: described["config"]["layers"].extend([{}] * 3000), "more than 3000 layers"),
    ],
)
def test_broken_description_is_one_sentence(break_it: Callable[[Any], object], sentence: str, tmp_path: Path) -> None:
    described = description(tiny_layers())
    break_it(described)
    with pytest.raises(HilumError, match=sentence):
        imported(write_keras(tmp_path / "tiny.keras", tiny_layers(), described))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", SCALINGS)
def test_exported_graph_of_a_real_keras_file_says_what_keras_said(keras_reference: Path, name: str) -> None:
    kept = np.load(keras_reference / f"{name}.npz")
    expected = kept["probability"][:, -1]
    assert 0.5 < np.ptp(expected) < 1  # an answer that is always the same would agree by itself
    for suffix in ("h5", "keras"):
        network = imported(keras_reference / f"{name}.{suffix}", SCALINGS[name])
        assert network.body == BODIES.get(name, "MobileNetV2" if name == "mobilenet_v2" else "")
        assert probability(network, kept["films"]) == pytest.approx(expected, abs=1e-4)
    logit = Engine(export_onnx(network.classifier, network.side), name).logits(kept["films"])
    assert 1 / (1 + np.exp(-logit)) == pytest.approx(expected, abs=1e-4)


LOAD = """
import json, sys, keras, numpy
films = numpy.load(sys.argv[1])[..., None].repeat(3, -1) / numpy.float32(255)
load = lambda path: keras.models.load_model(path, compile=False)(films, training=False)
print(json.dumps([numpy.asarray(load(path)).ravel().tolist() for path in sys.argv[2:]]))
"""


@pytest.mark.slow
def test_keras_reads_the_tiny_files_and_agrees_with_the_recorded_answers(keras_python: str, tmp_path: Path) -> None:
    np.save(tmp_path / "films.npy", grey_films())
    files = [write_h5(tmp_path / "tiny.h5", tiny_layers()), write_keras(tmp_path / "tiny.keras", tiny_layers())]
    command = [keras_python, "-c", LOAD, *map(str, [tmp_path / "films.npy", *files])]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for answers in json.loads(said.splitlines()[-1]):
        assert answers == pytest.approx(ANSWERS, abs=1e-6)


@pytest.mark.parametrize(("activation", "is_exact"), [("linear", True), ("relu", False)])
def test_map_is_exact_where_all_behind_the_average_pool_is_one_affine_layer(
    activation: str, is_exact: bool, tmp_path: Path
) -> None:
    draw = np.random.default_rng(2)
    head = [
        Layer("GlobalAveragePooling2D", {"name": "pool", "keepdims": False}, {}),
        Layer("BatchNormalization", {"name": "standard", "axis": -1, "epsilon": 0.001}, _norm(draw, 8)),
        dense("hidden", draw.normal(0, 1, (8, 5)).astype("f4"), draw.normal(0, 1, 5).astype("f4"), activation),
        dense("answer", draw.normal(0, 1, (5, 2)).astype("f4"), np.zeros(2, "f4"), "softmax"),
    ]
    classifier = imported(write_h5(tmp_path / "tiny.h5", [*tiny_layers()[:7], *head])).classifier
    assert (classifier.head.evidence_in_words == EXACT_EVIDENCE) == is_exact
    with torch.no_grad():
        outputs = classifier(torch.from_numpy(grey_films())[:, None])
        constant = outputs.logit - classifier.head.evidence(outputs.maps).mean(dim=(1, 2))
    assert not is_exact or constant.std() < 1e-5  # the same for every film: all biases together
