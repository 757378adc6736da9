from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hilum.errors import HilumError
from hilum.evaluation.compare import compare_runs, corrected
from hilum.evaluation.comparison import (
    FIGURES,
    CompareSettings,
    Comparison,
    Difference,
    Pair,
    Side,
    read_comparison,
)
from hilum.evaluation.runs import read_runs
from hilum.json_files import write_json
from hilum.metrics import Estimate, auroc
from hilum.metrics.comparison import PairedTest, clustered_mcnemar, compare_aurocs
from hilum.metrics.placement import auroc_covariance
from judged_runs import jittered, write_reference_runs, write_run
from reference_films import REFERENCE
from stand_ins import MADE, film, prediction_table, reference_predictions

SETTINGS = CompareSettings("0.5", draws=200)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    """The fine-tuned reference model against the frozen one at 0.5."""
    return compare_runs(read_runs(write_reference_runs(tmp_path_factory.mktemp("two"))), SETTINGS, MADE)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    """Three seeds of one and two of the other, joined."""
    place = tmp_path_factory.mktemp("seeds")
    places = [
        write_run(place / f"{model}-{seed}", jittered(model, seed), model, seed)
        for model, seeds in (("fine_tuned", 3), ("frozen_linear", 2))
        for seed in range(seeds)
    ]
    return compare_runs(read_runs(places), replace(SETTINGS, joins_seeds=True), MADE)


def test_figures_of_a_run_are_those_of_its_evaluation(two: Comparison, tmp_path: Path) -> None:
    runs = read_runs(write_reference_runs(tmp_path))
    for run, contestant in zip(runs, two.contestants, strict=True):
        point = run.at("0.5")
        expected = [run.evaluation.scores.auroc, point.sensitivity, point.specificity]
        assert [figure.estimate for figure in contestant.figures] == expected
        assert [figure.name for figure in contestant.figures] == list(FIGURES)
    assert (two.every.films, two.every.patients, two.groups) == (624, 428, 428)
    assert (two.pneumonia.patients, two.normal.patients) == (203, 225)


def test_differences_are_tested_over_patients(two: Comparison) -> None:
    [pair] = two.pairs
    truth, patient = REFERENCE.is_pneumonia, REFERENCE.patient
    scores = [
        np.log(one / (1 - one)) for one in (REFERENCE.probability[name] for name in ("fine_tuned", "frozen_linear"))
    ]
    by_variance, test = compare_aurocs(auroc_covariance(scores, truth, patient), [1, -1])
    assert pair.differences[0].by_variance == by_variance
    assert pair.differences[0].test == test
    right = [(one >= 0) == truth for one in scores]
    for one, rows in zip(pair.differences[1:], (truth, ~truth), strict=True):
        assert one.test == clustered_mcnemar(right[0][rows], right[1][rows], patient[rows])
        assert one.estimate.value == pytest.approx(right[0][rows].mean() - right[1][rows].mean())


def test_bootstrap_and_variance_agree_about_the_auroc(two: Comparison) -> None:
    one = two.pairs[0].differences[0]
    assert one.by_variance is not None
    for drawn, computed in ((one.estimate.low, one.by_variance.low), (one.estimate.high, one.by_variance.high)):
        assert drawn == pytest.approx(computed, abs=0.006)
    assert "428 patients" in one.estimate.method


def test_a_side_that_is_better_here_and_worse_there_is_not_called_better(two: Comparison) -> None:
    [pair] = two.pairs
    # Frozen features find more pneumonia at 0.5, and clear half as many normal films.
    assert [one.better for one in pair.differences] == ["first", "second", "first"]
    assert pair.better == ""
    assert pair.is_trade
    assert two.tests == 3


