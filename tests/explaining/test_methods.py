"""Methods by name: what each asks for, and who is refused what in one sentence."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from hilum.attribution.places import Places, placed
from hilum.engine import Engine
from hilum.errors import HilumError
from hilum.explaining.gradcam import exact_map, grad_cam
from hilum.explaining.layers import network_layers
from hilum.explaining.methods import LAST_MAPS, METHODS, UNPLACED, method_for, network_evidence, offered_methods
from hilum.explaining.places import places_of_maps
from hilum.explaining.randomisation import cascade
from hilum.modelfolder import GRAPH, ModelFolder, NormalMap, open_model_folder, write_model_folder
from hilum.modelfolder.maps import EXACT_EVIDENCE, GRADIENT_EVIDENCE, has_exact_map
from hilum.models import FilmClassifier
from model_folders import small_recipe, untrained, write_folder
from stand_ins import manifest

SQUARE = np.random.default_rng(0).integers(0, 256, (32, 32), dtype=np.uint8)
NORMAL = np.random.default_rng(1).integers(0, 200, (3, 32, 32), dtype=np.uint8)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> tuple[ModelFolder, Engine, FilmClassifier]:
    folder, classifier = write_folder(tmp_path_factory.mktemp("model") / "model", small_recipe(head_nodes=2))
    level = NormalMap(rows=tuple(map(tuple, exact_map(classifier, NORMAL).mean(axis=0).tolist())), films=3)
    contents = {name: folder.read(name) for name in folder.manifest.files}
    described = replace(folder.manifest, normal_map=level)
    path = tmp_path_factory.mktemp("levelled") / "model"
    write_model_folder(path, contents, lambda hashes: replace(described, files=hashes))
    folder = open_model_folder(path)
    return folder, Engine(folder.read(GRAPH), GRAPH, 1), classifier


@pytest.mark.parametrize("name", METHODS)
def test_method_of_a_folder_is_that_of_its_network(
    name: str, model: tuple[ModelFolder, Engine, FilmClassifier]
) -> None:
    folder, engine, classifier = model
    method = method_for(name, folder, engine)
    evidence = method.evidence(SQUARE)
    (of_network,) = network_evidence(name, NORMAL)(classifier, SQUARE[None])
    assert method.name == name and evidence.ndim == 2 and evidence.dtype == np.float32
    if method.layer == LAST_MAPS:
        of_network = placed(of_network, places_of_maps(classifier, 32), 32)
    np.testing.assert_allclose(evidence, of_network, rtol=1e-3, atol=1e-4 * np.abs(evidence).max())
    assert bool(method.explained(SQUARE).note) == (name != "occlusion")
    assert method.layer == (
        LAST_MAPS if name in ("map", "above-normal", "gradcam") else ""
    ) and method.in_words.endswith(".")


def test_map_of_a_folder_that_does_not_say_where_its_places_look_says_so(
    model: tuple[ModelFolder, Engine, FilmClassifier],
) -> None:
    folder, engine, _ = model
    older = ModelFolder(folder.path, replace(folder.manifest, map_places=None), folder.model_hash)
    assert method_for("map", folder, engine).explained(SQUARE).note == "4 x 4 places, drawn smoothly."
    assert UNPLACED in method_for("map", older, engine).explained(SQUARE).note


def test_random_network_is_held_against_its_own_level(model: tuple[ModelFolder, Engine, FilmClassifier]) -> None:
    """Minus the trained network's level, its map would still show what was learned."""
    *_, last = cascade(model[2], NORMAL, steps=2, seed=0)
    found = network_evidence("above-normal", NORMAL)(last.classifier, NORMAL)
    assert np.abs(found).max() > 1e-3
    np.testing.assert_allclose(np.mean(found, axis=0), 0, atol=1e-5)


def test_folder_without_a_level_of_normal_films_is_refused(
    model: tuple[ModelFolder, Engine, FilmClassifier], tmp_path: Path
) -> None:
    folder, _ = write_folder(tmp_path / "model", small_recipe(), has_graph=False)
    assert "map" in offered_methods(folder.manifest) and "above-normal" not in offered_methods(folder.manifest)
    with pytest.raises(HilumError, match="hilum model finish"):
        method_for("above-normal", folder, model[1])


def test_grad_cam_of_a_named_layer_takes_its_output_behind_the_activation(
    model: tuple[ModelFolder, Engine, FilmClassifier],
) -> None:
    folder, engine, classifier = model
    name = "body.stages.0.0.conv1"
    method = method_for("gradcam", folder, engine, name)
    assert method.layer == name
    expected = placed(grad_cam(classifier, SQUARE[None], "body.stages.0.0.act1")[0], Places(0.5, 4), 32)
    np.testing.assert_allclose(method.evidence(SQUARE), expected, rtol=1e-4, atol=1e-7)


