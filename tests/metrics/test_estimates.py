from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from scipy import stats

from hilum.metrics import (
    Estimate,
    Interval,
    Statistic,
    auroc,
    brier,
    count_outcomes,
    estimate,
    expected_calibration_error,
    resample_patients,
)
from hilum.metrics.arrays import Booleans, Floats
from reference_films import REFERENCE, both_models


def _one(statistic: Statistic, group: np.ndarray, truth: Booleans, draws: int = 2000) -> Estimate:
    return estimate([statistic], resample_patients(group, truth, draws))[0]


@both_models
def test_singletons_agree_with_the_delong_interval_of_r(model: str) -> None:
    alone = np.arange(624)
    statistic = Statistic(partial(auroc, REFERENCE.probability[model], REFERENCE.is_pneumonia))
    found = _one(statistic, alone, REFERENCE.is_pneumonia)
    expected = REFERENCE.statistics[model]
    assert found.value == pytest.approx(expected["auroc"], abs=1e-12)
    # Two methods for the same interval: BCa reaches farther down, and their widths agree to a tenth.
    assert found.low is not None and found.high is not None
    low, high = expected["delong_ci95"]
    assert found.low < low
    assert found.high < high
    assert found.high - found.low == pytest.approx(high - low, rel=0.1)


def test_ends_are_those_of_a_plain_bootstrap() -> None:
    """An independent bootstrap: lists of patients, films copied, one draw after the other; its percentiles.

    The Brier score is a mean, for which percentile and BCa intervals are near each other.
    """
    probability, truth, patient = REFERENCE.probability["fine_tuned"], REFERENCE.is_pneumonia, REFERENCE.patient
    films_of = [np.flatnonzero(patient == one) for one in np.unique(patient)]
    classes = [[films for films in films_of if truth[films[0]] == has_it] for has_it in (True, False)]
    generator = np.random.default_rng(1)
    figures = []
    for _ in range(800):
        drawn = [films for part in classes for films in (part[i] for i in generator.integers(0, len(part), len(part)))]
        rows = np.concatenate(drawn)
        figures.append(float(np.mean((probability[rows] - truth[rows]) ** 2)))
    found = _one(Statistic(partial(brier, probability, truth)), patient, truth)
    assert (found.low, found.high) == pytest.approx(np.quantile(figures, [0.025, 0.975]), abs=0.002)


def test_clusters_widen_the_interval() -> None:
    generator = np.random.default_rng(0)
    truth = np.arange(60) % 2 == 0
    score = generator.normal(truth * 1.0, 1)
    alone = _one(Statistic(partial(auroc, score, truth)), np.arange(60), truth)
    copied = partial(auroc, np.repeat(score, 4), np.repeat(truth, 4))
    as_patients = _one(Statistic(copied), np.repeat(np.arange(60), 4), np.repeat(truth, 4))
    as_films = _one(Statistic(copied), np.arange(240), np.repeat(truth, 4))
    assert (as_patients.low, as_patients.high) == pytest.approx((alone.low, alone.high), abs=1e-12)
    assert as_films.low is not None
    assert alone.low is not None
    assert as_films.low > alone.low


def test_intervals_cover_the_truth() -> None:
    """A smoke test: 200 data sets of 60 patients with one to four films; 95 % intervals for a sensitivity of 0.8."""
    generator = np.random.default_rng(0)
    covered = 0
    for _ in range(200):
        group = np.repeat(np.arange(60), generator.integers(1, 5, 60))
        patient_rate = generator.beta(4, 1, 60)  # mean 0.8, films of one patient alike
        called = generator.random(len(group)) < patient_rate[group]
        truth = np.ones(len(group), dtype=bool)
        found = _one(Statistic(partial(_sensitivity, called, truth)), group, truth, draws=400)
        covered += found.low is not None and found.high is not None and found.low <= 0.8 <= found.high
    assert 0.89 <= covered / 200 <= 0.98


def _sensitivity(called: Booleans, truth: Booleans, weights: Floats) -> Floats:
    return count_outcomes(called, truth, weights).sensitivity


