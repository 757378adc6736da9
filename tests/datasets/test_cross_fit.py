"""Folds of patients, where none are kept back for calibration."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hilum.datasets import Split, split_films
from hilum.datasets.catalogue import LABELS, Catalogue
from hilum.datasets.cross_fit import cross_fit_folds, without_calibrate
from hilum.errors import HilumError
from stand_ins import film


@pytest.fixture
def catalogue() -> Catalogue:
    """40 patients with pneumonia, 30 normal ones; every third has two films, every fifth is in the test folder."""
    films = [
        film(f"{'test' if number % 5 == 0 else 'train'}/{number}-{copy}", str(number), LABELS[number >= 40])
        for number in range(70)
        for copy in range(2 if number % 3 == 0 else 1)
    ]
    return Catalogue("made", Path(), tuple(films))


@pytest.fixture
def split(catalogue: Catalogue) -> Split:
    return split_films(catalogue, "official", seed=2)


def test_calibrate_films_serve_fit_and_nothing_else_changes(split: Split) -> None:
    whole = without_calibrate(split)
    assert not len(whole.rows("calibrate"))
    assert set(whole.rows("fit")) == set(split.rows("fit")) | set(split.rows("calibrate"))
    assert all(np.array_equal(whole.rows(part), split.rows(part)) for part in ("select", "test"))


def test_each_fit_film_calibrates_once_and_no_patient_is_on_both_sides(catalogue: Catalogue, split: Split) -> None:
    whole = without_calibrate(split)
    folds = cross_fit_folds(catalogue, whole, 4)
    assert sorted(np.concatenate([fold.rows("calibrate") for fold in folds])) == list(whole.rows("fit"))
    for fold in folds:
        held, learned = ({catalogue.films[row].patient for row in fold.rows(part)} for part in ("calibrate", "fit"))
        assert not held & learned
        assert {catalogue.films[row].label for row in fold.rows("calibrate")} == set(LABELS)
        assert all(np.array_equal(fold.rows(part), split.rows(part)) for part in ("select", "test"))


def test_folds_are_of_one_size(catalogue: Catalogue, split: Split) -> None:
    sizes = [len(fold.rows("calibrate")) for fold in cross_fit_folds(catalogue, without_calibrate(split), 5)]
    assert max(sizes) - min(sizes) <= 2


@pytest.mark.parametrize("folds", [-1, 1, 21])
def test_odd_numbers_of_folds_are_refused(catalogue: Catalogue, split: Split, folds: int) -> None:
    with pytest.raises(HilumError, match="2 to 20 folds"):
        cross_fit_folds(catalogue, without_calibrate(split), folds)


def test_class_with_too_few_patients_is_named(catalogue: Catalogue, split: Split) -> None:
    with pytest.raises(HilumError, match=r"fit patients labelled normal, too few for 13 folds"):
        cross_fit_folds(catalogue, without_calibrate(split), 13)
