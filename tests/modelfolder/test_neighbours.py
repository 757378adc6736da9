"""The cases of a model folder come back as they were written, or are refused in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load, save

from hilum.errors import HilumError
from hilum.modelfolder.neighbours import (
    Neighbours,
    card_section,
    neighbours_bytes,
    of_unit_length,
    parsed_neighbours,
)

JPEG = b"\xff\xd8\xff"
Tensors = dict[str, Any]


def some_cases(pictures: bool = True) -> Neighbours:
    generator = np.random.default_rng(0)
    return Neighbours(
        features=of_unit_length(generator.random((4, 6))),
        is_pneumonia=np.array([True, False, True, True]),
        patient=np.array([0, 1, 2, 0], dtype=np.int32),
        films=tuple(f"{number:032x}" for number in range(4)),
        usual=np.array([0.1, 0.2, 0.4], dtype=np.float32),
        thumbnails=tuple(JPEG + bytes([number]) * (number + 1) for number in range(4)) if pictures else None,
    )


@pytest.mark.parametrize("pictures", [True, False])
def test_cases_come_back_as_they_were_written(pictures: bool) -> None:
    cases = some_cases(pictures)
    again = parsed_neighbours(neighbours_bytes(cases), "file")
    for name in ("features", "is_pneumonia", "patient", "usual"):
        assert np.array_equal(getattr(again, name), getattr(cases, name)), name
    assert (again.films, again.thumbnails) == (cases.films, cases.thumbnails)


def test_same_cases_are_the_same_bytes() -> None:
    assert neighbours_bytes(some_cases()) == neighbours_bytes(some_cases())


def test_features_of_any_scale_become_rows_of_length_one() -> None:
    unit = of_unit_length(np.array([[3.0, 4.0], [3e6, 4e6], [3e-6, 4e-6], [0.0, 0.0]]))
    assert unit.dtype == np.float16
    assert np.allclose(unit, np.array([[0.6, 0.8]] * 3 + [[0.0, 0.0]]), atol=1e-3)


def without(name: str) -> Callable[[Tensors], Tensors]:
    return lambda tensors: {key: value for key, value in tensors.items() if key != name}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (without("features"), "it has no 'features'"),
        (without("thumbnail_ends"), "thumbnail_ends"),
        (lambda one: one | {"features": one["features"].astype(np.float32)}, "'features' has the shape"),
        (lambda one: one | {"features": one["features"][:0]}, "'features' has the shape"),
        (lambda one: one | {"features": one["features"] * np.float16(np.nan)}, "not finite"),
        (lambda one: one | {"patient": one["patient"][:3]}, "different numbers of films"),
        (lambda one: one | {"film": one["film"][:, :15].copy()}, "hashes of 15 bytes, not of 16"),
        (lambda one: one | {"film": np.zeros((4, 32), np.uint8)}, "hashes of 32 bytes, not of 16"),
        (lambda one: one | {"thumbnail_ends": np.array(10, dtype=np.int64)}, "not one a film"),
        (lambda one: one | {"thumbnail_ends": one["thumbnail_ends"][:0]}, "not one a film"),
        (lambda one: one | {"thumbnail_ends": one["thumbnail_ends"].astype(np.float64)}, "not one a film"),
        (lambda one: one | {"usual": one["usual"][::-1].copy()}, "does not rise"),
        (lambda one: one | {"thumbnail_ends": one["thumbnail_ends"][:3]}, "not one a film"),
        (lambda one: one | {"thumbnail_ends": one["thumbnail_ends"] + 1}, "not one a film"),
        (lambda one: one | {"thumbnail_ends": one["thumbnail_ends"][[1, 0, 2, 3]]}, "not one a film"),
        (lambda one: one | {"thumbnails": one["thumbnails"] + np.uint8(1)}, "no JPEG"),
    ],
)
def test_file_whose_tensors_do_not_fit_is_one_sentence(change: Callable[[Tensors], Tensors], reason: str) -> None:
    content = save(change(load(neighbours_bytes(some_cases()))), {"format": "1"})
    with pytest.raises(HilumError, match=f"'cases' is damaged: .*{reason}"):
        parsed_neighbours(content, "cases")


@pytest.mark.parametrize(
    ("said", "reason"),
    [({"format": "9"}, "has the format '9'"), ({}, "does not say its format"), (None, "does not say its format")],
)
def test_file_of_another_format_is_refused(said: dict[str, str] | None, reason: str) -> None:
    content = save(load(neighbours_bytes(some_cases())), said)
    with pytest.raises(HilumError, match=f"'cases' {reason}.* Expected format '1'"):
        parsed_neighbours(content, "cases")


@pytest.mark.parametrize("content", [b"", b"no tensors at all", b"\xff" * 64])
def test_file_that_is_no_safetensors_is_one_sentence(content: bytes) -> None:
    with pytest.raises(HilumError, match="'cases' is damaged"):
        parsed_neighbours(content, "cases")


def test_card_says_that_thumbnails_are_patients_images() -> None:
    cases = some_cases()
    assert "4 fit films of 3 patients" in card_section(cases)
    assert "They are patients' images" in card_section(cases)
    without_pictures = card_section(replace(cases, thumbnails=None))
    assert "patients' images" not in without_pictures and "Thumbnails: none" in without_pictures
