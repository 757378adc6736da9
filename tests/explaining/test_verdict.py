"""What follows from the measures."""

from __future__ import annotations

import pytest

from hilum.explaining.faithfulness import (
    ALL_FILMS,
    ANSWERED_NORMAL,
    CENTRE_BLOB,
    RANDOM,
    CascadeStep,
    Gain,
    Randomisation,
)
from hilum.explaining.verdict import is_above_zero, verdict_of
from hilum.metrics import Estimate

CLEAR = Estimate(0.2, 0.1, 0.3, "made")
UNSURE = Estimate(0.05, -0.01, 0.11, "made")
ONE_PATIENT = Estimate(0.2, None, None, "no interval: one patient alone shows no spread")


def forgotten(rank: float, high: float | None, sizes: float = 0.0) -> Randomisation:
    low = None if high is None else rank - 0.05
    step = CascadeStep("body.stem.0", 22, Estimate(rank, low, high, "made"), Estimate(sizes, None, None, "made"), CLEAR)
    return Randomisation((step,), 22, 3, CLEAR)


def gain(
    deletion: Estimate = CLEAR,
    insertion: Estimate = CLEAR,
    control: str = RANDOM,
    films: str = ALL_FILMS,
    number: int = 60,
) -> Gain:
    return Gain(control, films, number, deletion, insertion)


def test_map_that_forgets_and_beats_random_maps_passes() -> None:
    verdict = verdict_of([gain()], forgotten(0.2, 0.25))
    assert not (verdict.reasons or verdict.notes or verdict.failed or verdict.unknown)
    assert verdict.is_faithful and verdict.in_words == "passes"


@pytest.mark.parametrize(
    ("deletion", "insertion", "named"), [(UNSURE, CLEAR, "deletion"), (CLEAR, UNSURE, "insertion")]
)
def test_one_curve_no_better_than_random_is_enough_to_fail(deletion: Estimate, insertion: Estimate, named: str) -> None:
    verdict = verdict_of([gain(deletion, insertion)], forgotten(0.2, 0.25))
    assert verdict.failed == ("random maps",)
    assert verdict.in_words == ("not a faithful explanation of this model (not shown to beat random maps on 60 films)")
    assert len(verdict.reasons) == 1 and f"({named}: gain 0.050 [-0.010, 0.110])" in verdict.reasons[0]


@pytest.mark.parametrize(("rank", "high", "sizes"), [(0.45, 0.52, 0), (1.0, None, 0), (0.1, 0.2, 0.6)])
def test_map_that_stays_when_all_is_forgotten_fails(rank: float, high: float | None, sizes: float) -> None:
    verdict = verdict_of([gain()], forgotten(rank, high, sizes))
    assert len(verdict.reasons) == 1 and "with all weights random" in verdict.reasons[0]


def test_blob_and_single_answers_are_notes_and_no_reasons() -> None:
    gains = [gain(), gain(UNSURE, CLEAR, CENTRE_BLOB), gain(UNSURE, UNSURE, RANDOM, ANSWERED_NORMAL)]
    verdict = verdict_of(gains, forgotten(0.2, 0.25))
    assert verdict.is_faithful
    assert verdict.notes == (
        "not better than a blob in the centre of the film in deletion",
        "not better than a random map in deletion and insertion on films answered normal",
    )


def test_test_that_was_not_made_is_said() -> None:
    assert verdict_of([gain()], None).notes == ("the randomisation test was not made",)


def test_gain_without_an_interval_is_not_above_zero() -> None:
    assert not is_above_zero(Estimate(0.3, None, None, "one patient")) and is_above_zero(CLEAR)


@pytest.mark.parametrize(("deletion", "number"), [(ONE_PATIENT, 12), (ONE_PATIENT, 1), (UNSURE, 6)])
def test_what_so_few_films_cannot_tell_is_no_failure(deletion: Estimate, number: int) -> None:
    verdict = verdict_of([gain(deletion, number=number)], forgotten(0.2, 0.25))
    assert (verdict.standing, verdict.reasons, verdict.failed) == ("not shown", (), ())
    assert not verdict.is_faithful and verdict.in_words == "not shown: too few films"
    assert len(verdict.unknown) == 1 and "(deletion: gain" in verdict.unknown[0]


def test_few_films_excuse_no_map_that_stays_when_all_is_forgotten() -> None:
    verdict = verdict_of([gain(ONE_PATIENT, number=6)], forgotten(1.0, None))
    assert verdict.standing == "fails" and verdict.failed == ("randomisation",)


def test_gain_that_is_none_at_all_is_no_matter_of_too_few_films() -> None:
    flat = Estimate(0.0, None, None, "no interval: every draw gives the same figure")
    assert verdict_of([gain(flat, flat)], forgotten(0.2, 0.25)).failed == ("random maps",)


def test_note_on_few_films_says_that_they_are_few() -> None:
    verdict = verdict_of([gain(), gain(ONE_PATIENT, CLEAR, RANDOM, ANSWERED_NORMAL, 1)], forgotten(0.2, 0.25))
    assert verdict.notes == (
        "not shown to be better than a random map in deletion on films answered normal: too few films (1)",
    )
