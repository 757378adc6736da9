"""The exact map and Grad-CAM: two ways to the same evidence where there is one affine layer on average-pooled maps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from hilum.engine import Engine
from hilum.errors import HilumError
from hilum.explaining.gradcam import AT_ONCE, Evidence, exact_map, grad_cam
from hilum.exporting import export_onnx
from hilum.models import FilmClassifier, LogitOfFilms
from hilum.recipe import read_recipe
from model_folders import small_recipe, untrained

TOLERANCE = 1e-5
LAST_MODULE = {"small-cnn": "body.stages.1.1.act2", "mobilenetv2_100": "body.bn2"}


def network(architecture: str, nodes: int) -> FilmClassifier:
    if architecture == "small-cnn":
        return untrained(small_recipe(head_nodes=nodes))
    return untrained(read_recipe("mobilenetv2-frozen", ["film.side=64", f"network.head_nodes={nodes}"]))


def squares_for(classifier: FilmClassifier, films: int = 3) -> np.ndarray:
    side = 32 if classifier.mean.numel() == 1 else 64
    return np.random.default_rng(0).integers(0, 256, (films, side, side), dtype=np.uint8)


def relative(found: Evidence, expected: Evidence) -> float:
    return float(np.abs(found - expected).max() / np.abs(expected).max())


@pytest.mark.parametrize("nodes", [1, 2])
@pytest.mark.parametrize("architecture", LAST_MODULE)
def test_map_is_grad_cam_times_the_number_of_places(architecture: str, nodes: int) -> None:
    classifier = network(architecture, nodes)
    squares = squares_for(classifier)
    exact = exact_map(classifier, squares)
    places = exact.shape[1] * exact.shape[2]
    assert places > 1 and (exact > 0).any() and (exact < 0).any()  # before the ReLU
    assert relative(grad_cam(classifier, squares) * places, exact) < TOLERANCE
    by_hook = grad_cam(classifier, squares, LAST_MODULE[architecture])
    assert relative(by_hook * places, exact) < TOLERANCE


@pytest.mark.parametrize(
    ("architecture", "nodes"),
    [
        ("small-cnn", 1),
        ("small-cnn", 2),
        pytest.param("mobilenetv2_100", 1, marks=pytest.mark.slow),
        pytest.param("mobilenetv2_100", 2, marks=pytest.mark.slow),
    ],
)
def test_so_is_the_map_that_the_exported_graph_gives_beside_its_logit(architecture: str, nodes: int) -> None:
    classifier = network(architecture, nodes)
    squares = squares_for(classifier)
    outputs = Engine(export_onnx(classifier, squares.shape[1]), "graph", 1).run(squares, ("logit", "activation_map"))
    exported = outputs["activation_map"]
    places = exported.shape[1] * exported.shape[2]
    assert relative(exported, grad_cam(classifier, squares) * places) < TOLERANCE
    bias = classifier.head.last.bias.detach().numpy()
    constant = bias[0] - bias[1] if nodes == 2 else bias[0]
    np.testing.assert_allclose(exported.mean(axis=(1, 2)) + constant, outputs["logit"], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("layer", ["body.stem.2", "body.stages.0.0.conv1", LAST_MODULE["small-cnn"]])
def test_grad_cam_is_captums(layer: str) -> None:
    from captum.attr import LayerGradCam

    classifier = network("small-cnn", 2)
    squares = squares_for(classifier)
    reference = LayerGradCam(LogitOfFilms(classifier), classifier.get_submodule(layer))
    film = torch.from_numpy(squares.astype(np.float32))[:, None]
    expected = reference.attribute(film, relu_attributions=False)[:, 0].detach().numpy()
    assert relative(grad_cam(classifier, squares, layer), expected) < TOLERANCE


def test_layer_whose_output_is_overwritten_gives_what_it_said_itself() -> None:
    classifier = untrained(read_recipe("mobilenetv2-frozen", ["film.side=64"]))
    for module in classifier.modules():
        if isinstance(module, torch.nn.ReLU6):
            assert module.inplace  # timm's norms overwrite what the convolution in front of them said
    squares = squares_for(classifier)
    whole = grad_cam(classifier, squares, "body.conv_stem")
    for module in classifier.modules():
        if isinstance(module, torch.nn.ReLU6):
            module.inplace = False
    assert relative(whole, grad_cam(classifier, squares, "body.conv_stem")) < TOLERANCE


@pytest.mark.parametrize("head", ["dense", "concat"])
def test_other_heads_have_grad_cam_but_their_graphs_map_is_another(head: str) -> None:
    classifier = untrained(small_recipe(head=head, hidden=7))
    squares = squares_for(classifier)
    weighed = grad_cam(classifier, squares)
    assert relative(weighed * weighed[0].size, exact_map(classifier, squares)) > 0.01


def test_maps_of_many_films_are_those_of_each() -> None:
    classifier = network("small-cnn", 1)
    squares = squares_for(classifier, AT_ONCE + 2)
    together = grad_cam(classifier, squares)
    assert together.dtype == np.float32 and len(together) == len(squares)
    np.testing.assert_allclose(together[-1:], grad_cam(classifier, squares[-1:]), rtol=1e-4, atol=1e-6)


def test_map_of_a_frozen_network_and_within_no_grad_is_the_same() -> None:
    classifier = network("small-cnn", 1)
    squares = squares_for(classifier)
    before = [grad_cam(classifier, squares, layer) for layer in (None, "body.stem.2")]
    classifier.requires_grad_(False)
    with torch.no_grad():
        after = [grad_cam(classifier, squares, layer) for layer in (None, "body.stem.2")]
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("layer", "sentence"),
    [
        ("body.stem.3", r"has no layer 'body\.stem\.3'.*Did you mean 'body\.stem\.\d'\?"),
        ("head.last", "says 1 numbers without places"),
        ("head.pool", "says 16 numbers without places"),
        ("body.stages", None),
    ],
)
def test_layer_without_maps_is_refused(layer: str, sentence: Any) -> None:
    classifier = network("small-cnn", 1)
    if sentence is None:
        assert grad_cam(classifier, squares_for(classifier), layer).shape == (3, 4, 4)
        return
    with pytest.raises(HilumError, match=sentence):
        grad_cam(classifier, squares_for(classifier), layer)
