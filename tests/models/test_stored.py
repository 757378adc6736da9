"""A network comes back from its stored tensors as it was, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from hilum.errors import HilumError
from hilum.models import FilmClassifier, build_network
from hilum.models.keras.classifier import import_classifier
from hilum.models.keras.saved import opened_model
from hilum.models.stored import restore_imported, restore_network, stored_tensors
from hilum.recipe import Network
from keras_files import grey_films, tiny_layers, write_h5

pytestmark = pytest.mark.slow  # seconds a test: `make check` leaves them to `make test`

SIDE = 32
FILMS = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (3, 1, SIDE, SIDE), dtype=np.uint8))
SMALL: dict[str, Any] = {"architecture": "small-cnn", "widths": (16, 16)}
NETWORKS = [
    Network(**SMALL),
    Network(**SMALL, head_nodes=2, scaling="unit"),
    Network(**SMALL, head="dense", hidden=7),
    Network(**SMALL, head="concat", hidden=7, head_nodes=2),
    Network(architecture="mobilenetv2_100", head_nodes=2),
    Network(architecture="resnet18"),
    Network(architecture="mobilenetv2_100", head="dense", hidden=7),
]


def used(network: Network) -> FilmClassifier:
    """With statistics and a scaling other than a fresh network's."""
    torch.manual_seed(1)
    classifier = build_network(network, SIDE)
    with torch.no_grad():
        classifier.train()(FILMS)
        classifier.mean += 0.125
        classifier.std *= 1.25
    return classifier.eval()


def restored(network: Network, classifier: FilmClassifier, tensors: dict[str, Tensor]) -> FilmClassifier:
    return restore_network(
        network, SIDE, tensors, classifier.mean.flatten().tolist(), classifier.std.flatten().tolist()
    )


@torch.no_grad()
@pytest.mark.parametrize("network", NETWORKS, ids=lambda one: f"{one.architecture}-{one.head}-{one.head_nodes}")
def test_restored_network_is_the_stored_one_bit_for_bit(network: Network) -> None:
    classifier = used(network)
    again = restored(network, classifier, stored_tensors(classifier))
    assert not again.training and again.state_dict().keys() == classifier.state_dict().keys()
    assert all(torch.equal(again.state_dict()[name], one) for name, one in classifier.state_dict().items())
    assert torch.equal(again(FILMS).logit, classifier(FILMS).logit)


def test_scaling_that_is_not_given_is_the_architectures_own() -> None:
    network = Network(architecture="resnet18")
    tensors = stored_tensors(build_network(network, SIDE))
    assert "mean" not in tensors  # timm's layout has no place for it
    assert restore_network(network, SIDE, tensors).mean.flatten().tolist() == pytest.approx([0.485, 0.456, 0.406])


def test_restoring_leaves_the_random_state_alone() -> None:
    classifier = used(NETWORKS[0])
    before = torch.random.get_rng_state()
    restored(NETWORKS[0], classifier, stored_tensors(classifier))
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("network", [NETWORKS[0], NETWORKS[5]], ids=["own", "timm"])
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda tensors, name: tensors.pop(name), "have no '.*weight'"),
        (lambda tensors, name: tensors.update(stranger=tensors[name]), "hold '.*stranger', which the network does not"),
        (lambda tensors, name: tensors.update({name: tensors[name][:1]}), r"hold .* with the shape \(1, .*not \("),
    ],
    ids=["missing", "unexpected", "shape"],
)
def test_other_tensors_are_refused_in_a_sentence(network: Network, change: Any, sentence: str) -> None:
    classifier = used(network)
    tensors = stored_tensors(classifier)
    change(tensors, next(name for name in tensors if name.endswith("conv1.weight")))
    with pytest.raises(HilumError, match=f"stored weights {sentence}.*Copy or export the model again"):
        restored(network, classifier, tensors)


@torch.no_grad()
def test_imported_network_comes_back_from_its_description_and_its_tensors(tmp_path: Path) -> None:
    with opened_model(write_h5(tmp_path / "tiny.h5", tiny_layers())) as saved:
        network, description = import_classifier(saved, "unit", positive=0), saved.description
    again = restore_imported(description, "unit", network.side, stored_tensors(network.classifier))
    films = torch.from_numpy(grey_films())[:, None]
    assert not again.training and torch.equal(again(films).logit, network.classifier(films).logit)
    with pytest.raises(HilumError, match=r"have no 'head\.last\.bias'"):
        tensors = stored_tensors(network.classifier)
        del tensors["head.last.bias"]
        restore_imported(description, "unit", network.side, tensors)
