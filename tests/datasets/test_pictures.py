"""The pictures of a data set."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from film_folders import catalogue_of, kermany_like, record, ward, write_film
from hilum.datasets import index_folder
from hilum.datasets.pictures import draw_counts, draw_examples
from hilum.errors import HilumError
from hilum.images import read_film

BLUE, ORANGE = (0x33, 0x68, 0x9E), (0xC4, 0x58, 0x1A)


def rgb(png: bytes) -> np.ndarray:
    """(height, width, 3) uint8 of a PNG."""
    import io

    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def test_bars_are_as_long_as_the_counts() -> None:
    data = catalogue_of(*(film for film in ward(60).films if film.subtype != "virus"))
    picture = rgb(draw_counts(data))
    assert picture.shape[1] == 1600
    lengths = {colour: int((picture == colour).all(axis=2).any(axis=0).sum()) for colour in (BLUE, ORANGE)}
    films = {BLUE: int((~data.is_pneumonia).sum()), ORANGE: int(data.is_pneumonia.sum())}
    assert lengths[BLUE] / lengths[ORANGE] == pytest.approx(films[BLUE] / films[ORANGE], rel=0.02)


def test_data_with_folders_have_one_block_of_bars_a_folder() -> None:
    one, three = ward(30, "train").films, [*ward(30, "train").films, *ward(9, "val").films, *ward(9, "test").films]
    assert rgb(draw_counts(catalogue_of(*three))).shape[0] > rgb(draw_counts(catalogue_of(*one))).shape[0]


def test_same_data_give_the_same_picture(tmp_path: Path) -> None:
    data = index_folder(kermany_like(tmp_path, patients=5))
    assert draw_examples(data) == draw_examples(data) != draw_examples(data, seed=1)
    assert draw_counts(data) == draw_counts(data)


def test_films_of_the_test_folder_are_not_shown(tmp_path: Path) -> None:
    kermany_like(tmp_path, patients=3, splits=("test",))
    shown = index_folder(tmp_path)
    assert draw_examples(shown) == draw_examples(replace(shown, films=()))


def test_film_that_is_gone_is_one_sentence(tmp_path: Path) -> None:
    data = index_folder(kermany_like(tmp_path, patients=2, splits=("train",)))
    for film in data.films:
        (tmp_path / film.path).unlink()
    with pytest.raises(HilumError, match="No such file"):
        draw_examples(data)


def test_awkward_names_are_drawn_without_a_murmur(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    for name in ("$x^2$", "胸片", "a" * 90, "100%_{b}"):
        write_film(tmp_path / "NORMAL" / f"{name}.jpeg", len(name))
    data = replace(index_folder(tmp_path), name="$\\frac{1}{2}$ 胸")
    assert read_film(draw_examples(data)).width_px == read_film(draw_counts(data)).width_px == 1600
    assert not recwarn.list


def test_empty_class_is_drawn_as_none() -> None:
    assert rgb(draw_counts(catalogue_of(record("1", "a")))).shape[1] == 1600


def test_pictures_without_matplotlib_name_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(HilumError, match=r"hilum\[judge\]"):
        draw_counts(ward())
