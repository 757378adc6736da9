from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from hilum.errors import HilumError
from hilum.metrics import Estimate
from hilum.metrics.comparison import (
    FEW,
    PairedTest,
    clustered_mcnemar,
    compare_aurocs,
    few_differ,
    holm,
    is_not_worse,
    paired_score_interval,
    patients_needed,
    two_sided,
)
from hilum.metrics.placement import auroc_covariance
from reference_films import REFERENCE

TRUTH, PATIENT = REFERENCE.is_pneumonia, REFERENCE.patient
BOTH = [REFERENCE.probability[model] for model in ("frozen_linear", "fine_tuned")]
FILMS = np.arange(len(TRUTH))
RIGHT = [(one >= 0.5) == TRUTH for one in BOTH]


def test_aurocs_of_single_films_differ_as_in_paired_delong_by_r() -> None:
    estimate, test = compare_aurocs(auroc_covariance(BOTH, TRUTH, FILMS), [1, -1])
    paired, single = REFERENCE.statistics["paired_delong"], REFERENCE.statistics
    assert test.z == pytest.approx(paired["z"], abs=0.01)  # but for I / (I - 1), which R applies by class too
    assert test.z is not None
    assert two_sided(test.z) == pytest.approx(paired["p"], rel=0.02)
    # With one film a patient there are between 234 - 1 and 390 + 234 - 2 degrees of freedom.
    assert 2 * stats.t.sf(abs(test.z), 622) <= test.p <= 2 * stats.t.sf(abs(test.z), 233)
    assert estimate.value == pytest.approx(single["frozen_linear"]["auroc"] - single["fine_tuned"]["auroc"], abs=1e-12)
    assert estimate.low is not None and estimate.high is not None
    assert estimate.high < 0


def test_a_contrast_averages_seeds() -> None:
    found = auroc_covariance([BOTH[0], BOTH[1], BOTH[0] ** 2], TRUTH, PATIENT)
    estimate, _ = compare_aurocs(found, [0.5, -1, 0.5])
    # The square orders the films alike, so that the mean of both is the one.
    assert estimate.text(9) == compare_aurocs(auroc_covariance(BOTH, TRUTH, PATIENT), [1, -1])[0].text(9)


def test_one_order_of_films_is_no_difference() -> None:
    found = auroc_covariance([BOTH[0], BOTH[0] / 2], TRUTH, PATIENT)
    estimate, test = compare_aurocs(found, [1, -1])
    assert (estimate.value, estimate.low, test.p) == (0.0, None, 1.0)


def test_a_difference_that_all_patients_show_alike_is_not_called_chance() -> None:
    truth = np.arange(40) < 20
    estimate, test = compare_aurocs(auroc_covariance([truth, np.zeros(40)], truth, np.arange(40)), [1, -1])
    assert (estimate.value, estimate.low) == (0.5, None)
    assert (test.z, test.p, test.method) == (None, None, "no test: no spread among patients is seen")


def type_one(normal: list[int], alike: float, sets: int) -> list[float]:
    """Share of sets in which two equally good models differ at 5 %: by the normal test, by t, and by t for copies.

    Each set has 60 patients with one film with pneumonia, and normal patients with so many films each.
    """
    generator, films = np.random.default_rng(0), np.array([1] * 60 + normal)
    patient, truth = np.repeat(np.arange(len(films)), films), np.repeat(np.arange(len(films)) < 60, films)
    found = []
    for _ in range(sets):
        both, first, second = (
            np.sqrt(alike) * generator.normal(size=len(films))[patient]
            + np.sqrt(1 - alike) * generator.normal(size=len(patient))
            for _ in range(3)
        )
        together = auroc_covariance(
            [1.5 * truth + (both + own) / np.sqrt(2) for own in (first, second)], truth, patient
        )
        _, test = compare_aurocs(together, [1, -1])
        assert test.z is not None and test.p is not None
        found.append((two_sided(test.z), test.p, two_sided(test.z, int(together.degrees.min()))))
    return [float(share) for share in (np.array(found) < 0.05).mean(axis=0)]


def test_few_patients_with_most_films_do_not_raise_the_error() -> None:
    normal, student, copies = type_one([15, 12] + [1] * 18, alike=0.5, sets=1000)
    assert normal > 0.08
    assert 0.03 < student < 0.065
    assert copies < 0.03


@pytest.mark.parametrize("degrees", [1, 2, 3, 17, 400, 1000])
def test_the_tails_of_t_are_scipys(degrees: int) -> None:
    for t in (0.0, 0.3, -2.0, 9.0):
        assert two_sided(t, degrees) == pytest.approx(2 * stats.t.sf(abs(t), degrees), rel=1e-9)
    assert two_sided(2.0, 10**6) == two_sided(2.0, 1000)


