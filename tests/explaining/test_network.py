"""The network of a model folder answers as the folder's graph does."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from safetensors.torch import save

from hilum.engine import Engine
from hilum.errors import HilumError
from hilum.explaining.network import open_network
from hilum.exporting import export_onnx, network_logits
from hilum.modelfolder import GRAPH, ModelFolder, open_model_folder, write_model_folder
from hilum.models.keras.classifier import import_classifier
from hilum.models.keras.saved import opened_model
from hilum.recipe import read_recipe
from keras_files import ANSWERS, grey_films, tiny_layers, write_h5
from model_folders import small_recipe, write_folder
from stand_ins import manifest

pytestmark = pytest.mark.slow  # seconds a test: `make check` leaves them to `make test`


def films_of(folder: ModelFolder) -> np.ndarray:
    side = folder.manifest.side
    return np.random.default_rng(0).integers(0, 256, (3, side, side), dtype=np.uint8)


def graph_of(folder: ModelFolder) -> Engine:
    return Engine(folder.read(GRAPH), GRAPH, threads=1)


@pytest.mark.parametrize("head", ["linear", "dense", "concat"])
def test_network_of_a_folder_answers_as_its_graph(head: str, tmp_path: Path) -> None:
    folder, exported = write_folder(tmp_path / "model", small_recipe(head=head, hidden=7, head_nodes=2))
    network, films = open_network(folder), films_of(folder)
    assert not network.training
    np.testing.assert_array_equal(network_logits(network, films), network_logits(exported, films))
    np.testing.assert_allclose(network_logits(network, films), graph_of(folder).logits(films), atol=1e-4)


@pytest.mark.slow
def test_timm_network_of_a_folder_has_the_scaling_that_it_was_trained_with(tmp_path: Path) -> None:
    recipe = read_recipe("mobilenetv2-frozen", ["film.side=64", "network.scaling='unit'"])
    folder, exported = write_folder(tmp_path / "model", recipe)
    network, films = open_network(folder), films_of(folder)
    assert torch.equal(network.mean, exported.mean) and network.is_plain_timm
    np.testing.assert_allclose(network_logits(network, films), graph_of(folder).logits(films), atol=1e-4)


def test_trained_network_answers_as_its_graph(phantom_run: Path) -> None:
    folder = open_model_folder(phantom_run)
    films = films_of(folder)
    np.testing.assert_allclose(network_logits(open_network(folder), films), graph_of(folder).logits(films), atol=1e-4)


def test_network_that_keras_saved_comes_back_from_its_folder(tmp_path: Path) -> None:
    folder = imported_folder(tmp_path)
    network = open_network(folder)
    assert 1 / (1 + np.exp(-network_logits(network, grey_films()))) == pytest.approx(ANSWERS, abs=1e-6)
    np.testing.assert_allclose(network_logits(network, grey_films()), graph_of(folder).logits(grey_films()), atol=1e-5)


def imported_folder(place: Path) -> ModelFolder:
    with opened_model(write_h5(place / "tiny.h5", tiny_layers())) as saved:
        network, description = import_classifier(saved, "unit", positive=1), saved.description
    config = {"architecture": "keras", "description": description, "scaling": "unit", "side": network.side}
    files = {
        "model.onnx": export_onnx(network.classifier, network.side),
        "model.safetensors": save(network.classifier.state_dict()),
        "config.json": json.dumps(config).encode(),
    }
    described = replace(manifest(), side=network.side)
    write_model_folder(place / "model", files, lambda hashes: replace(described, files=hashes))
    return open_model_folder(place / "model")


def with_file(folder: ModelFolder, place: Path, name: str, content: bytes) -> ModelFolder:
    """The same folder with another file in the place of one, which the manifest names as its own."""
    files = {known: folder.read(known) for known in folder.manifest.files} | {name: content}
    write_model_folder(place, files, lambda hashes: replace(folder.manifest, files=hashes))
    return open_model_folder(place)


def test_folder_that_is_not_what_it_says_is_refused_in_a_sentence(tmp_path: Path) -> None:
    folder, _ = write_folder(tmp_path / "whole", small_recipe(), has_graph=False)
    with pytest.raises(HilumError, match=r"model\.safetensors' is damaged: .*Copy or export"):
        open_network(with_file(folder, tmp_path / "cut", "model.safetensors", folder.read("model.safetensors")[:100]))
    with pytest.raises(HilumError, match=r"config\.json' is damaged"):
        open_network(with_file(folder, tmp_path / "config", "config.json", b"[1"))
    with pytest.raises(HilumError, match=r"config\.json' has a wrong value: 'document': .*pretrained_cfg"):
        open_network(with_file(folder, tmp_path / "poor", "config.json", b'{"architecture": "small-cnn"}'))
    keras = b'{"architecture": "keras", "description": {}, "scaling": "grey", "side": 30}'
    with pytest.raises(HilumError, match=r"config\.json' has a wrong value: 'scaling'"):
        open_network(with_file(folder, tmp_path / "keras", "config.json", keras))
    unknown = replace(folder.manifest, recipe={"network": {"architecture": "small-cnn", "pooling": "gem"}})
    with pytest.raises(HilumError, match="describes a network that this version does not know"):
        open_network(ModelFolder(folder.path, unknown, folder.model_hash))
    (folder.path / "model.safetensors").write_bytes(b"other")
    with pytest.raises(HilumError, match=r"is not the file that hilum\.json describes"):
        open_network(folder)
