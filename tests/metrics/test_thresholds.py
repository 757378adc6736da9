from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from sklearn import metrics as sklearn

from hilum.errors import HilumError
from hilum.metrics import GOALS, OperatingPoint, choose_operating_points, clustered_wilson, count_outcomes
from hilum.metrics.arrays import Booleans, Floats
from hilum.metrics.thresholds import MARGIN
from reference_films import REFERENCE, both_models
from scored_films import scored_films

Films = tuple[Floats, Booleans]
PROBABILITY = [0.1, 0.2, 0.4, 0.6, 0.7, 0.9]
TRUTH = [False, False, True, False, True, True]


def _choose(goal: str, probability: list[float] = PROBABILITY, truth: list[bool] = TRUTH) -> OperatingPoint:
    return choose_operating_points(probability, truth, (goal,))[0]


@pytest.mark.parametrize(
    ("goal", "threshold", "sensitivity", "specificity"),
    [
        ("youden", 0.3, 1.0, 2 / 3),  # as good as 0.65 (2/3 and 1): the one that misses fewer is taken
        ("sensitivity>=0.95", 0.3, 1.0, 2 / 3),
        ("sensitivity>=0.6", 0.65, 2 / 3, 1.0),
        ("specificity>=0.90", 0.65, 2 / 3, 1.0),
        ("specificity>=0.5", 0.3, 1.0, 2 / 3),
        ("cost=5:1", 0.3, 1.0, 2 / 3),
        ("cost=1:5", 0.65, 2 / 3, 1.0),
        ("0.5", 0.5, 2 / 3, 2 / 3),
    ],
)
def test_points_by_hand(goal: str, threshold: float, sensitivity: float, specificity: float) -> None:
    point = _choose(goal)
    assert point.threshold == pytest.approx(threshold)
    assert (point.sensitivity, point.specificity) == pytest.approx((sensitivity, specificity))
    assert point.is_reached


def test_every_goal_is_chosen_under_its_name() -> None:
    points = choose_operating_points(PROBABILITY, TRUTH)
    assert tuple(point.name for point in points) == GOALS
    assert points[0].goal == "the highest specificity with a sensitivity of at least 0.95"


@given(scored_films(both_classes=True))
def test_the_stated_figures_are_those_of_the_threshold(films: Films) -> None:
    probability, truth = films
    for point in choose_operating_points(probability, truth):
        counts = count_outcomes(point.calls_pneumonia(probability), truth)
        assert (counts.sensitivity, counts.specificity) == pytest.approx((point.sensitivity, point.specificity))


@given(scored_films(both_classes=True))
def test_another_processors_last_digits_flip_nothing(films: Films) -> None:
    probability, truth = films
    for point in choose_operating_points(probability, truth, ("youden", "sensitivity>=0.95", "specificity>=0.90")):
        called = point.calls_pneumonia(probability)
        for change in (-1e-7, 1e-7):
            moved = np.clip(probability + change, 0, 1)
            np.testing.assert_array_equal(point.calls_pneumonia(moved), called)


@given(scored_films(both_classes=True))
def test_goals_are_reached_at_the_least_cost(films: Films) -> None:
    probability, truth = films
    points = choose_operating_points(probability, truth, ("sensitivity>=0.80", "specificity>=0.80"))
    by_sensitivity, by_specificity = points
    # By trying every distinct probability: no sensitive enough threshold is more specific, and the other way round.
    # (Probabilities nearer than the margin are one for hilum, so they are left out here.)
    if (np.diff(np.unique(probability)) <= 2 * MARGIN).any():
        return
    tried = [count_outcomes(probability >= value, truth) for value in np.r_[np.unique(probability), 2.0]]
    assert by_sensitivity.sensitivity >= 0.80
    assert by_sensitivity.specificity == max(float(one.specificity) for one in tried if one.sensitivity >= 0.80)
    if by_specificity.is_reached:
        assert by_specificity.sensitivity == max(float(one.sensitivity) for one in tried if one.specificity >= 0.80)


