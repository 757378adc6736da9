"""A watch folder that is killed while films come in; what the bench would say of halves and doubles."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import pytest
import watch_kills

FILM = "ab" * 32


@pytest.mark.slow
def test_killed_watch_leaves_one_whole_report_of_each_film(
    phantom_films: Path, phantom_run: Path, tmp_path: Path
) -> None:
    figures = watch_kills.measured(
        argparse.Namespace(
            model=str(phantom_run), source=phantom_films, films=24, kills=2, seed=1, python=sys.executable
        ),
        tmp_path,
    )
    assert figures["reports"] == figures["answers"] == figures["films"] == 24 and figures["kills"] == 2
    assert figures["is_as_it_must_be"], figures


def test_half_reports_are_found(tmp_path: Path) -> None:
    name = f"{FILM}-0123456789ab"
    whole = {"predictions": [{"path": "a.png", "sha256": FILM}]}
    (tmp_path / f"{name}.json").write_text(json.dumps(whole))
    (tmp_path / f"{name}.html").write_text(f"<html>{FILM}</html>\n")
    assert watch_kills.faults(tmp_path) == []
    (tmp_path / f"{name}.html").write_text(f"<html>{FILM}")
    (tmp_path / f"{name}.json").write_text(json.dumps(whole)[:-3])
    (tmp_path / f"{name}-2.html").write_text("<html></html>")
    assert len(watch_kills.faults(tmp_path)) == 3