def test_one_class_of_singletons_agrees_with_the_bca_interval_of_scipy() -> None:
    generator = np.random.default_rng(0)
    probability = generator.beta(2, 5, 80)  # skewed: BCa differs from percentiles
    squares, truth = probability**2, np.zeros(80, dtype=bool)
    found = _one(Statistic(partial(brier, probability, truth)), np.arange(80), truth, draws=20_000)
    theirs = stats.bootstrap((squares,), np.mean, n_resamples=20_000, method="BCa", rng=generator).confidence_interval
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), abs=0.03 * (theirs.high - theirs.low))
    percentile = stats.bootstrap((squares,), np.mean, n_resamples=20_000, method="percentile", rng=generator)
    assert found.high is not None
    assert found.high > percentile.confidence_interval.high
    assert found.method == "BCa bootstrap over 80 patients, stratified by class, 20,000 draws"


def test_two_classes_agree_with_the_bca_interval_of_scipy() -> None:
    generator = np.random.default_rng(0)
    first, second = generator.exponential(1, 40), generator.exponential(1, 25)
    truth = np.arange(65) < 40

    def sum_of_means(weights: Floats) -> Floats:
        values = np.r_[first, second]
        means = [(weights[..., rows] * values[rows]).sum(-1) / weights[..., rows].sum(-1) for rows in (truth, ~truth)]
        return np.asarray(means[0] + means[1])

    found = _one(Statistic(sum_of_means), np.arange(65), truth, draws=20_000)
    theirs = stats.bootstrap(
        (first, second), lambda a, b, axis: a.mean(axis=axis) + b.mean(axis=axis), n_resamples=20_000, rng=generator
    ).confidence_interval
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), abs=0.03 * (theirs.high - theirs.low))


def test_an_interval_of_its_own_is_taken_before_any_draw() -> None:
    statistic = Statistic(lambda weights: weights.mean(axis=-1), without_draws=lambda value: Interval(0, value, "own"))
    truth = np.array([True, False])
    assert _one(statistic, np.arange(2), truth) == Estimate(1.0, 0, 1.0, "own")


def test_what_is_not_defined_says_why() -> None:
    truth = np.array([True, True])
    statistic = Statistic(partial(auroc, [0.1, 0.9], truth), undefined="there is no normal film")
    found = _one(statistic, np.arange(2), truth, draws=10)
    assert found == Estimate(None, None, None, "not defined: there is no normal film")
    assert found.text() == "not defined"


def test_a_figure_that_many_draws_lack_has_no_interval() -> None:
    called, truth = np.array([True, False, False]), np.array([True, True, True])
    precision = Statistic(lambda weights: count_outcomes(called, truth, weights).precision, undefined="nothing called")
    found = _one(precision, np.arange(3), truth, draws=500)
    assert found.value == 1
    assert found.low is None
    assert found.method.startswith("no interval: nothing called in ")


def test_a_bootstrap_that_is_biased_upward_is_moved_about_its_figure() -> None:
    generator = np.random.default_rng(0)
    probability = generator.uniform(0.3, 0.7, 50)
    truth = generator.random(50) < probability
    ece = partial(expected_calibration_error, probability, truth)
    plain, moved = estimate([Statistic(ece), Statistic(ece, is_moved=True)], resample_patients(np.arange(50), truth))
    assert plain.low is not None and plain.high is not None and moved.low is not None and moved.high is not None
    assert moved.low <= float(ece()) <= moved.high
    # Its draws lie above the figure, so that BCa, which takes that for bias, would cut them below it.
    assert plain.high < float(ece())
    assert "biased upward" in moved.method


def test_one_patient_shows_no_spread() -> None:
    truth = np.array([True, True, False, False])
    found = _one(Statistic(partial(auroc, [0.9, 0.4, 0.5, 0.1], truth)), np.array([0, 0, 1, 1]), truth, draws=10)
    assert (found.value, found.low) == (0.75, None)
    found = _one(Statistic(partial(auroc, [0.9, 0.4, 0.5, 0.1], truth)), np.array([0, 1, 2, 2]), truth, draws=10)
    assert found.method == "no interval: one patient alone shows no spread"


def test_estimates_read_as_a_figure_with_its_interval() -> None:
    assert Estimate(0.9561, 0.9403, 0.9702, "").text(2) == "0.96 [0.94, 0.97]"
    assert Estimate(0.5, None, None, "").text() == "0.500 [no interval]"
