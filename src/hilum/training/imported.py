"""The model folder of a network that was trained elsewhere: calibrated here, its training films unknown."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.torch import save

from hilum.datasets import Catalogue, Split
from hilum.exporting import export_onnx
from hilum.modelfolder import Manifest, write_model_folder
from hilum.modelfolder.card import model_card
from hilum.models import WeightsOrigin
from hilum.models.keras.classifier import ImportedNetwork
from hilum.progress import Progress
from hilum.provenance import Provenance
from hilum.training.assemble import assemble
from hilum.training.device import Machine, make_deterministic
from hilum.training.manifest import Making, manifest_of


@dataclass(frozen=True, slots=True)
class ImportFacts:
    """Where an imported network came from and what calibrates it.

    Args:
        name: of the model.
        source: what its file is, in words.
        sha256: of the file.
        description: of the layers, as the file has it; kept in the folder beside the tensors.
        positive: which of its answers means pneumonia.
        data_name, data_fingerprint: of the data whose calibrate patients are used.
        left_out: films of those data that cannot be read.
        machine: the threads of network and graph.
    """

    name: str
    source: str
    sha256: str
    description: dict[str, Any]
    positive: int
    data_name: str
    data_fingerprint: str
    left_out: int
    machine: Machine
    provenance: Provenance


def write_imported(
    folder: Path,
    network: ImportedNetwork,
    facts: ImportFacts,
    pixels: npt.NDArray[np.uint8],
    films: Catalogue,
    split: Split,
    progress: Progress,
) -> Manifest:
    """Export, calibrate and write a model folder.

    Args:
        pixels: (m, side, side) uint8 of the calibrate films, aligned with `films` and `split`.

    Raises:
        HilumError: network and graph differ, or the folder is not empty.
    """
    make_deterministic(facts.machine)
    classifier, config = network.classifier, network_config(network, facts)
    tensors = {name: tensor.detach().contiguous() for name, tensor in classifier.state_dict().items()}
    files = {
        "model.onnx": export_onnx(classifier, network.side),
        "model.safetensors": save(tensors, {"format": "pt"}),
        "config.json": (json.dumps(config, indent=1, sort_keys=True) + "\n").encode(),
    }
    assembled = assemble(classifier, files["model.onnx"], pixels, films, split, progress)
    making = _making(network, facts)
    files["README.md"] = model_card(manifest_of(making, split, assembled, {}), loads_in_timm=False).encode()
    return write_model_folder(folder, files, lambda hashes: manifest_of(making, split, assembled, hashes))


def network_config(network: ImportedNetwork, facts: ImportFacts) -> dict[str, Any]:
    """`config.json`: what the network is built from, beside the tensors of model.safetensors."""
    return {
        "architecture": "keras",
        "description": facts.description,
        "scaling": network.scaling,
        "side": network.side,
    }


def _making(network: ImportedNetwork, facts: ImportFacts) -> Making:
    """What is known of it here."""
    return Making(
        name=facts.name,
        recipe=_in_place_of_a_recipe(network, facts),
        side=network.side,
        geometry="squash",
        data_name=facts.data_name,
        data_fingerprint=facts.data_fingerprint,
        left_out=facts.left_out,
        weights=WeightsOrigin(facts.source, facts.sha256, "not stated"),
        machine=facts.machine,
        provenance=facts.provenance,
        licence="other",
        population=f"not stated by whoever trained it; calibrated on '{facts.data_name}'",
        evidence_in_words=network.classifier.head.evidence_in_words,
        are_films_known=False,
    )


def _in_place_of_a_recipe(network: ImportedNetwork, facts: ImportFacts) -> dict[str, Any]:
    """What is known of the making of the network, where others have their recipe."""
    return {
        "name": "keras-import",
        "summary": f"{network.body or 'A network'} with its own head, {facts.source}.",
        "source": facts.source,
        "scaling": network.scaling,
        "positive": facts.positive,
        "layers": network.layers,
        "left_out_layers": list(network.left_out),
    }
