from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from torch import Tensor

from hilum.datasets import resolve_catalogue
from hilum.errors import HilumError
from hilum.explaining.exciting import KEPT, exciting_films, fit_films
from hilum.explaining.layers import layer_outputs, network_layers
from hilum.modelfolder import open_model_folder, salted_film_hash
from hilum.models import FilmClassifier, build_network
from small_job import small_recipe


def network() -> FilmClassifier:
    torch.manual_seed(0)
    return build_network(small_recipe().network, 32)


def films(count: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, 32, 32), dtype=np.uint8)


def test_nine_films_are_those_of_all_films_sorted() -> None:
    classifier, squares = network(), films(21)
    layers = network_layers(classifier, 32)
    outputs: dict[int, Tensor] = {}
    layer_outputs(classifier, squares, layers, lambda layer, out: outputs.update({layer.number: out.clone()}))
    for layer, found in zip(layers, exciting_films(classifier, layers, squares), strict=True):
        maps = outputs[layer.number].reshape(21, layer.channels, -1)
        highest = maps.amax(dim=2)
        # Batches of another size may differ in the last digit, which must not decide the order here.
        np.testing.assert_allclose(
            found.values, highest.sort(dim=0, descending=True).values[:KEPT].T, rtol=1e-4, atol=1e-5
        )
        chosen = torch.from_numpy(found.films.astype(np.int64)).T
        np.testing.assert_allclose(highest.gather(0, chosen).T, found.values, rtol=1e-4, atol=1e-5)
        reached = maps[chosen, torch.arange(layer.channels), torch.from_numpy(found.places.astype(np.int64)).T]
        np.testing.assert_allclose(reached.T, found.values, rtol=1e-4, atol=1e-5)
        assert all(len(set(row)) == KEPT for row in found.films.tolist())


def test_fewer_than_nine_films_are_all_kept() -> None:
    classifier = network()
    layers = network_layers(classifier, 32)[:2]
    assert [found.films.shape for found in exciting_films(classifier, layers, films(4))] == [(16, 4), (16, 4)]


def test_channel_that_an_activation_always_closes_is_silent() -> None:
    classifier = network()
    norm = cast(torch.nn.BatchNorm2d, classifier.get_submodule("body.stem.1"))
    with torch.no_grad():
        norm.weight[3], norm.bias[3] = 0, -1
    layers = network_layers(classifier, 32)
    stem, *_ = exciting_films(classifier, layers[:1], films(5))
    assert stem.is_silent[3] and not stem.is_silent[[0, 1, 2, 4]].all()
    with torch.no_grad():
        norm.weight[3], norm.bias[3] = 0, 1
    stem, *_ = exciting_films(classifier, layers[:1], films(5))
    assert not stem.is_silent[3]


def test_layer_without_activation_is_silent_only_where_it_says_nothing() -> None:
    classifier = network()  # its second convolutions begin at zero
    norm = cast(torch.nn.BatchNorm2d, classifier.get_submodule("body.stages.0.0.norm2"))
    with torch.no_grad():
        norm.bias[2] = -1
    layers = [one for one in network_layers(classifier, 32) if one.name == "body.stages.0.0.conv2"]
    (found,) = exciting_films(classifier, layers, films(3))
    assert [bool(one) for one in found.is_silent[:4]] == [True, True, False, True]


def test_only_films_that_the_model_learned_from_are_drawn(
    phantom_films: Path, phantom_run: Path, tmp_path: Path
) -> None:
    manifest = open_model_folder(phantom_run / "model").manifest
    catalogue, _ = resolve_catalogue(phantom_films, tmp_path)
    fit = set(manifest.training.fit.films)
    every = fit_films(catalogue, manifest, 0)
    assert {salted_film_hash(manifest.training.salt, film.sha256) for film in every.films} == fit
    some = fit_films(catalogue, manifest, 5)
    assert len(some.films) == 5 and some == fit_films(catalogue, manifest, 5)
    assert set(some.films) <= set(every.films)
    rest = catalogue.select([row for row, film in enumerate(catalogue.films) if film not in set(every.films)])
    with pytest.raises(HilumError, match="holds none of the films"):
        fit_films(rest, manifest, 5)
