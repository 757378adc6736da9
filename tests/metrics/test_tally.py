from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from hilum.errors import HilumError
from hilum.metrics import auroc, brier
from hilum.metrics.arrays import Booleans, Floats
from hilum.metrics.tally import tally
from scored_films import scored_films


def test_equal_scores_are_counted_together() -> None:
    counted = tally([0.7, 0.2, 0.7, 0.7], [True, False, False, True], weights=[1, 1, 5, 2])
    assert counted.score.tolist() == [0.2, 0.7]
    assert counted.pneumonia.tolist() == [0.0, 3.0]
    assert counted.normal.tolist() == [1.0, 5.0]


@given(scored_films())
def test_no_film_is_lost(films: tuple[Floats, Booleans]) -> None:
    probability, truth = films
    counted = tally(probability, truth)
    assert counted.pneumonia.sum() == truth.sum()
    assert counted.mass.sum() == len(truth)
    assert (np.diff(counted.score) > 0).all()


def test_one_row_of_counts_for_each_row_of_weights() -> None:
    counted = tally([0.1, 0.9, 0.9], [False, True, False], weights=np.ones((4, 5, 3)))
    assert counted.pneumonia.shape == (4, 5, 2)


@pytest.mark.parametrize(
    ("score", "truth", "told"),
    [
        ([], [], "shape (0,)"),
        ([0.1, 0.2], [True], "labels of shape (1,)"),
        ([0.1, float("nan")], [True, False], "1 of 2 scores are not finite"),
    ],
)
def test_arrays_that_describe_no_films_are_refused(score: list[float], truth: list[bool], told: str) -> None:
    with pytest.raises(HilumError, match=told.replace("(", r"\(").replace(")", r"\)")):
        auroc(score, truth)


def test_a_logit_is_no_probability() -> None:
    with pytest.raises(HilumError, match=r"between -3 and 2\. Expected values in \[0, 1\]"):
        brier([-3.0, 2.0], [True, False])


def test_weights_must_match_the_films() -> None:
    with pytest.raises(HilumError, match=r"weights of shape \(3,\) for 2 films"):
        auroc([0.1, 0.9], [False, True], weights=[1, 1, 1])
