from __future__ import annotations

import pytest

from hilum.metrics import Estimate
from hilum.metrics.means import RunsMean, mean_over_runs
from hilum.reproduction.claims import CLAIMS, claim_of, is_better, verdict

PUBLISHED = 43 / 1171


def with_upper_limit(high: float, runs: int = 5) -> RunsMean:
    return RunsMean((0.03,) * runs, Estimate(0.03, 0.02, high, "made"), 0.001)


def test_published_error_has_its_exact_interval() -> None:
    error = CLAIMS["resnet50"].error
    assert error is not None and error.value == pytest.approx(0.036721, abs=5e-7)
    assert error.low == pytest.approx(0.027, abs=5e-4) and error.high == pytest.approx(0.049, abs=5e-4)


def test_better_only_where_the_upper_limit_lies_below_the_published_error() -> None:
    assert is_better(with_upper_limit(PUBLISHED - 1e-9), PUBLISHED)
    assert not is_better(with_upper_limit(PUBLISHED), PUBLISHED)
    assert not is_better(with_upper_limit(PUBLISHED + 1e-9), PUBLISHED)


def test_fewer_than_five_seeds_are_no_verdict() -> None:
    assert not is_better(with_upper_limit(0.001, runs=4), PUBLISHED)
    assert verdict(with_upper_limit(0.001, runs=4), "random20") == "no verdict before 5 seeds: 4 so far"
    assert verdict(mean_over_runs([0.01]), "random20").startswith("no verdict")


def test_verdict_is_on_the_published_protocol_alone() -> None:
    assert verdict(with_upper_limit(0.03), "random20").startswith("better")
    assert verdict(with_upper_limit(0.04), "random20").startswith("not better")
    assert verdict(with_upper_limit(0.03), "grouped20") == ""


@pytest.mark.parametrize(
    ("recipe", "start"),
    [
        ("inceptionv3-full-mobilenetv2", "0, InceptionV3"),
        ("xception-last55", "1, Xception"),
        ("resnet50-unfreeze", "2, ResNet-50"),
        ("vgg19-frozen-mobilenetv2", "3, VGG-19"),
        ("cnn-scratch", "0 and 4"),
    ],
)
def test_recipe_stands_beside_its_project(recipe: str, start: str) -> None:
    claim = claim_of(recipe)
    assert claim is not None and claim.project.startswith(start)


def test_recipes_of_our_own_stand_beside_none() -> None:
    assert claim_of("best") is None
