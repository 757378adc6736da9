from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from hilum.errors import HilumError
from hilum.metrics import Interval, clopper_pearson, clustered_wilson, wilson
from hilum.metrics.proportions import degrees_of
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


def test_one_film_each_is_the_exact_interval() -> None:
    found = clustered_wilson([True] * 385 + [False] * 5, np.arange(390))
    assert _ends(found) == _ends(clopper_pearson(385, 390))
    assert found.method == "Clopper-Pearson over patients with one film each"


def test_copies_of_a_film_are_worth_one_film() -> None:
    # Design effect by hand: three copies of each have a variance of 20/19 of the independent patients', times 3.
    success = np.arange(20) < 15
    found = clustered_wilson(np.repeat(success, 3), np.repeat(np.arange(20), 3))
    t, trials = stats.t.ppf(0.975, 19), 19.0
    centre = (0.75 + t**2 / (2 * trials)) / (1 + t**2 / trials)
    half = t / (1 + t**2 / trials) * np.sqrt(0.75 * 0.25 / trials + t**2 / (4 * trials**2))
    assert _ends(found) == pytest.approx((centre - half, centre + half))


@pytest.mark.parametrize("answer", [True, False])
def test_a_share_without_spread_has_the_patients_for_trials(answer: bool) -> None:
    found = clustered_wilson([answer] * 4, [0, 0, 1, 2])
    assert _ends(found) == _ends(wilson(3 * answer, 3))
    assert "3 patients as trials" in found.method
    assert _ends(clustered_wilson([True, False], [7, 7])) == _ends(wilson(0.5, 1))


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 10)), min_size=1, max_size=60))
def test_the_clustered_interval_holds_the_share_and_mirrors(films: list[tuple[bool, int]]) -> None:
    success, group = np.array([one for one, _ in films]), np.array([one for _, one in films])
    low, high = _ends(clustered_wilson(success, group))
    assert 0 <= low <= success.mean() <= high <= 1
    assert (1 - high, 1 - low) == pytest.approx(_ends(clustered_wilson(~success, group)), abs=1e-9)


def test_films_of_few_patients_leave_few_degrees_of_freedom() -> None:
    assert degrees_of(np.ones(203)) == 202
    assert degrees_of([100, 1, 1, 1]) == 1