def test_the_interval_leaves_zero_out_where_the_test_says_so() -> None:
    generator = np.random.default_rng(1)
    for _ in range(200):
        truth = generator.permutation(np.arange(12) < 6)
        scores = generator.normal(truth * 1.0, 1, (2, 12))
        estimate, test = compare_aurocs(auroc_covariance(scores, truth, np.arange(12) // 2), [1, -1])
        if test.p is not None and estimate.low is not None and estimate.high is not None:
            assert (test.p < 0.05) == (estimate.low > 0 or estimate.high < 0)


@pytest.mark.parametrize(
    ("truth", "group", "why"),
    [([True, True], [0, 1], "films of one class only"), ([True, False], [0, 1], "one patient alone")],
)
def test_what_cannot_be_tested_says_why(truth: list[bool], group: list[int], why: str) -> None:
    _, test = compare_aurocs(auroc_covariance([[0.1, 0.2], [0.3, 0.1]], truth, group), [1, -1])
    assert test.p is None
    assert why in test.method


def test_mcnemar_of_single_films_is_that_of_r() -> None:
    expected = REFERENCE.statistics["mcnemar"]
    test = clustered_mcnemar(RIGHT[1], RIGHT[0], FILMS)
    assert test.z is not None
    assert test.z**2 == pytest.approx(expected["chi2_uncorrected"], abs=1e-9)
    assert test.p == pytest.approx(expected["p"], rel=1e-9)
    assert test.z > 0
    assert "Durkalski 2003" in test.method


def test_clusters_are_weighted_as_in_durkalskis_formula() -> None:
    """The example of the R package clust.bin.pair 0.1.2; its formula gives 3.8411669 by hand."""
    both, first, second, none = [1, 3, 0, 1, 2], [51, 67, 44, 58, 47], [18, 26, 43, 21, 28], [0, 2, 1, 3, 4]
    right_first, right_second, group = [], [], []
    for cluster, counts in enumerate(zip(both, first, second, none, strict=True)):
        for count, (one, other) in zip(counts, [(1, 1), (1, 0), (0, 1), (0, 0)], strict=True):
            right_first += [one] * count
            right_second += [other] * count
            group += [cluster] * count
    z = clustered_mcnemar(right_first, right_second, group).z
    assert z is not None
    assert z**2 == pytest.approx(3.8411669533932216, abs=1e-12)


def test_many_films_of_a_patient_count_as_one() -> None:
    one = clustered_mcnemar(RIGHT[0], RIGHT[1], FILMS)
    copied = clustered_mcnemar(np.repeat(RIGHT[0], 3), np.repeat(RIGHT[1], 3), np.repeat(FILMS, 3))
    assert (copied.z, copied.p) == (one.z, one.p)


@pytest.mark.parametrize(("first", "second"), [(0, 5), (3, 3), (1, 7), (12, 4), (20, 4)])
def test_few_patients_get_the_exact_binomial_test(first: int, second: int) -> None:
    right_first, right_second = [1] * first + [0] * second, [0] * first + [1] * second
    test = clustered_mcnemar([*right_first, 1, 0], [*right_second, 1, 0], range(first + second + 2))
    assert test.p == pytest.approx(stats.binomtest(first, first + second).pvalue, abs=1e-12)
    assert "exact McNemar" in test.method


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans(), st.booleans()), min_size=1, max_size=14))
def test_exact_p_is_the_share_of_all_signs(films: list[tuple[int, bool, bool]]) -> None:
    group, first, second = (np.array(column) for column in zip(*films, strict=True))
    means = [float(first[group == one].mean() - second[group == one].mean()) for one in np.unique(group)]
    reach = abs(sum(means)) - 1e-9
    signs = itertools.product((1, -1), repeat=len(means))
    expected = np.mean([abs(sum(s * m for s, m in zip(one, means, strict=True))) >= reach for one in signs])
    assert clustered_mcnemar(first, second, group).p == pytest.approx(expected)


def test_nobody_judged_differently_is_no_difference() -> None:
    test = clustered_mcnemar([1, 0], [1, 0], [0, 1])
    assert (test.z, test.p, test.method) == (0.0, 1.0, "McNemar: no patient is judged differently")


def test_holm_is_that_of_an_independent_implementation() -> None:
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    p_values = np.random.default_rng(0).uniform(0, 0.2, 30).round(2).tolist()  # with ties
    assert holm(p_values) == pytest.approx(multitest.multipletests(p_values, method="holm")[1], abs=1e-12)


def test_mcnemar_is_that_of_an_independent_implementation() -> None:
    tables = pytest.importorskip("statsmodels.stats.contingency_tables")
    counts = [[int(((RIGHT[0] == a) & (RIGHT[1] == b)).sum()) for b in (True, False)] for a in (True, False)]
    expected = tables.mcnemar(counts, exact=False, correction=False)
    assert clustered_mcnemar(RIGHT[0], RIGHT[1], FILMS).p == pytest.approx(expected.pvalue, rel=1e-9)


