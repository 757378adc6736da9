"""Curves and gains over films, on a model whose answer rests on one known corner."""

from __future__ import annotations

import numpy as np
import pytest

from hilum.attribution.evidence import EvidenceMap, Squares
from hilum.explaining.curve_figures import (
    AskedFilms,
    areas,
    blob_curves,
    curves_record,
    emptied_notes,
    gains,
    map_curves,
    means_over_patients,
    random_curves,
)
from hilum.explaining.faithfulness import ALL_FILMS, ANSWERED_NORMAL, ANSWERED_PNEUMONIA, CENTRE_BLOB, RANDOM, Gain
from hilum.metrics.arrays import Floats

SIDE, FILMS = 28, 16


def corner_is_bright(squares: Squares) -> Floats:
    """Probability of pneumonia by the upper left quarter, against a grey of 120."""
    corner = squares[:, : SIDE // 2, : SIDE // 2].mean(axis=(1, 2))
    return np.asarray(1 / (1 + np.exp(-(corner - 120) / 40)))


def asked() -> AskedFilms:
    """Noisy films; the corner of every second one is bright, that of the others dark."""
    generator = np.random.default_rng(0)
    squares = generator.integers(80, 160, (FILMS, SIDE, SIDE), dtype=np.uint8)
    sick = np.arange(FILMS) % 2 == 0
    squares[sick, : SIDE // 2, : SIDE // 2] += 60
    squares[~sick, : SIDE // 2, : SIDE // 2] -= 60
    return AskedFilms.of(squares, corner_is_bright, sick)


def true_maps(films: AskedFilms) -> list[EvidenceMap]:
    """Evidence where the answer comes from: for pneumonia where the corner is bright, against it where dark."""
    maps = []
    for sick in films.is_pneumonia:
        one = np.zeros((7, 7), np.float32)
        one[:3, :3] = 1 if sick else -1
        maps.append(one)
    return maps


def found_gain(films: AskedFilms, maps: list[EvidenceMap], control: str, group: str) -> Gain:
    found = gains(map_curves(films, maps, "map"), random_curves(films, maps), blob_curves(films), films)
    return next(one for one in found if (one.control, one.films) == (control, group))


@pytest.mark.parametrize("group", [ALL_FILMS, ANSWERED_PNEUMONIA, ANSWERED_NORMAL])
@pytest.mark.parametrize("control", [RANDOM, CENTRE_BLOB])
def test_map_that_points_at_the_truth_is_better_than_either_control(control: str, group: str) -> None:
    films = asked()
    gain = found_gain(films, true_maps(films), control, group)
    assert gain.deletion.low is not None and gain.deletion.low > 0
    assert gain.insertion.low is not None and gain.insertion.low > 0
    assert gain.number == (FILMS if group == ALL_FILMS else FILMS // 2)


def test_map_with_its_signs_exchanged_is_worse_than_random() -> None:
    films = asked()
    gain = found_gain(films, [-one for one in true_maps(films)], RANDOM, ALL_FILMS)
    assert gain.deletion.high is not None and gain.deletion.high < 0


def test_random_map_gains_nothing_over_random_maps() -> None:
    films = asked()
    generator = np.random.default_rng(5)
    noise = [generator.normal(size=(7, 7)).astype(np.float32) for _ in range(FILMS)]
    gain = found_gain(films, noise, RANDOM, ALL_FILMS)
    assert gain.deletion.low is not None and gain.deletion.high is not None
    assert gain.deletion.low < 0 < gain.deletion.high


def test_record_holds_mean_curves_and_their_areas() -> None:
    films = asked()
    curves = map_curves(films, true_maps(films), "map")
    record = curves_record("map", curves, films)
    assert record.deletion[0] == record.insertion[-1] == pytest.approx(curves[:, 0, 0].mean())
    assert record.deletion_area.value == pytest.approx(areas(curves)[0].mean())
    assert record.deletion_area.value == pytest.approx(np.trapezoid(record.deletion, record.shares))


def test_films_without_a_value_are_left_out_of_a_mean() -> None:
    films = asked()
    values = np.where(np.arange(FILMS) < 4, np.nan, np.arange(FILMS) / FILMS)
    [found] = means_over_patients([values], films)
    assert found.value == pytest.approx(np.nanmean(values))


def test_figures_come_out_the_same_twice() -> None:
    films = asked()
    assert found_gain(films, true_maps(films), RANDOM, ALL_FILMS) == found_gain(
        films, true_maps(films), RANDOM, ALL_FILMS
    )


def test_empty_films_that_are_answered_for_certain_are_told_of() -> None:
    films = asked()
    assert emptied_notes(map_curves(films, true_maps(films), "map"), films) == ()
    called = AskedFilms(
        films.squares, lambda some: np.where(some.std(axis=(1, 2)) < 10, 0.97, 0.2), films.probability, films.truth
    )
    assert emptied_notes(map_curves(called, true_maps(films), "map"), called)[0] == (
        "films covered in full are called pneumonia (0.97), so deletion says little of films answered pneumonia"
    )


def test_films_of_one_answer_are_drawn_together() -> None:
    """One film with pneumonia among those answered normal would else be a class without spread."""
    films = asked()
    [found] = means_over_patients([np.arange(FILMS) / FILMS], films, np.arange(FILMS) < FILMS // 2 + 1)
    assert found.low is not None and found.low < 0.25 < (found.high or 0)
    assert "stratified" not in found.method


@pytest.mark.parametrize(("sick", "well"), [(11, 1), (1, 5), (2, 1), (6, 0)])
def test_class_of_one_film_takes_no_interval_away(sick: int, well: int) -> None:
    films = asked()
    rows = np.concatenate([np.flatnonzero(films.truth), np.flatnonzero(films.truth)])[:sick]
    rows = np.concatenate([rows, np.flatnonzero(~films.truth)[:well]])
    few = films.subset(rows)
    [found] = means_over_patients([np.arange(len(rows)) / len(rows) + 1], few)
    assert found.low is not None and 1 <= found.low < (found.value or 0)
    assert "stratified" not in found.method


def test_classes_of_two_films_are_drawn_apart() -> None:
    films = asked()
    [found] = means_over_patients([np.arange(FILMS) / FILMS], films)
    assert "by class" in found.method or "strat" in found.method
