"""Films made worse on purpose."""

from __future__ import annotations

import numpy as np
import pytest

from hilum.audits.perturbations import PERTURBATIONS, Perturbation


@pytest.fixture(scope="module")
def squares() -> np.ndarray:
    rng = np.random.default_rng(0)
    coarse = rng.integers(20, 200, (5, 7, 7)).astype(np.float64)
    return np.round(coarse.repeat(16, axis=1).repeat(16, axis=2)).astype(np.uint8)


@pytest.mark.parametrize("kind", PERTURBATIONS, ids=lambda kind: kind.name)
def test_stronger_changes_more_and_keeps_shape_and_type(kind: Perturbation, squares: np.ndarray) -> None:
    assert len(kind.strengths) == 5
    changed = [kind.of(squares, strength, seed=3) for strength in kind.strengths]
    assert all(one.shape == squares.shape and one.dtype == np.uint8 for one in changed)
    far = [np.abs(one.astype(int) - squares).mean() for one in changed]
    assert far[0] > 0 and far == sorted(far)


@pytest.mark.parametrize("kind", PERTURBATIONS, ids=lambda kind: kind.name)
def test_film_is_changed_alike_whatever_stands_in_its_batch(kind: Perturbation, squares: np.ndarray) -> None:
    together = kind.of(squares, kind.strengths[2], seed=3)
    apart = np.concatenate([kind.of(squares[row : row + 1], kind.strengths[2], 3, row) for row in range(len(squares))])
    assert (together == apart).all()


def test_another_seed_draws_other_noise(squares: np.ndarray) -> None:
    [noise] = [kind for kind in PERTURBATIONS if kind.name == "noise"]
    assert (noise.of(squares, 4, seed=1) != noise.of(squares, 4, seed=2)).any()


def test_a_stop_doubles_or_halves_every_grey() -> None:
    square = np.array([[[10, 100], [200, 0]]], dtype=np.uint8)
    over, under = PERTURBATIONS[:2]
    assert over.of(square, 1, seed=0).tolist() == [[[20, 200], [255, 0]]]
    assert under.of(square, 1, seed=0).tolist() == [[[5, 50], [100, 0]]]


def test_label_names_the_unit() -> None:
    assert [kind.label(kind.strengths[0]) for kind in PERTURBATIONS if kind.name in ("JPEG", "down-sampling")] == [
        "q 50",
        "1/1.5",
    ]
