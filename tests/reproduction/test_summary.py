"""Rows together: by hand, from evaluations whose figures are set."""

from __future__ import annotations

import math

import pytest

from hilum.metrics import Estimate
from hilum.metrics.quantiles import student_quantile
from hilum.reproduction.summary import contrasts, over_seeds
from reproduced import evaluation_of


def test_five_seed_mean_by_hand() -> None:
    errors = [0.030, 0.034, 0.032, 0.038, 0.036]
    (over,) = over_seeds([evaluation_of("best", "random20", seed, error) for seed, error in enumerate(errors)])
    assert over.seeds == (0, 1, 2, 3, 4)
    assert over.error.mean.value == pytest.approx(0.034)
    # the spread by hand, and 1/5 + 0.2/0.8 for films that the runs share
    half = student_quantile(4) * math.sqrt(10e-6) * math.sqrt(0.45)
    assert over.error.mean.high == pytest.approx(0.034 + half)
    assert over.leaks and over.says.startswith("not better")


def test_latest_run_of_a_seed_counts_and_official_rows_have_no_mean_over_seeds() -> None:
    first = evaluation_of("best", "grouped20", 0, 0.9, created="2025-01-01T00:00:00+00:00")
    again = evaluation_of("best", "grouped20", 0, 0.04, created="2025-02-01T00:00:00+00:00")
    (over,) = over_seeds([again, first, evaluation_of("best", "official", 0, 0.05)])
    assert over.error.values == pytest.approx((0.04,))
    assert over.says == ""


def test_leak_premium_is_taken_seed_by_seed() -> None:
    leaky = [evaluation_of("best", "random20", seed, error) for seed, error in enumerate((0.02, 0.03, 0.025))]
    grouped = [evaluation_of("best", "grouped20", seed, error) for seed, error in enumerate((0.03, 0.05))]
    (premium,) = contrasts([*leaky, *grouped])
    assert (premium.name, premium.seeds) == ("leak premium", 2)
    assert premium.error.value == pytest.approx((-0.01 - 0.02) / 2)
    half = student_quantile(1) * math.sqrt(0.00005) * math.sqrt(1 / 2 + 0.25)  # differences -0.01 and -0.02
    assert premium.error.low == pytest.approx(-0.015 - half)


def test_shift_gap_of_a_block_is_from_both_intervals() -> None:
    official = evaluation_of("best", "official", 0, 0.08)
    (gap,) = contrasts([evaluation_of("best", "block", 0, 0.05), official])
    assert (gap.name, gap.first, gap.second) == ("shift gap", "block", "official")
    assert gap.error.value == pytest.approx(-0.03)
    assert gap.error.high == pytest.approx(-0.03 + math.hypot(0.01, 0.01))  # both intervals are 0.01 to either side
    assert gap.error.method.startswith("MOVER")


def test_figures_on_another_part_than_the_protocol_held_back_take_no_part() -> None:
    stranger = evaluation_of("best", "grouped20", 0, 0.05, part="train")
    assert over_seeds([stranger]) == () and contrasts([stranger, evaluation_of("best", "official", 0, 0.1)]) == ()


def test_a_difference_without_official_figure_is_not_made() -> None:
    assert contrasts([evaluation_of("best", "block", 0, 0.05)]) == ()
    assert isinstance(evaluation_of("best", "block", 0, 0.05).scores.auroc, Estimate)
