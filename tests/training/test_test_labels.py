"""Nothing that a model folder decides by has seen the labels of the test films."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hilum.datasets import resolve_catalogue
from hilum.datasets.catalogue import FilmRecord
from hilum.datasets.catalogue_file import write_catalogue
from hilum.progress import Silent
from small_model import train_small

pytestmark = pytest.mark.slow  # seconds a test: `make check` leaves them to `make test`

DECIDES = ("calibration", "operating_points", "gate", "conformal", "parity")


def turned(film: FilmRecord) -> FilmRecord:
    """The film with the other label where it is a test film."""
    return replace(film, label={"pneumonia": "normal", "normal": "pneumonia"}[film.label]) if is_test(film) else film


def is_test(film: FilmRecord) -> bool:
    return film.split == "test"


def test_other_test_labels_change_no_threshold_calibration_gate_or_quantile(
    phantom_run: Path, phantom_films: Path, tmp_path: Path
) -> None:
    catalogue, _ = resolve_catalogue(phantom_films, tmp_path / "workspace", Silent())
    assert sum(map(is_test, catalogue.films)) > 10
    other = replace(catalogue, films=tuple(map(turned, catalogue.films)))
    write_catalogue(tmp_path / "turned.parquet", other)
    assert train_small(tmp_path / "turned.parquet", tmp_path / "run") == 0
    runs = (phantom_run, tmp_path / "run")
    one, two = (json.loads((run / "model" / "hilum.json").read_text(encoding="utf-8")) for run in runs)
    assert {name: one[name] for name in DECIDES} == {name: two[name] for name in DECIDES}
    assert one["gate"] and one["conformal"]
    assert one["files"]["model.onnx"] == two["files"]["model.onnx"]
