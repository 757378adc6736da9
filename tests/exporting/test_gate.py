"""A graph that says how unlike its films a film is, and answers as before."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch

from hilum.engine import FEATURE_DISTANCE, Engine
from hilum.errors import HilumError
from hilum.exporting import GATE_FEATURES, export_onnx, with_feature_distance, with_gate_features
from hilum.exporting.gate import area_means
from hilum.metrics.distance import FeatureDistance, fit_distance
from hilum.models import build_network
from hilum.recipe import Network

FILMS = np.random.default_rng(0).integers(0, 256, (6, 48, 48), dtype=np.uint8)


@pytest.fixture(scope="module")
def graph() -> bytes:
    torch.manual_seed(0)
    return export_onnx(build_network(Network(architecture="small-cnn", widths=(16, 48))), 48)


@pytest.fixture(scope="module")
def looking(graph: bytes) -> bytes:
    return with_gate_features(graph)


@pytest.fixture(scope="module")
def features(looking: bytes) -> np.ndarray:
    return Engine(looking, "graph", 1).run(FILMS, (GATE_FEATURES,))[GATE_FEATURES].astype(np.float64)


@pytest.fixture(scope="module")
def gated(looking: bytes, features: np.ndarray) -> bytes:
    return with_feature_distance(looking, fit_distance(features))


def test_features_are_layout_edges_and_texture(features: np.ndarray) -> None:
    assert features.shape == (6, 256 + 256 + 2 * 48)


def test_layout_is_the_film_in_fields_with_mean_and_spread_taken_out(features: np.ndarray) -> None:
    fields = FILMS.reshape(6, 16, 3, 16, 3).astype(float).mean(axis=(2, 4)).reshape(6, 256)
    expected = (fields - fields.mean(axis=1, keepdims=True)) / (fields.std(axis=1, keepdims=True) + 4)
    np.testing.assert_allclose(features[:, :256], expected, atol=1e-4)


def test_edges_are_the_changes_of_grey_in_each_field(features: np.ndarray) -> None:
    weights = area_means(48, 32)
    fine = weights @ FILMS.astype(float) @ weights.T
    fine = (fine - fine.mean(axis=(1, 2), keepdims=True)) / (fine.std(axis=(1, 2), keepdims=True) + 4)
    down, right = np.zeros_like(fine), np.zeros_like(fine)
    down[:, :-1], right[:, :, :-1] = np.abs(np.diff(fine, axis=1)), np.abs(np.diff(fine, axis=2))
    fields = (down + right).reshape(6, 16, 2, 16, 2).mean(axis=(2, 4)).reshape(6, 256)
    np.testing.assert_allclose(features[:, 256:512], np.log(fields + 0.02), atol=1e-3)


def test_exposure_moves_layout_and_edges_little(looking: bytes) -> None:
    film = np.full((1, 48, 48), 20, np.uint8)
    film[:, 12:36, 12:36] = 120
    dark, bright = (Engine(looking, "g", 1).run(one, (GATE_FEATURES,))[GATE_FEATURES] for one in (film, 2 * film))
    assert np.abs(dark - bright)[:, :512].max() < 0.25


def test_distance_of_the_graph_is_that_of_the_fitted_statistics(gated: bytes, features: np.ndarray) -> None:
    distance = Engine(gated, "graph", 1).values(FEATURE_DISTANCE, FILMS)
    np.testing.assert_allclose(distance, fit_distance(features)(features), rtol=1e-3)


def test_logits_keep_every_bit(graph: bytes, gated: bytes) -> None:
    assert np.array_equal(Engine(graph, "a", 1).logits(FILMS), Engine(gated, "b", 1).logits(FILMS))


def test_gated_graph_holds_its_constants_and_keeps_to_the_usual_operators(gated: bytes) -> None:
    model = onnx.load_model_from_string(gated)
    onnx.checker.check_model(model)
    assert [output.name for output in model.graph.output] == ["logit", "features", "activation_map", FEATURE_DISTANCE]
    assert not any(tensor.external_data for tensor in model.graph.initializer)


def test_any_number_of_films_may_be_asked_at_once(gated: bytes) -> None:
    engine = Engine(gated, "graph", 1)
    np.testing.assert_allclose(
        engine.values(FEATURE_DISTANCE, FILMS, 6), engine.values(FEATURE_DISTANCE, FILMS, 1), rtol=1e-4
    )


def test_graph_without_maps_is_refused() -> None:
    film = onnx.helper.make_tensor_value_info("film", onnx.TensorProto.UINT8, ["n", 1, 8, 8])
    logit = onnx.helper.make_tensor_value_info("logit", onnx.TensorProto.FLOAT, ["n"])
    cast = onnx.helper.make_node("Cast", ["film"], ["logit"], to=onnx.TensorProto.FLOAT)
    graph = onnx.helper.make_model(onnx.helper.make_graph([cast], "flat", [film], [logit]))
    with pytest.raises(HilumError, match="no feature maps"):
        with_gate_features(graph.SerializeToString())


def test_pieces_that_cut_pixels_share_them() -> None:
    weights = area_means(5, 3)
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    np.testing.assert_allclose(weights.sum(axis=0), 3 / 5)


def test_statistics_of_another_graph_do_not_fit(looking: bytes) -> None:
    gated = with_feature_distance(looking, FeatureDistance(np.zeros(3), np.eye(3), 0.0))
    with pytest.raises(Exception, match=r"graph|Sub"):
        Engine(gated, "graph", 1).run(FILMS, (FEATURE_DISTANCE,))