def test_turning_the_sides_turns_the_signs(two: Comparison, tmp_path: Path) -> None:
    turned = compare_runs(read_runs(write_reference_runs(tmp_path)[::-1]), SETTINGS, MADE).pairs[0]
    for one, other in zip(two.pairs[0].differences, turned.differences, strict=True):
        assert other.estimate.value == pytest.approx(-(one.estimate.value or 0))
        assert {one.better, other.better} == {"first", "second"}
        assert other.corrected_p == pytest.approx(one.corrected_p)
        assert (one.first_not_worse, one.second_not_worse) == (other.second_not_worse, other.first_not_worse)


def test_a_model_is_not_better_than_its_own_noise(tmp_path: Path) -> None:
    places = [write_run(tmp_path / str(seed), jittered("fine_tuned", seed), "fine", seed) for seed in (1, 2)]
    [pair] = compare_runs(read_runs(places), SETTINGS, MADE).pairs
    assert [one.better for one in pair.differences] == ["", "", ""]
    assert all(one.patients_needed is None or one.patients_needed > 428 for one in pair.differences)


def test_every_two_are_compared_or_the_first_with_each(tmp_path: Path) -> None:
    places = [*write_reference_runs(tmp_path), write_run(tmp_path / "third", jittered("fine_tuned", 3), "third")]
    runs = read_runs(places)
    every = compare_runs(runs, SETTINGS, MADE)
    first = compare_runs(runs, replace(SETTINGS, against_first=True), MADE)
    assert [(pair.first, pair.second) for pair in every.pairs] == [
        ("fine_tuned", "frozen_linear"),
        ("fine_tuned", "third"),
        ("frozen_linear", "third"),
    ]
    assert [pair.second for pair in first.pairs] == ["frozen_linear", "third"]
    assert (every.tests, first.tests) == (9, 6)


def test_seeds_are_joined_to_their_mean(seeded: Comparison) -> None:
    assert [one.name for one in seeded.contestants] == ["fine_tuned, 3 seeds", "frozen_linear, 2 seeds"]
    fine = seeded.contestants[0]
    tables = [jittered("fine_tuned", seed) for seed in range(3)]
    expected = [float(auroc(table.logit, table.is_pneumonia)) for table in tables]
    over_seeds = fine.figures[0].over_seeds
    assert over_seeds is not None
    assert over_seeds.values == pytest.approx(expected)
    assert over_seeds.spread == pytest.approx(np.std(expected, ddof=1))
    assert fine.figures[0].estimate.value == pytest.approx(np.mean(expected))
    assert over_seeds.mean.value == pytest.approx(np.mean(expected))
    called = np.mean([(table.probability >= 0.5)[table.is_pneumonia].mean() for table in tables])
    assert fine.figures[1].estimate.value == pytest.approx(called)


def test_patients_and_seeds_have_intervals_of_their_own(seeded: Comparison) -> None:
    one = seeded.pairs[0].differences[0]
    assert one.estimate.low is not None and one.over_seeds is not None and one.over_seeds.low is not None
    assert "patients" in one.estimate.method
    assert one.over_seeds.value == pytest.approx(one.estimate.value)
    assert one.over_seeds.low != one.estimate.low


@pytest.mark.parametrize(("ends", "better"), [((0.01, 0.09), "first"), ((-0.01, 0.11), "")])
def test_seeds_that_vary_more_than_the_difference_leave_it_open(ends: tuple[float, float], better: Side) -> None:
    [pair] = corrected([Pair("a", "b", (_difference(0.05, z=4.0, p=1e-4, over_seeds=Estimate(0.05, *ends, "")),))], 100)
    assert pair.differences[0].better == better
    assert pair.differences[0].patients_needed is None


def test_patients_and_films_that_point_apart_are_no_verdict() -> None:
    [pair] = corrected([Pair("a", "b", (_difference(0.05, z=-4.0, p=1e-4),))], 100)
    assert pair.differences[0].better == ""


