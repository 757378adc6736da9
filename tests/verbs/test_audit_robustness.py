"""hilum audit robustness: a model and films in; table, JSON and page out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from hilum.audits.perturbations import PERTURBATIONS
from hilum.errors import HilumError
from hilum.json_files import as_json
from hilum.verbs.audit_robustness import robustness

pytestmark = pytest.mark.slow  # seconds a test: `make check` leaves them to `make test`


@pytest.fixture
def own_films(phantom_films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the phantom films under the name they were trained by, in a workspace of its own."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(phantom_films, tmp_path / phantom_films.name)
    return tmp_path / phantom_films.name


def test_table_page_and_json_tell_every_kind(own_films: Path, phantom_run: Path) -> None:
    answer = robustness(phantom_run, own_films)
    console = Console(width=80, no_color=True, highlight=False)
    with console.capture() as capture:
        console.print(answer)
    text, page = capture.get(), answer.files.page.read_text(encoding="utf-8")
    assert max(map(len, text.splitlines())) <= 80
    for kind in PERTURBATIONS:
        assert kind.name in text and kind.name in page
    assert page.startswith("<!doctype html>") and page.count("<svg") == 1 and "<script" not in page
    assert json.loads(as_json(answer.as_json()))["audit"]["kind"] == "robustness"
    again = robustness(phantom_run, own_films)
    assert again.audit.kinds == answer.audit.kinds


def test_unknown_operating_point_is_refused_before_any_film_is_opened(phantom_run: Path, tmp_path: Path) -> None:
    with pytest.raises(HilumError, match="no operating point 'youdn'"):
        robustness(phantom_run, tmp_path / "nowhere", operating_point="youdn")
