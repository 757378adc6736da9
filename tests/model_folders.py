"""Model folders of networks that nobody trained: what is in them belongs together, the manifest's figures do not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from msgspec.structs import replace
from safetensors.torch import save

from hilum.explaining.places import places_of_maps
from hilum.modelfolder import ModelFolder, open_model_folder, write_model_folder
from hilum.models import FilmClassifier, build_network
from hilum.models.stored import stored_tensors
from hilum.recipe import Recipe, read_recipe
from hilum.training.assemble import network_files, timm_config
from stand_ins import manifest


def untrained(recipe: Recipe) -> FilmClassifier:
    """The recipe's network in evaluation mode: random weights, and norms as if noise had trained them."""
    torch.manual_seed(3)
    side = recipe.film.side
    classifier = build_network(recipe.network, side)
    noise = np.random.default_rng(3).integers(0, 256, (4, 1, side, side), dtype=np.uint8)
    with torch.no_grad():
        for module in classifier.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.weight.uniform_(0.5, 1.5)  # a new block's last norm is 0, which would hide its convolutions
        classifier.train()(torch.from_numpy(noise))
    return classifier.eval()


def small_recipe(**network: Any) -> Recipe:
    """`cnn-scratch` with two stages of 16 channels for films of 32 px."""
    values = {"widths": [16, 16], **network}
    return read_recipe("cnn-scratch", ["film.side=32", *(f"network.{key}={value!r}" for key, value in values.items())])


def write_folder(path: Path, recipe: Recipe, has_graph: bool = True) -> tuple[ModelFolder, FilmClassifier]:
    """The model folder of an untrained network, and the network; without a graph it is written within moments."""
    classifier = untrained(recipe)
    files = network_files(classifier, recipe) if has_graph else _without_graph(classifier, recipe)
    described = replace(
        manifest(),
        side=recipe.film.side,
        recipe=recipe.model_dump(mode="json"),
        activation_map=classifier.head.evidence_in_words,
        map_places=places_of_maps(classifier, recipe.film.side),
    )
    write_model_folder(path, files, lambda hashes: replace(described, files=hashes))
    return open_model_folder(path), classifier


def _without_graph(classifier: FilmClassifier, recipe: Recipe) -> dict[str, bytes]:
    return {
        "model.safetensors": save(stored_tensors(classifier)),
        "config.json": json.dumps(timm_config(classifier, recipe)).encode(),
    }