def test_layers_in_front_of_the_head_have_grad_cam(model: tuple[ModelFolder, Engine, FilmClassifier]) -> None:
    folder, engine, classifier = model
    in_front = [layer for layer in network_layers(classifier, 32) if layer.name.startswith("body.")]
    assert {layer.kind for layer in in_front} == {"convolution", "sum"}
    for layer in in_front[::3]:
        assert method_for("gradcam", folder, engine, layer.name).evidence(SQUARE).shape == SQUARE.shape


@pytest.mark.parametrize(
    ("name", "layer", "sentence"),
    [
        ("gradcm", None, r"no method 'gradcm'.*Did you mean 'gradcam'\?"),
        ("", None, r"no method ''.*Choose one of: above-normal, gradcam, integrated-gradients, map, occlusion"),
        ("map", "body.stem.0", r"'map' has no layer to choose.*--method gradcam"),
        ("occlusion", "body.stem.0", "'occlusion' has no layer to choose"),
        ("gradcam", "body.stages.0.0.conv3", r"no layer 'body\.stages\.0\.0\.conv3'.*Did you mean 'body\.stages"),
        ("gradcam", "head.last", "cannot be asked: its output of 2 has no places"),
        ("gradcam", "head.pool", "cannot be asked: its output of 16 has no places"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    name: str, layer: str | None, sentence: str, model: tuple[ModelFolder, Engine, FilmClassifier]
) -> None:
    with pytest.raises(HilumError, match=sentence):
        method_for(name, model[0], model[1], layer)


def test_layer_whose_module_runs_more_than_once_is_refused_rather_than_mistaken(
    model: tuple[ModelFolder, Engine, FilmClassifier], monkeypatch: pytest.MonkeyPatch
) -> None:
    network = untrained(small_recipe())
    block: Any = network.get_submodule("body.stages.0.0")
    block.act2 = block.act1
    monkeypatch.setattr("hilum.explaining.network.open_network", lambda _: network)
    for layer in ("body.stages.0.0.conv1", "body.stages.0.0.act1"):
        with pytest.raises(HilumError, match="a module that runs more than once"):
            method_for("gradcam", model[0], model[1], layer)


@pytest.mark.parametrize("head", ["dense", "concat"])
def test_map_is_not_offered_behind_flattened_maps_a_maximum_or_a_hidden_layer(
    head: str, model: tuple[ModelFolder, Engine, FilmClassifier], tmp_path: Path
) -> None:
    folder, _ = write_folder(tmp_path / "model", small_recipe(head=head, hidden=7), has_graph=False)
    engine = model[1]
    assert offered_methods(folder.manifest) == ("gradcam", "occlusion", "integrated-gradients")
    with pytest.raises(HilumError, match=r"has no exact map.*Ask for Grad-CAM: --method gradcam"):
        method_for("map", folder, engine)
    assert method_for("gradcam", folder, engine).evidence(SQUARE).shape == SQUARE.shape


def test_exact_map_is_told_by_what_the_manifest_says() -> None:
    assert has_exact_map(replace(manifest(), activation_map=EXACT_EVIDENCE))
    assert not has_exact_map(replace(manifest(), activation_map=GRADIENT_EVIDENCE))
    level = NormalMap(rows=((0.0,),), films=20)
    assert offered_methods(replace(manifest(), activation_map=EXACT_EVIDENCE, normal_map=level)) == METHODS


@pytest.mark.parametrize("method", ["gradcam", "integrated-gradients"])
def test_missing_library_is_named_by_its_extra(
    method: str, model: tuple[ModelFolder, Engine, FilmClassifier], monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "torch" else find(name))
    with pytest.raises(HilumError, match=rf"method '{method}' needs .*pip install 'hilum\[train\]'"):
        method_for(method, model[0], model[1])


def test_maps_of_the_graph_and_occlusion_ask_nothing_of_the_training_half(
    model: tuple[ModelFolder, Engine, FilmClassifier],
) -> None:
    code = (
        "import sys, numpy as np; from pathlib import Path\n"
        "from hilum.modelfolder import open_model_folder; from hilum.engine import Engine\n"
        "from hilum.explaining.methods import method_for\n"
        "folder = open_model_folder(Path(sys.argv[1])); engine = Engine(folder.read('model.onnx'), 'graph', 1)\n"
        "for name in ('map', 'above-normal', 'occlusion'):\n"
        "    method_for(name, folder, engine).evidence(np.zeros((32, 32), np.uint8))\n"
        "print([one for one in ('torch', 'timm', 'onnx', 'pandas', 'sklearn') if one in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(model[0].path)], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr
