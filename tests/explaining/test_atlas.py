from __future__ import annotations

from typing import cast

import numpy as np
import pytest
import torch

from hilum.attribution.places import Places
from hilum.explaining.atlas import TILE_PX, Atlas, draw_atlas
from hilum.explaining.exciting import exciting_films
from hilum.explaining.layers import network_layers
from hilum.models import FilmClassifier, build_network
from hilum.recipe import read_recipe
from small_job import small_recipe


def network(*changes: str) -> FilmClassifier:
    torch.manual_seed(0)
    return build_network(small_recipe(*changes).network, 32)


def film(side: int = 32) -> np.ndarray:
    return np.random.default_rng(2).integers(0, 256, (side, side), dtype=np.uint8)


@pytest.mark.parametrize(
    ("recipe", "side"),
    [
        ("cnn-scratch", 96),
        pytest.param("mobilenetv2-frozen", 224, marks=pytest.mark.slow),
        pytest.param("vgg19-frozen", 150, marks=pytest.mark.slow),
        pytest.param("inceptionv3-full", 299, marks=pytest.mark.slow),
    ],
)
def test_every_channel_of_every_layer_is_drawn(recipe: str, side: int) -> None:
    torch.manual_seed(0)
    classifier = build_network(read_recipe(recipe, [f"film.side={side}"]).network, side)
    atlas = draw_atlas(classifier, film(side))
    layers = network_layers(classifier, side)
    assert [picture.layer for picture in atlas.pictures] == list(layers)
    assert atlas.channels == sum(layer.output[0] for layer in layers)
    for picture in atlas.pictures:
        tiles = picture.sheet.unpacked()
        assert len(tiles) == picture.layer.channels
        assert tiles.shape[1:] == tuple(min(TILE_PX, one) for one in picture.layer.map_shape)
        assert sorted(picture.order) == list(range(picture.layer.channels))


def test_strongest_channels_come_first_and_dead_ones_last() -> None:
    classifier = network()
    norm = cast(torch.nn.BatchNorm2d, classifier.get_submodule("body.stem.1"))
    with torch.no_grad():
        norm.weight[5], norm.bias[5] = 0, -1
    stem = draw_atlas(classifier, film()).pictures[0]
    assert stem.order[-1] == 5 and stem.is_dead[5] and stem.strength[5] == 0
    alive = stem.order[~stem.is_dead[stem.order]]
    assert (np.diff(stem.strength[alive]) <= 0).all()
    assert not stem.sheet.unpacked()[-1].any()


def test_channel_that_wakes_for_another_film_is_not_dead() -> None:
    classifier = network()
    conv = cast(torch.nn.Conv2d, classifier.get_submodule("body.stem.0"))
    with torch.no_grad():
        conv.weight[5] = 1  # the sum of its window: above 0 where the film is brighter than grey
    black, white = np.zeros((32, 32), np.uint8), np.full((1, 32, 32), 255, np.uint8)
    assert draw_atlas(classifier, black).pictures[0].is_dead[5]
    with_more = draw_atlas(classifier, black, exciting=white)
    assert not with_more.pictures[0].is_dead[5] and with_more.films == 2


def test_layer_with_negative_values_has_zero_as_mid_grey() -> None:
    atlas = draw_atlas(network(), film())
    shortcut = next(one for one in atlas.pictures if one.layer.name.endswith("shortcut.0"))
    assert shortcut.is_signed and not atlas.pictures[0].is_signed
    tiles = shortcut.sheet.unpacked()
    assert ((tiles.reshape(len(tiles), -1).max(axis=1) == 255) | (tiles.reshape(len(tiles), -1).min(axis=1) == 0)).all()


@pytest.mark.parametrize("nodes", [1, 2])
def test_channels_of_the_last_maps_add_up_to_the_logit(nodes: int) -> None:
    classifier = network(f"network.head_nodes={nodes}")
    atlas = draw_atlas(classifier, film())
    exact = [picture for picture in atlas.pictures if picture.adds_to_logit is not None]
    # Every map of the small network has as many channels as the head takes; the last ones are read.
    assert [picture.layer.name for picture in exact] == ["body.stages.1.1.act2"]
    assert classifier.head.last.bias is not None
    bias = classifier.head.last.bias.detach()
    offset = float(bias[0] - bias[1]) if nodes == 2 else float(bias[0])
    assert exact[0].adds_to_logit is not None
    assert float(exact[0].adds_to_logit.sum()) + offset == pytest.approx(atlas.logit, abs=1e-4)


