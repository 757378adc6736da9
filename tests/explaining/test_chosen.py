"""Which films a model's maps are measured on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hilum.datasets import Catalogue
from hilum.errors import HilumError
from hilum.explaining.chosen import one_a_patient, spread
from stand_ins import film


def films(sick: int, well: int, each: int = 2) -> Catalogue:
    """So many patients of each class with some films each."""
    kinds = [("pneumonia", n) for n in range(sick)] + [("normal", n) for n in range(well)]
    records = [
        film(f"train/{label}-{number}-{view}", f"{label}{number}", label)
        for label, number in kinds
        for view in range(each)
    ]
    return Catalogue("made", Path(), tuple(records))


def test_no_patient_is_taken_twice_and_both_classes_alike() -> None:
    chosen = films(20, 20).select(one_a_patient(films(20, 20), 12, seed=0))
    assert len(set(chosen.patients)) == len(chosen.films) == 12
    assert int(chosen.is_pneumonia.sum()) == 6


def test_class_with_few_patients_leaves_its_room_to_the_other() -> None:
    for sick, well, expected in ((20, 2, 10), (2, 20, 2)):
        catalogue = films(sick, well)
        assert int(catalogue.select(one_a_patient(catalogue, 12, seed=0)).is_pneumonia.sum()) == expected


def test_nought_takes_a_film_of_every_patient_in_their_order() -> None:
    rows = one_a_patient(films(7, 5), 0, seed=3)
    assert len(rows) == 12 and np.array_equal(rows, np.sort(rows))


def test_seed_decides_which_films() -> None:
    first, again, other = (one_a_patient(films(30, 30), 10, seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


@pytest.mark.parametrize(("most", "seed"), [(-1, 0), (6, -1)])
def test_negative_number_or_seed_is_refused(most: int, seed: int) -> None:
    with pytest.raises(HilumError, match=f"Got {most} films and the seed {seed}"):
        one_a_patient(films(3, 3), most, seed)


def test_rows_are_spread_from_the_first_to_the_last() -> None:
    assert spread(100, 4).tolist() == [0, 33, 66, 99] and spread(0, 4).tolist() == []