def test_clustered_mcnemar_is_the_score_form_of_a_robust_regression() -> None:
    models = pytest.importorskip("statsmodels.regression.linear_model")
    patients = np.unique(PATIENT)
    gain = RIGHT[0].astype(float) - RIGHT[1]
    means = np.array([gain[one == PATIENT].mean() for one in patients])
    t = float(models.OLS(means, np.ones(len(means))).fit(cov_type="HC0").tvalues[0])
    # The robust variance is taken about the mean, that of the score about 0: both lead to each other.
    expected = len(means) * t**2 / (len(means) + t**2)
    z = clustered_mcnemar(RIGHT[0], RIGHT[1], PATIENT).z
    assert z is not None
    assert z**2 == pytest.approx(expected, rel=1e-9)


@given(st.lists(st.floats(0, 1), max_size=20))
def test_corrected_p_values_rise_and_keep_their_order(p_values: list[float]) -> None:
    corrected = holm(p_values)
    assert all(before <= after <= 1 for before, after in zip(p_values, corrected, strict=True))
    order = np.argsort(p_values, kind="stable")
    assert (np.diff(np.array(corrected)[order]) >= 0).all()


def test_two_sided_is_scipys() -> None:
    assert two_sided(-5.5) == pytest.approx(2 * stats.norm.sf(5.5), rel=1e-12)


def test_patients_needed_would_just_reach_the_power() -> None:
    needed = patients_needed(PairedTest(0.5, 0.6, ""), 100, tests=5)
    assert needed is not None
    assert stats.norm.sf(stats.norm.isf(0.005) - 0.5 * np.sqrt(needed / 100)) == pytest.approx(0.8, abs=1e-4)


@pytest.mark.parametrize("z", [None, 0.0, 3.5])
def test_no_number_of_patients_where_there_is_none_or_these_would_do(z: float | None) -> None:
    assert patients_needed(PairedTest(z, 0.07, ""), 100) is None


@given(st.floats(-50, 50), st.integers(1, 30))
def test_never_fewer_patients_than_are_at_hand(z: float, tests: int) -> None:
    needed = patients_needed(PairedTest(z, 0.2, ""), 428, tests)
    assert needed is None or needed > 428


def test_the_score_interval_of_single_films_is_newcombes() -> None:
    """His example of 36, 12, 2 and 0 of 50, by hand; with the ends of Clopper-Pearson where he takes Wilson's."""
    first, second = np.repeat([1, 1, 0, 0], [36, 12, 2, 0]), np.repeat([1, 0, 1, 0], [36, 12, 2, 0])
    one, other = (stats.binomtest(count, 50).proportion_ci(method="exact") for count in (48, 38))
    together = (36 * 0 - 12 * 2) / np.sqrt(48 * 2 * 38 * 12)
    below, above = 0.96 - one.low, other.high - 0.76
    found = paired_score_interval(first, second, np.arange(50))
    assert found.value == pytest.approx(0.2)
    assert found.low == pytest.approx(0.2 - np.sqrt(below**2 - 2 * together * below * above + above**2), abs=1e-9)
    below, above = 0.76 - other.low, one.high - 0.96
    assert found.high == pytest.approx(0.2 + np.sqrt(below**2 - 2 * together * below * above + above**2), abs=1e-9)


def test_the_score_interval_turns_with_the_sides() -> None:
    one = paired_score_interval(RIGHT[0][:90], RIGHT[1][:90], PATIENT[:90])
    other = paired_score_interval(RIGHT[1][:90], RIGHT[0][:90], PATIENT[:90])
    assert one.low is not None and one.high is not None
    assert other.low == pytest.approx(-one.high)
    assert other.high == pytest.approx(-one.low)


def test_a_few_patients_of_one_sign_do_not_exclude_zero() -> None:
    first, second = np.ones(300), np.r_[np.zeros(3), np.ones(297)]
    found = paired_score_interval(first, second, np.arange(300) // 2)
    assert few_differ(first, second, np.arange(300))
    assert found.low is not None and found.low < 0 < (found.high or 0)


def test_calls_that_are_all_alike_still_have_an_interval() -> None:
    found = paired_score_interval([1, 0, 1], [1, 0, 1], [0, 1, 2])
    assert found.value == 0.0
    assert found.low == -(found.high or 0)
    assert found.high == pytest.approx(0.5615, abs=1e-4)  # Wilson for 0 of 3
    assert "none of 3 patients" in found.method


def test_few_is_counted_in_patients() -> None:
    first, second = np.ones(100), np.r_[np.zeros(60), np.ones(40)]
    assert not few_differ(first, second, np.arange(100))
    assert few_differ(first, second, np.arange(100) // 5)
    assert FEW == 25


def test_not_worse_is_by_the_lower_end() -> None:
    assert is_not_worse(Estimate(-0.01, -0.019, 0.0, ""), 0.02) is True
    assert is_not_worse(Estimate(0.01, -0.021, 0.04, ""), 0.02) is False
    assert is_not_worse(Estimate(0.01, None, None, ""), 0.02) is None
    with pytest.raises(HilumError, match=r"Write 0\.02 for 2 points"):
        is_not_worse(Estimate(0.01, -0.021, 0.04, ""), 2.0)