@pytest.mark.slow
def test_last_maps_may_be_those_of_several_layers() -> None:
    torch.manual_seed(0)
    classifier = build_network(read_recipe("inceptionv3-full", ["film.side=107"]).network, 107)
    atlas = draw_atlas(classifier, film(107))
    read = [picture for picture in atlas.pictures if picture.adds_to_logit is not None]
    assert [one.layer.name.removeprefix("body.Mixed_7c.") for one in read] == [
        "branch1x1.conv",
        "branch3x3_2a.conv",
        "branch3x3_2b.conv",
        "branch3x3dbl_3a.conv",
        "branch3x3dbl_3b.conv",
        "branch_pool.conv",
    ]
    total = sum(float(one.adds_to_logit.sum()) for one in read if one.adds_to_logit is not None)
    assert total + float(classifier.head.last.bias.detach()) == pytest.approx(atlas.logit, rel=1e-4)


def test_no_channel_adds_to_the_logit_of_a_dense_head() -> None:
    atlas = draw_atlas(network("network.head=dense"), film())
    assert all(picture.adds_to_logit is None for picture in atlas.pictures)


def test_first_filters_act_on_the_grey_film() -> None:
    classifier = network()
    atlas = draw_atlas(classifier, film())
    assert atlas.filters is not None
    conv = cast(torch.nn.Conv2d, classifier.get_submodule("body.stem.0"))
    tiles = atlas.filters.sheet.unpacked().astype(float)
    weight = conv.weight.detach().sum(dim=1).numpy()
    for tile, one in zip(tiles, weight, strict=True):
        assert np.corrcoef(tile.ravel(), one.ravel())[0, 1] > 0.999


def test_one_layer_alone_can_be_drawn() -> None:
    classifier = network()
    chosen = network_layers(classifier, 32)[3:4]
    atlas = draw_atlas(classifier, film(), layers=chosen)
    assert [picture.layer for picture in atlas.pictures] == list(chosen)
    assert atlas.filters is None
    assert not atlas.is_whole and atlas.layers_in_all == len(network_layers(classifier, 32))
    assert draw_atlas(classifier, film()).is_whole


def test_shared_excitements_give_the_same_atlas() -> None:
    classifier, others = network(), np.stack([film(), 255 - film()])
    found = exciting_films(classifier, network_layers(classifier, 32), others)
    one = draw_atlas(classifier, film(), exciting=others)
    other = draw_atlas(classifier, film(), exciting=others, excitements=found)
    assert _bytes(one) == _bytes(other)


def _bytes(atlas: Atlas) -> list[tuple[bytes, bytes]]:
    return [
        (picture.sheet.content, picture.excitement.films.tobytes())
        for picture in atlas.pictures
        if picture.excitement is not None
    ]


def test_map_that_is_bright_nearly_everywhere_is_stretched() -> None:
    classifier = network()
    conv = cast(torch.nn.Conv2d, classifier.get_submodule("body.stem.0"))
    norm = cast(torch.nn.BatchNorm2d, classifier.get_submodule("body.stem.1"))
    with torch.no_grad():
        norm.bias[5] = 50  # far above what the filter adds
        conv.weight[6], norm.bias[6] = 0, 1  # the same everywhere
    stem = draw_atlas(classifier, film()).pictures[0]
    tiles = stem.sheet.unpacked()[np.argsort(stem.order)]
    assert stem.black[5] > 0 and stem.black[6] == 0 and stem.black[0] == 0
    assert stem.stretched == 1
    assert tiles[5].min() == 0 and tiles[5].max() == 255 and tiles[5].std() > 30  # without stretching all are above 200
    assert (tiles[6] == 255).all()


def test_maps_know_where_on_the_film_they_look() -> None:
    pictures = draw_atlas(network(), film()).pictures
    assert pictures[0].looks == Places(0.5, 2)  # a padded convolution of stride 2 looks around the film's first pixel
    assert pictures[-1].looks is None
