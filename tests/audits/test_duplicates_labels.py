"""Films that look alike and have different labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from film_folders import catalogue_of, record
from hilum.audits.duplicates_labels import likenesses, near_pairs
from hilum.datasets import Catalogue


def clouds(seed: int) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 256, (8, 8)).astype(np.uint8)
    return coarse.repeat(16, axis=0).repeat(16, axis=1)


def films(*hashes: str, labels: str) -> Catalogue:
    made = catalogue_of(
        *(record(f"f{n}", f"p{n}", "pneumonia" if label == "p" else "normal") for n, label in enumerate(labels))
    )
    return replace(
        made, films=tuple(replace(film, perceptual_hash=one) for film, one in zip(made.films, hashes, strict=True))
    )


ZERO, NEAR, FAR = "0" * 16, "0" * 14 + "0f", "f" * 16


def test_only_pairs_of_different_labels_with_near_hashes_are_candidates() -> None:
    found = near_pairs(films(ZERO, NEAR, FAR, ZERO, labels="pnnp"), bits=4)
    assert found.tolist() == [[0, 1, 4], [3, 1, 4]]


def test_pair_is_listed_where_its_pixels_are_alike_and_the_most_alike_comes_first() -> None:
    squares = np.stack([clouds(1), clouds(1), clouds(2), clouds(1)])
    squares[1, :40, :40] = 0
    found = likenesses(films(ZERO, ZERO, ZERO, ZERO, labels="pnnn"), squares)
    assert found[0].normal.path == "f3"
    assert found[0].correlation == pytest.approx(1.0) and "f2" not in [pair.normal.path for pair in found]


def test_correlation_is_that_of_numpy() -> None:
    rng = np.random.default_rng(0)
    first = rng.integers(0, 200, (64, 64)).astype(np.uint8)
    second = np.clip(first + rng.normal(0, 8, first.shape), 0, 255).astype(np.uint8)
    [pair] = likenesses(films(ZERO, ZERO, labels="pn"), np.stack([first, second]))
    assert pair.correlation == pytest.approx(np.corrcoef(first.ravel(), second.ravel())[0, 1])


def test_films_of_one_grey_and_one_class_are_no_error() -> None:
    flat = np.full((2, 64, 64), 7, np.uint8)
    assert likenesses(films(ZERO, ZERO, labels="pn"), flat) == ()
    assert likenesses(films(ZERO, ZERO, labels="pp"), flat) == ()
