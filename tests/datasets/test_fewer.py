"""Fewer fit patients, and nothing else changed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from hilum.datasets import Split, split_films
from hilum.datasets.catalogue import Catalogue
from hilum.datasets.fewer import fewer_fit_patients, fit_patients
from hilum.errors import HilumError
from stand_ins import film


@pytest.fixture
def catalogue() -> Catalogue:
    """120 patients with pneumonia, two thirds bacterial, 60 normal ones; every third patient has two films."""
    kinds = ["bacteria"] * 80 + ["virus"] * 40 + ["normal"] * 60
    films = [
        film(f"{'test' if number % 6 == 0 else 'train'}/{kind}-{number}-{copy}", f"{kind}-{number}", label(kind))
        for number, kind in enumerate(kinds)
        for copy in range(2 if number % 3 == 0 else 1)
    ]
    return Catalogue("made", Path(), tuple(films))


def label(kind: str) -> str:
    return "normal" if kind == "normal" else "pneumonia"


def patients(catalogue: Catalogue, split: Split) -> set[str]:
    return {catalogue.films[row].patient for row in split.rows("fit")}


def test_so_many_patients_stay_with_the_shares_of_their_kinds(catalogue: Catalogue) -> None:
    split = split_films(catalogue, "official", seed=3)
    fewer = fewer_fit_patients(catalogue, split, 30)
    kept = patients(catalogue, fewer)
    assert len(kept) == 30
    everyone = Counter(name.split("-")[0] for name in patients(catalogue, split))
    for kind, number in Counter(name.split("-")[0] for name in kept).items():
        assert number == pytest.approx(30 * everyone[kind] / sum(everyone.values()), abs=1)


def test_other_parts_stay_as_they_are_and_all_films_of_a_patient_stay(catalogue: Catalogue) -> None:
    split = split_films(catalogue, "official", seed=0)
    fewer = fewer_fit_patients(catalogue, split, 20)
    for before, after in zip(split.parts, fewer.parts, strict=True):
        assert after == before or (before, after) == ("fit", "")
    kept = patients(catalogue, fewer)
    for row in split.rows("fit"):
        assert (fewer.parts[row] == "fit") == (catalogue.films[row].patient in kept)


def test_few_patients_are_among_more_of_the_same_seed_and_other_seeds_draw_others(catalogue: Catalogue) -> None:
    def drawn(number: int, seed: int) -> set[str]:
        split = split_films(catalogue, "official", seed=seed)
        return patients(catalogue, fewer_fit_patients(catalogue, split, number))

    assert drawn(10, 0) < drawn(25, 0) < drawn(60, 0)
    assert drawn(25, 0) != drawn(25, 1)


def test_none_asked_for_keeps_all(catalogue: Catalogue) -> None:
    split = split_films(catalogue, "official", seed=0)
    assert fewer_fit_patients(catalogue, split, 0) is split
    assert fewer_fit_patients(catalogue, split, fit_patients(catalogue, split)) == split


def test_more_than_there_are_or_too_few_for_both_classes_are_refused(catalogue: Catalogue) -> None:
    split = split_films(catalogue, "official", seed=0)
    with pytest.raises(HilumError, match="asks for 1,000 fit patients of 'made', which has"):
        fewer_fit_patients(catalogue, split, 1000)
    with pytest.raises(HilumError, match="there would be none labelled normal"):
        fewer_fit_patients(catalogue, split, 1)
