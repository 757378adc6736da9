"""What follows training."""

from __future__ import annotations

import numpy as np
import pytest

from hilum.errors import HilumError
from hilum.metrics import PlattScaling, choose_operating_points
from hilum.models import build_network
from hilum.recipe import read_recipe
from hilum.training.assemble import SMALLEST_SLOPE, calibrate_upwards, compare, timm_config

PLATT = PlattScaling(1.0, 0.0)
LOGIT = np.array([-2.0, -1.0, 1.0, 2.0])
POINTS = choose_operating_points(PLATT.probability(LOGIT), LOGIT > 0)


def test_network_and_graph_that_agree_are_let_through_with_their_difference() -> None:
    parity = compare(PLATT, POINTS, LOGIT, LOGIT + 1e-5)
    assert parity.films == 4 and parity.flipped_decisions == 0
    assert 0 < parity.largest_probability_difference < 1e-5


@pytest.mark.parametrize("change", [np.array([0, 0, 0, 1e-2]), np.array([0, 0, np.nan, 0])])
def test_graph_that_answers_otherwise_is_refused(change: np.ndarray) -> None:
    with pytest.raises(HilumError, match="differ by"):
        compare(PLATT, POINTS, LOGIT, LOGIT + change)


def test_decision_flipped_by_the_smallest_difference_is_refused() -> None:
    half = choose_operating_points([0.2, 0.7], [False, True], ("0.5",))
    with pytest.raises(HilumError, match="1 decisions"):
        compare(PLATT, half, np.array([-1e-9]), np.array([1e-9]))


def test_calibration_never_turns_the_model_around() -> None:
    backwards = calibrate_upwards(LOGIT, LOGIT < 0)
    assert backwards.slope == SMALLEST_SLOPE
    assert backwards.probability(LOGIT) == pytest.approx([0.5] * 4, abs=1e-3)
    assert (np.diff(backwards.probability(LOGIT)) > 0).all()
    assert calibrate_upwards(LOGIT, LOGIT > 0).slope > SMALLEST_SLOPE


@pytest.mark.parametrize(("geometry", "crop_mode"), [("squash", "squash"), ("pad", "border")])
def test_config_says_in_the_words_of_timm_how_a_film_becomes_a_square(geometry: str, crop_mode: str) -> None:
    recipe = read_recipe("cnn-scratch", [f"film.geometry={geometry}"])
    assert timm_config(build_network(recipe.network), recipe)["pretrained_cfg"]["crop_mode"] == crop_mode