@both_models
def test_youden_agrees_with_scikit_learn(model: str) -> None:
    probability = REFERENCE.probability[model]
    false_alarms, sensitivity, _ = sklearn.roc_curve(REFERENCE.is_pneumonia, probability, drop_intermediate=False)
    point = choose_operating_points(probability, REFERENCE.is_pneumonia, ("youden",))[0]
    assert point.sensitivity + point.specificity - 1 == pytest.approx((sensitivity - false_alarms).max())


def test_thresholds_beyond_the_outermost_film_are_midway_to_the_end() -> None:
    everyone = _choose("sensitivity>=0.95", [0.2, 0.6], [True, False])
    assert everyone.threshold == pytest.approx(0.1)
    nobody = _choose("specificity>=0.90", [0.2, 0.6], [True, False])
    assert nobody.threshold == pytest.approx(0.8)
    assert nobody.sensitivity == 0


def test_equal_probabilities_are_never_cut_apart() -> None:
    point = _choose("sensitivity>=0.95", [0.4, 0.4, 0.4, 0.8], [True, False, False, True])
    assert point.threshold == pytest.approx(0.2)
    assert point.specificity == 0


def test_probabilities_nearer_than_the_margin_are_never_cut_apart() -> None:
    point = _choose("youden", [0.3, 0.5, 0.5 + 1e-9, 0.9], [False, False, True, True])
    assert min(abs(point.threshold - 0.4), abs(point.threshold - 0.7)) < 1e-8


def test_a_goal_out_of_reach_is_said_to_be_so() -> None:
    point = _choose("specificity>=0.90", [1.0, 1.0, 1.0], [True, False, False])
    assert not point.is_reached
    assert point.specificity == 0


def test_everything_can_be_called_where_the_smallest_probability_is_zero() -> None:
    assert _choose("sensitivity>=0.95", [0.0, 0.5], [True, False]).threshold == 0


@pytest.mark.parametrize("truth", [True, False])
def test_one_class_chooses_nothing(truth: bool) -> None:
    with pytest.raises(HilumError, match="films of both classes"):
        choose_operating_points([0.1, 0.9], [truth, truth])


@pytest.mark.parametrize(
    "goal", ["best", "cost=5", "cost=0:1", "cost=5:0.0", "sensitivity>=1.2", "95", "sensitivity>0.9", "sensitivity>=."]
)
def test_goals_that_mean_nothing_are_refused(goal: str) -> None:
    with pytest.raises(HilumError, match="There is no operating point"):
        _choose(goal)


@given(scored_films(both_classes=True))
def test_no_threshold_costs_less(films: Films) -> None:
    probability, truth = films
    if (np.diff(np.unique(probability)) <= 2 * MARGIN).any():
        return
    point = choose_operating_points(probability, truth, ("cost=5:1",))[0]

    def cost(threshold: float) -> float:
        counts = count_outcomes(probability >= threshold, truth)
        return float(5 * counts.false_negatives + counts.false_positives)

    assert cost(point.threshold) == min(cost(one) for one in np.r_[np.unique(probability), 2.0])


def test_points_carry_their_sampling_error_over_patients() -> None:
    probability, truth = REFERENCE.probability["fine_tuned"], REFERENCE.is_pneumonia
    for point in choose_operating_points(probability, truth, group=REFERENCE.patient):
        called = point.calls_pneumonia(probability)
        found = clustered_wilson(called[truth], REFERENCE.patient[truth])
        cleared = clustered_wilson(~called[~truth], REFERENCE.patient[~truth])
        assert (point.sensitivity_low, point.sensitivity_high) == (found.low, found.high)
        assert (point.specificity_low, point.specificity_high) == (cleared.low, cleared.high)
    assert _choose("youden").sensitivity_low is None
