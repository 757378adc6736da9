"""A network and its graph say the same."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch

from hilum.engine import Engine
from hilum.exporting import export_onnx, network_logits
from hilum.models import FilmClassifier, build_network
from hilum.recipe import Network

FILMS = np.random.default_rng(0).integers(0, 256, (3, 32, 32), dtype=np.uint8)


@pytest.fixture(scope="module")
def classifier() -> FilmClassifier:
    torch.manual_seed(0)
    network = build_network(Network(architecture="small-cnn", widths=(16, 16), head_nodes=2))
    with torch.no_grad():  # statistics other than a fresh network's, so that a forgotten batch norm would show
        network.train()(torch.from_numpy(FILMS)[:, None])
    return network


@pytest.fixture(scope="module")
def graph(classifier: FilmClassifier) -> bytes:
    return export_onnx(classifier, 32)


def test_graph_equals_network_for_any_batch(classifier: FilmClassifier, graph: bytes) -> None:
    engine = Engine(graph, "graph")
    for count in (1, 2, 3):
        np.testing.assert_allclose(engine.logits(FILMS[:count]), network_logits(classifier, FILMS[:count]), atol=1e-5)


def test_graph_holds_its_weights_and_takes_the_film_as_it_is(graph: bytes) -> None:
    model = onnx.load_model_from_string(graph)
    [film] = model.graph.input
    assert film.name == "film" and film.type.tensor_type.elem_type == onnx.TensorProto.UINT8
    assert not any(tensor.external_data for tensor in model.graph.initializer)
    assert {entry.domain for entry in model.opset_import} <= {"", "ai.onnx"}


def test_exporting_changes_neither_mode_nor_weights_of_a_network_in_use(classifier: FilmClassifier) -> None:
    before = {name: tensor.clone() for name, tensor in classifier.state_dict().items()}
    classifier.train()
    classifier.head.eval()
    modes = [module.training for module in classifier.modules()]
    export_onnx(classifier, 32)
    assert [module.training for module in classifier.modules()] == modes
    assert all(torch.equal(tensor, before[name]) for name, tensor in classifier.state_dict().items())
