"""Pages made from the code are as the code is now."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_command_line_page_is_up_to_date(generate: ModuleType) -> None:
    assert (DOCS / "cli.md").read_text(encoding="utf-8") == generate.cli_page(), "run: python docs/generate.py"


def test_recipe_page_is_up_to_date(generate: ModuleType) -> None:
    page = (DOCS / "reference" / "recipes.md").read_text(encoding="utf-8")
    assert page == generate.recipes_page(), "run: python docs/generate.py"


def test_results_page_is_made_from_the_results() -> None:
    from hilum.reports.results import render_results

    page = (DOCS / "results.md").read_text(encoding="utf-8")
    assert page == render_results(DOCS / "results"), "run: make results"
