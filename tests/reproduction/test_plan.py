from __future__ import annotations

import pytest

from hilum.errors import HilumError
from hilum.recipe import packaged_recipes
from hilum.reproduction.plan import SEEDS, Row, all_rows, chosen_rows


def test_every_packaged_recipe_is_judged_on_the_official_test() -> None:
    assert {row.recipe for row in all_rows() if row.protocol == "official"} == set(packaged_recipes())


def test_rows_are_named_once_and_cheap_ones_come_first() -> None:
    names = [row.name for row in all_rows()]
    assert len(names) == len(set(names))
    assert names[0] == "best-official"
    assert (
        names.index("mobilenetv2-frozen-official")
        < names.index("best-random20")
        < names.index("inceptionv3-full-official")
    )


@pytest.mark.parametrize("recipe", ["best", "resnet50-onecycle-mobilenetv2"])
def test_leaky_and_grouped_rows_come_with_five_seeds_seed_by_seed(recipe: str) -> None:
    for protocol in ("random20", "grouped20"):
        assert [row.seed for row in all_rows() if (row.recipe, row.protocol) == (recipe, protocol)] == list(SEEDS)
    names = [row.name for row in all_rows()]
    assert names.index(f"{recipe}-grouped20-seed1") < names.index(f"{recipe}-random20-seed2")


def test_block_is_for_best_and_for_bodies_that_stay_as_they_were() -> None:
    assert {row.recipe for row in all_rows() if row.protocol == "block"} == {
        "best",
        "mobilenetv2-frozen",
        "vgg19-frozen",
        "vgg19-frozen-mobilenetv2",
        "resnet50-frozen",
    }


def test_row_changes_only_what_differs_from_the_recipe() -> None:
    assert Row("best").changes() == ()
    assert Row("best", "block", 2).changes() == ("protocol=block", "seed=2")
    assert Row("best", "random20", 3).plan(["train.epochs=9"]).train.epochs == 9


def test_rows_are_chosen_by_recipe_row_and_protocol() -> None:
    assert [row.name for row in chosen_rows(["best"], ["official", "block"])] == ["best-official", "best-block"]
    assert [row.name for row in chosen_rows(["best-random20-seed7"], seeds=[7])] == ["best-random20-seed7"]
    with pytest.raises(HilumError, match="Did you mean 'best-random20'"):
        chosen_rows(["best-rando20"])
