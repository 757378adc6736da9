from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from hilum.errors import HilumError
from hilum.metrics import Interval, clopper_pearson, wilson
from reference_films import REFERENCE, both_models

COUNTS = st.integers(1, 2000).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials)))


def _ends(interval: Interval) -> tuple[float, float]:
    return interval.low, interval.high


@both_models
def test_intervals_agree_with_r(model: str) -> None:
    expected = REFERENCE.statistics[model]
    for name, hits, trials in (("sensitivity", expected["tp"], 390), ("specificity", expected["tn"], 234)):
        assert _ends(wilson(hits, trials)) == pytest.approx(expected[f"{name}_wilson"], abs=1e-9)
        assert _ends(clopper_pearson(hits, trials)) == pytest.approx(expected[f"{name}_clopper_pearson"], abs=1e-9)


@given(COUNTS)
def test_intervals_agree_with_scipy(counts: tuple[int, int]) -> None:
    theirs = stats.binomtest(*counts)
    exact, score = theirs.proportion_ci(method="exact"), theirs.proportion_ci(method="wilson")
    assert _ends(clopper_pearson(*counts)) == pytest.approx((exact.low, exact.high), abs=1e-9)
    assert _ends(wilson(*counts)) == pytest.approx((score.low, score.high), abs=1e-9)


@given(COUNTS)
def test_the_exact_interval_contains_the_proportion_and_mirrors(counts: tuple[int, int]) -> None:
    hits, trials = counts
    low, high = _ends(clopper_pearson(hits, trials))
    assert low <= hits / trials <= high
    mirrored = clopper_pearson(trials - hits, trials)
    assert (1 - high, 1 - low) == pytest.approx(_ends(mirrored), abs=1e-9)


def test_all_of_three_by_hand() -> None:
    # Clopper-Pearson for n of n: the low end is the n-th root of 0.025.
    assert clopper_pearson(3, 3).low == pytest.approx(0.025 ** (1 / 3), abs=1e-12)
    assert _ends(wilson(0, 3))[0] == 0
    assert _ends(wilson(3, 3))[1] == 1


@pytest.mark.parametrize(("hits", "trials"), [(0, 0), (3, 2), (-1, 2)])
def test_impossible_counts_are_refused(hits: int, trials: int) -> None:
    with pytest.raises(HilumError, match="successes in"):
        wilson(hits, trials)
    with pytest.raises(HilumError, match="successes in"):
        clopper_pearson(hits, trials)
