"""docs/reference/comparison.md: its code runs, and it names what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hilum.evaluation.comparison import FIGURES, MARGIN
from hilum.evaluation.reading import COLUMNS
from hilum.metrics.comparison import ALPHA, FEW, POWER
from hilum.reports.comparison_words import margin_in_points

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "comparison.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("code", re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL))
def test_code_runs(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(code, "docs/reference/comparison.md", "exec"), {})
    assert capsys.readouterr().out


def test_numbers_are_those_of_the_code() -> None:
    for words in (
        *FIGURES,
        f"{FEW} patients",
        f"below {ALPHA}",
        f"chance of {POWER:.0%}".replace("%", " %"),
        margin_in_points(MARGIN),
        f"({', '.join(COLUMNS)})",
    ):
        assert words in PAGE
