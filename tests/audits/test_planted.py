"""Mistakes planted in films: each is found by its command, with precision and recall."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hilum.datasets import read_catalogue, resolve_catalogue, write_catalogue
from hilum.verbs.audit_labels import labels
from hilum.verbs.data_check import check
from hilum.verbs.data_index import index


@dataclass(frozen=True)
class Found:
    """How well a list names what was planted."""

    precision: float
    recall: float


def compared(listed: set[str], planted: set[str]) -> Found:
    return Found(len(listed & planted) / max(1, len(listed)), len(listed & planted) / len(planted))


@pytest.fixture
def films(phantom_films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(phantom_films, tmp_path / phantom_films.name)
    return tmp_path / phantom_films.name


def plant_leak(films: Path, number: int) -> set[str]:
    """Move films of training patients who have others into the test folder; their paths there."""
    catalogue, _ = resolve_catalogue(films, Path("before"))
    rows: dict[str, list[str]] = {}
    for film in catalogue.films:
        if film.split == "train":
            rows.setdefault(film.patient, []).append(film.path)
    moved = [paths[0] for paths in rows.values() if len(paths) > 1][:number]
    for path in moved:
        shutil.move(films / path, films / path.replace("train/", "test/", 1))
    return {path.replace("train/", "test/", 1) for path in moved}


def test_films_of_training_patients_in_the_test_folder_are_named(
    films: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(films, workspace=Path("clean")).exit_status == 0
    planted = plant_leak(films, 20)
    assert len(planted) == 20
    answer = check(films)
    [leak] = [one for one in answer.findings if one.severity == "leak"]
    found = compared({path for path in leak.films if path.startswith("test/")}, planted)
    assert answer.exit_status == 1 and found == Found(1.0, 1.0)
    from rich.console import Console

    Console(width=80).print(answer)
    shown = capsys.readouterr().out
    assert all(path in shown for path in planted)


def draw_clear_films(folder: Path, number: int) -> Path:
    """Films of two kinds that any model tells apart: clouds that are brighter below, or above. Two films a patient."""
    rng, slope = np.random.default_rng(0), np.linspace(-60, 60, 96)[:, None]
    for film in range(number):
        is_pneumonia = film // 2 % 2 == 0
        clouds = rng.normal(128, 25, (6, 6)).repeat(16, axis=0).repeat(16, axis=1)
        name = f"train/{'PNEUMONIA' if is_pneumonia else 'NORMAL'}/p{film // 2}_{film % 2}.png"
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        pixels = np.clip(clouds + (slope if is_pneumonia else -slope), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / name)
    return folder


def test_flipped_labels_are_listed(tmp_path: Path, phantom_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    drawn = draw_clear_films(Path("drawn"), 400)
    answer = index(drawn, patient=r"(p\d+)_", workspace=Path("work"))
    catalogue = read_catalogue(Path(answer.catalogue))
    rows = list(range(len(catalogue.films)))
    flipped = set(np.random.default_rng(0).permutation(rows)[: round(0.05 * len(rows))].tolist())
    other = {"pneumonia": "normal", "normal": "pneumonia"}
    records = [
        replace(film, label=other[film.label]) if row in flipped else film for row, film in enumerate(catalogue.films)
    ]
    write_catalogue(Path("flipped.parquet"), replace(catalogue, films=tuple(records)))
    audited = labels(phantom_run, Path("flipped.parquet"), output=Path("out"))
    listed = {one.film.path for one in audited.audit.listed if one.is_suspected}
    found = compared(listed, {catalogue.films[row].path for row in flipped})
    assert found.precision >= 0.8 and found.recall >= 0.8, found
    assert read_catalogue(Path("flipped.parquet")).films == tuple(records)  # an audit changes nothing
