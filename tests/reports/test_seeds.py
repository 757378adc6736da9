"""docs/seeds.md: figures come from the results, never by hand."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hilum.errors import HilumError
from hilum.recipe import packaged_recipes
from hilum.reports.results import read_rows
from hilum.reports.seeds import fill_seeds, seeds_table
from hilum.reproduction.plan import Row
from hilum.reproduction.publish import publish
from hilum.reproduction.row import no_weights
from reproduced import result_of

DOCS = Path(__file__).parents[2] / "docs"
PAGE = "Before\n<!-- made by: make results -->\nold\n<!-- end -->\nAfter\n"


def test_page_of_the_project_is_as_its_results_are() -> None:
    page = (DOCS / "seeds.md").read_text(encoding="utf-8")
    assert page == fill_seeds(page, DOCS / "results"), "run: make results"


def test_every_recipe_has_a_line_with_its_command(tmp_path: Path) -> None:
    table = seeds_table(tmp_path)
    for recipe in packaged_recipes():
        assert f"`hilum reproduce DATA --only {recipe}`" in table
    assert "not measured yet" in table


def test_figures_stand_with_interval_protocol_and_verdict(tmp_path: Path) -> None:
    shutil.copytree(DOCS / "results" / "beside", tmp_path / "beside")
    seeds = [result_of(Row("resnet50-onecycle-mobilenetv2", "random20", seed), 0.02) for seed in range(5)]
    others = [result_of(Row("best"), 0.06), result_of(Row("cnn-scratch"), state="running", epoch=3)]
    weightless = result_of(Row("vgg19-frozen"), state="no weights", says=no_weights("vgg19-frozen"))
    publish(tmp_path, [*seeds, *others, weightless], [])
    table = seeds_table(tmp_path)
    assert "random20, leaky: error 0.0200 [0.0200, 0.0200], seeds 5 (better: the upper limit" in table
    assert "`best`: official: AUROC 0.986 [0.975, 0.992], error 0.060 [0.050, 0.070]" in table
    assert "`cnn-scratch`: official: epoch 3 of 8" in table
    assert f"`vgg19-frozen`: {no_weights('vgg19-frozen')}<br>" in table


def test_figures_on_films_from_elsewhere_stand_under_no_protocol() -> None:
    external = [one for one in read_rows(DOCS / "results") if one.evaluation and one.evaluation.fall]
    table = seeds_table(DOCS / "results")
    assert external
    assert not any(one.evaluation and one.evaluation.scores.auroc.text() in table for one in external)


def test_only_the_table_is_made_anew(tmp_path: Path) -> None:
    filled = fill_seeds(PAGE, tmp_path)
    assert filled.startswith("Before\n") and filled.endswith("<!-- end -->\nAfter\n") and "old" not in filled
    assert fill_seeds(filled, tmp_path) == filled
    with pytest.raises(HilumError, match="no place for its table"):
        fill_seeds("nothing", tmp_path)
