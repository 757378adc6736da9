"""Answers that are left open, and the promise that the truth is among them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import betabinom

from hilum.errors import HilumError
from hilum.metrics.conformal import ConformalSets, conformal_sets, fewest_patients


def test_thresholds_of_a_hand_computed_case() -> None:
    # 9 patients a class at alpha 0.1: all ten tenths are needed, so the worst film of each class decides.
    logit = np.r_[np.arange(1.0, 10.0), -np.arange(1.0, 10.0)]
    sets = conformal_sets(logit, np.arange(18) < 9, np.arange(18), alpha=0.1)
    assert (sets.pneumonia_from, sets.normal_to) == (1.0, -1.0)
    # At alpha 0.2 eight of them are.
    sets = conformal_sets(logit, np.arange(18) < 9, np.arange(18), alpha=0.2)
    assert (sets.pneumonia_from, sets.normal_to) == (2.0, -2.0)


def test_class_with_too_few_patients_is_always_left_open() -> None:
    logit = np.r_[np.arange(1.0, 19.0), -np.arange(1.0, 20.0)]
    sets = conformal_sets(logit, np.arange(37) < 18, np.arange(37), alpha=0.05)
    assert sets.pneumonia_from is None and sets.normal_to == -1.0
    assert sets.answers(-1e9) == ("pneumonia", "normal") and sets.answers(1e9) == ("pneumonia",)


@pytest.mark.parametrize(("alpha", "patients"), [(0.05, 19), (0.1, 9), (0.01, 99), (0.5, 1)])
def test_fewest_patients_are_those_that_a_promise_needs(alpha: float, patients: int) -> None:
    assert fewest_patients(alpha) == patients


@pytest.mark.parametrize(
    ("logit", "answers"), [(3.0, ("pneumonia",)), (-3.0, ("normal",)), (0.0, ()), (1.0, ("pneumonia",))]
)
def test_one_answer_or_none(logit: float, answers: tuple[str, ...]) -> None:
    assert ConformalSets(0.05, 1.0, -1.0, 50, 50).answers(logit) == answers


def test_films_of_a_patient_share_his_weight() -> None:
    # 3 patients at alpha 0.5 need a weight of 2 of 4; the first's films hold a quarter each.
    logit = np.array([8.0, 7.0, 6.0, 5.0, 4.0, 3.0])
    patient = np.array([0, 0, 0, 0, 1, 2])
    sets = conformal_sets(logit, np.ones(6, dtype=bool), patient, alpha=0.5)
    assert sets.pneumonia_from == 4.0


def test_order_of_the_films_plays_no_part() -> None:
    generator = np.random.default_rng(0)
    logit, truth, patient = generator.normal(size=200), np.arange(200) % 2 == 0, generator.integers(0, 80, 200)
    order = generator.permutation(200)
    assert conformal_sets(logit, truth, patient) == conformal_sets(logit[order], truth[order], patient[order])


def test_coverage_over_a_thousand_splits_is_that_of_the_beta_binomial() -> None:
    generator = np.random.default_rng(7)
    calibrate, held_out, splits, alpha = 99, 200, 1000, 0.1
    covered = {"pneumonia": [], "normal": []}  # type: dict[str, list[int]]
    for _ in range(splits):
        logit = np.r_[generator.normal(1, 1, calibrate + held_out), generator.normal(-1, 1, calibrate + held_out)]
        truth = np.arange(len(logit)) < calibrate + held_out
        known = np.arange(len(logit)) % (calibrate + held_out) < calibrate
        sets = conformal_sets(logit[known], truth[known], np.flatnonzero(known), alpha)
        covered["pneumonia"].append(int(sets.holds_pneumonia(logit[truth & ~known]).sum()))
        covered["normal"].append(int(sets.holds_normal(logit[~truth & ~known]).sum()))
    # The k-th of n scores covers Beta(k, n + 1 - k) of the next; held-out counts are beta-binomial.
    rank = int(np.ceil((calibrate + 1) * (1 - alpha)))
    law = betabinom(held_out, rank, calibrate + 1 - rank)
    low, high = law.ppf([0.025, 0.975])
    for counts in covered.values():
        values = np.array(counts)
        assert values.mean() == pytest.approx(law.mean(), abs=4 * law.std() / np.sqrt(splits))
        assert 0.93 < np.mean((values >= low) & (values <= high)) < 0.98


def test_coverage_holds_for_one_film_of_a_new_patient_whose_films_are_alike() -> None:
    generator = np.random.default_rng(3)
    covered = []
    for _ in range(1000):
        films = generator.integers(1, 12, 60)
        own = generator.normal(2 - films / 6, 1)  # patients with many films are harder
        patient = np.repeat(np.arange(60), films)
        logit = own[patient] + generator.normal(0, 0.3, len(patient))
        new = int(generator.integers(60))
        sets = conformal_sets(
            logit[patient != new], np.ones((patient != new).sum(), bool), patient[patient != new], 0.1
        )
        covered.append(bool(sets.holds_pneumonia(generator.choice(logit[patient == new]))))
    assert np.mean(covered) > 0.9 - 4 * np.sqrt(0.09 / 1000)


@pytest.mark.parametrize("alpha", [0.0, 1.0, -1.0])
def test_promise_that_none_can_keep_is_refused(alpha: float) -> None:
    with pytest.raises(HilumError, match="alpha"):
        conformal_sets([1.0], [True], [0], alpha)
