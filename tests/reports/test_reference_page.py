"""docs/reference/metrics.md: its code runs, and it names what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hilum.metrics import DEFAULT_BINS, DRAWS, GOALS
from hilum.metrics.thresholds import MARGIN

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "metrics.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("code", re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL))
def test_code_runs(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(code, "docs/reference/metrics.md", "exec"), {})
    assert capsys.readouterr().out


def test_numbers_are_those_of_the_code() -> None:
    assert all(f"`{goal}`" in PAGE for goal in GOALS)
    assert f"{DRAWS:,} times" in PAGE
    assert f"{DEFAULT_BINS} bins" in PAGE
    assert f"{MARGIN:.0e}".replace("e-0", "e-") in PAGE
