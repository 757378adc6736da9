"""Probes: small models that are only asked about patients they never met."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from hilum.audits.columns import Columns, columns_of
from hilum.audits.probes import Probe, Question, auroc_of, most_telling, out_of_fold


def question(patients: int = 60, films: int = 2) -> Question:
    group = np.repeat(np.arange(patients), films)
    return Question(group % 2 == 0, group, tuple(f"patient-{n}" for n in range(patients)))


def test_patients_are_never_parted_and_each_fold_has_both_kinds() -> None:
    asked = question()
    fold = asked.fold()
    assert {len(set(fold[asked.group == one])) for one in range(60)} == {1}
    assert all(set(asked.is_first[fold == held]) == {True, False} for held in range(5))


def test_a_bump_and_a_rare_value_are_found_as_well_as_a_slope() -> None:
    asked, generator = question(400, 1), np.random.default_rng(0)
    bump = np.where(asked.is_first, generator.normal(0, 0.2, 400), generator.choice([-1, 1], 400))
    rare = (asked.is_first & (generator.random(400) < 0.3)).astype(float)
    for column, reached in ((bump, 0.98), (rare, 0.62), (asked.is_first + generator.normal(0, 0.1, 400), 0.99)):
        found = auroc_of(out_of_fold(columns_of({"column": column}), asked).standing, asked)
        assert found.value is not None and found.value > reached


def test_noise_tells_nothing() -> None:
    asked = question(400, 1)
    noise = np.random.default_rng(1).normal(size=(400, 20))
    found = auroc_of(out_of_fold(Columns(tuple("abcdefghijklmnopqrst"), noise), asked).standing, asked)
    assert found.low is not None and found.high is not None
    assert found.low < 0.5 < found.high


def test_what_belongs_to_the_patient_alone_is_not_learned() -> None:
    asked = question(200, 3)
    patient = np.random.default_rng(2).normal(size=200)[asked.group]
    found = auroc_of(out_of_fold(columns_of({"patient": patient}), asked).standing, asked)
    assert found.low is not None and found.low < 0.55


def test_standing_is_the_share_of_the_own_fold_below_with_ties_in_the_middle() -> None:
    asked = question(20, 1)
    answer = out_of_fold(columns_of({"same": np.r_[np.zeros(19), 1.0]}), asked)
    for fold in range(asked.folds):
        assert answer.standing[answer.fold == fold].mean() == pytest.approx(0.5)


def test_auroc_agrees_with_scikit_learn() -> None:
    asked, score = question(50, 2), np.random.default_rng(3).normal(size=100)
    assert auroc_of(score, asked).value == pytest.approx(roc_auc_score(asked.is_first, score), abs=1e-12)


def test_the_most_telling_columns_come_first_whatever_their_direction() -> None:
    truth = np.arange(40) % 2 == 0
    table = columns_of({"noise": np.arange(40.0), "up": truth.astype(float), "down": 1.0 - truth})
    assert {name for name, _ in most_telling(table, truth, 2)} == {"up", "down"}


def test_a_probe_takes_a_table_without_some_columns() -> None:
    truth = np.arange(40) % 2 == 0
    learned = columns_of({"mode L": truth.astype(float), "mode RGB": 1.0 - truth})
    other = columns_of({"mode L": np.ones(3), "mode P": np.zeros(3)}).named(learned.names)
    assert (Probe(learned.values, truth).score(other.values) > 0).all()