@pytest.mark.parametrize(("z", "needed"), [(-1.0, None), (1.0, 785), (4.0, None)])
def test_patients_needed_are_more_than_there_are(z: float, needed: int | None) -> None:
    """By hand: (1.96 + 0.84)^2 times 100; patients who point the other way, or would do already, give no number."""
    [pair] = corrected([Pair("a", "b", (_difference(0.05, z=z, p=0.3),))], 100)
    assert pair.differences[0].patients_needed == needed


def test_all_tests_are_corrected_together() -> None:
    """By hand: 0.02 is the smallest of two, so it doubles; a difference without a test takes no part."""
    pairs = [
        Pair("a", "b", (_difference(0.05, z=2.0, p=0.02), _difference(None, z=None, p=None))),
        Pair("a", "c", (_difference(0.05, z=1.0, p=0.3),)),
    ]
    found = [one.corrected_p for pair in corrected(pairs, 100) for one in pair.differences]
    assert found == [0.04, None, 0.3]


def test_one_seed_twice_is_refused(tmp_path: Path) -> None:
    places = [write_run(tmp_path / str(n), jittered("fine_tuned", n), "fine", 0, f"hash-{n}") for n in range(2)]
    places.append(write_run(tmp_path / "other", jittered("frozen_linear", 0), "frozen"))
    with pytest.raises(HilumError, match="are both 'fine' with the seed 0"):
        compare_runs(read_runs(places), replace(SETTINGS, joins_seeds=True), MADE)


def test_seeds_of_one_recipe_alone_are_no_comparison(tmp_path: Path) -> None:
    places = [write_run(tmp_path / str(n), jittered("fine_tuned", n), "fine", n) for n in range(2)]
    with pytest.raises(HilumError, match="All runs are one contestant: fine, 2 seeds"):
        compare_runs(read_runs(places), replace(SETTINGS, joins_seeds=True), MADE)


def test_a_leaky_run_is_named_in_a_warning(tmp_path: Path) -> None:
    table = reference_predictions()
    leaky = write_run(tmp_path / "leaky", table, "leaky", met=9)
    honest = write_run(tmp_path / "honest", jittered("fine_tuned", 1), "honest")
    [warning] = compare_runs(read_runs([honest, leaky]), SETTINGS, MADE).warnings
    assert warning.endswith("had been met by: leaky.")


def test_films_of_one_class_leave_undefined_what_is(tmp_path: Path) -> None:
    films = tuple(film(f"test/{number}", str(number)) for number in range(6))
    places = [
        write_run(tmp_path / str(n), prediction_table(films, np.linspace(0.2 + n / 10, 0.7, 6)), str(n))
        for n in range(2)
    ]
    order, found, cleared = compare_runs(read_runs(places), SETTINGS, MADE).pairs[0].differences
    assert order.estimate.value is None and order.test.p is None and order.corrected_p is None
    assert cleared.test.method == "no test: no normal film"
    assert found.test.p is not None


def test_a_comparison_survives_the_disc(two: Comparison, seeded: Comparison, tmp_path: Path) -> None:
    for one in (two, seeded):
        write_json(tmp_path / "one.json", one.as_json())
        assert read_comparison(tmp_path / "one.json") == one
    (tmp_path / "one.json").write_text('{"data_name": "x"}')
    with pytest.raises(HilumError, match="is not a comparison"):
        read_comparison(tmp_path / "one.json")


@pytest.mark.parametrize("wrong", [{"margin": 2.0}, {"margin": 0.0}, {"draws": 0}, {"seed": -1}])
def test_settings_are_refused_where_they_are_made(wrong: dict[str, float]) -> None:
    with pytest.raises(HilumError):
        CompareSettings(**wrong)  # type: ignore[arg-type]


def _difference(
    value: float | None, z: float | None, p: float | None, over_seeds: Estimate | None = None
) -> Difference:
    low, high = (None, None) if value is None else (value - 0.1, value + 0.1)
    estimate = Estimate(value, low, high, "made")
    return Difference("AUROC", estimate, None, PairedTest(z, p, "made"), None, over_seeds, "", None, None, None)
