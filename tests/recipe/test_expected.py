"""What a packaged recipe promises is what was measured with it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hilum.evaluation import read_evaluation
from hilum.recipe import packaged_recipes, read_recipe

RESULTS = Path(__file__).resolve().parents[2] / "docs" / "results"
QUOTED = re.compile(r"AUROC (0\.\d+ \[0\.\d+, 0\.\d+\])")


def measured(recipe: str) -> set[str]:
    """The AUROC with its interval of every record of a recipe, in words."""
    records = map(read_evaluation, RESULTS.glob("*.json"))
    return {record.scores.auroc.text() for record in records if record.model.recipe == recipe}


def quoted(recipe: str) -> list[str]:
    """The figures with an interval in what a recipe expects."""
    return QUOTED.findall(read_recipe(recipe).expected)


@pytest.mark.parametrize("recipe", packaged_recipes())
def test_figure_with_an_interval_is_that_of_the_record(recipe: str) -> None:
    assert set(quoted(recipe)) <= measured(recipe)


def test_figures_are_found_where_they_are_quoted() -> None:
    assert quoted("cnn-scratch")
