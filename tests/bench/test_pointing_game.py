"""The pointing game's rules, on a small model: who plays, what counts as a hit, and what chance reaches.

The game itself, with the recipe `cnn-scratch`, takes half an hour: `python bench/pointing_game.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pointing_game import HeldOut, held_out_films, judge, maps_asked, with_opacities_of_another

from hilum.runtime import Predictor


@pytest.fixture(scope="module")
def predictor(phantom_run: Path) -> Predictor:
    return Predictor.open(phantom_run, 1)


@pytest.fixture(scope="module")
def place(phantom_films: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a game whose films are drawn already."""
    place = tmp_path_factory.mktemp("game")
    (place / "films").symlink_to(phantom_films)
    return place


@pytest.fixture(scope="module")
def held_out(predictor: Predictor, place: Path) -> HeldOut:
    return held_out_films(predictor, place)


def in_turn(maps: Iterator[np.ndarray]) -> object:
    """A method that gives these maps one after the other, whatever the film."""
    return lambda _: next(maps).astype(np.float32)


def test_players_are_the_test_films_with_pneumonia(held_out: HeldOut, phantom_films: Path) -> None:
    assert len(held_out.squares) == len(held_out.masks) == len(list((phantom_films / "test" / "PNEUMONIA").iterdir()))
    assert set(held_out.kind) == {"bacteria", "virus"}
    assert all(mask.any() for mask in held_out.masks)


def test_map_of_the_opacities_themselves_wins_every_round(held_out: HeldOut) -> None:
    for row in judge("truth", in_turn(iter(held_out.masks)), held_out):  # type: ignore[arg-type]
        assert (row.pointing.value, row.overlap.value, row.inside.value) == (1, 1, 1)
        assert row.films == len(held_out.rows(row.which))


def test_map_of_everything_else_loses_every_round(held_out: HeldOut) -> None:
    elsewhere = (~mask for mask in held_out.masks)
    for row in judge("elsewhere", in_turn(elsewhere), held_out):  # type: ignore[arg-type]
        assert (row.pointing.value, row.overlap.value, row.inside.value) == (0, 0, 0)


def test_even_map_has_in_opacities_the_share_that_they_cover(held_out: HeldOut) -> None:
    row = judge("even", lambda square: np.ones(square.shape, dtype=np.float32), held_out)[0]
    assert row.inside.value == pytest.approx(row.area, rel=1e-5)
    assert row.area == pytest.approx(np.mean(held_out.masks), rel=1e-6)


def test_haze_counts_only_where_it_is_asked_for(predictor: Predictor, place: Path, held_out: HeldOut) -> None:
    patches = held_out_films(predictor, place, kinds=("consolidation", "patch"))
    is_virus = held_out.kind == "virus"
    for all_of_them, fewer, virus in zip(held_out.masks, patches.masks, is_virus, strict=True):
        assert (fewer & ~all_of_them).sum() == 0
        assert np.array_equal(all_of_them, fewer) != virus


def test_other_opacities_are_those_of_another_patient_with_the_same_kind(held_out: HeldOut) -> None:
    other = with_opacities_of_another(held_out)
    place = {id(mask): row for row, mask in enumerate(held_out.masks)}
    taken = np.array([place[id(mask)] for mask in other.masks])
    assert sorted(taken) == list(range(len(taken)))
    assert (held_out.patient[taken] != held_out.patient).all() and (held_out.kind[taken] == held_out.kind).all()


def test_level_of_each_place_is_that_of_normal_films(predictor: Predictor, held_out: HeldOut) -> None:
    few = replace(held_out, normal=held_out.normal[:3])
    asked = maps_asked(predictor, few, ["map", "above-normal", "gradcam"])
    assert list(asked) == [
        "map",
        "above-normal",
        "gradcam",
        "gradcam, above normal",
        "centre blob",
        "usual place",
    ]
    square = held_out.squares[0]
    level = np.mean([asked["gradcam"](one) for one in few.normal], axis=0)
    assert np.allclose(asked["map"](square), predictor.activation_map(square))
    assert np.allclose(asked["gradcam, above normal"](square), asked["gradcam"](square) - level, atol=1e-5)
