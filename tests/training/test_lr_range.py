"""The learning-rate range test: suggests, writes nothing, and leaves the weights as they were."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from hilum.errors import HilumError
from hilum.images import read_film
from hilum.progress import Silent
from hilum.recipe import Recipe
from hilum.training import FilmFeed
from hilum.training.lr_range import LARGEST, SMALLEST, RangeTest, draw_range, range_test, steepest, valley
from hilum.training.step import Learner
from small_job import first_network, small_job, small_recipe

pytestmark = pytest.mark.slow  # seconds a test: `make check` leaves them to `make test`


def swept(directory: Path, recipe: Recipe, steps: int = 40) -> RangeTest:
    classifier, job = first_network(recipe), small_job(directory, recipe)
    return range_test(classifier, FilmFeed(classifier, job), job, Silent(), steps=steps)


def test_weights_and_statistics_are_put_back_bit_for_bit(tmp_path: Path) -> None:
    recipe = small_recipe()
    classifier, job = first_network(recipe), small_job(tmp_path / "run", recipe)
    before = {name: tensor.clone() for name, tensor in classifier.state_dict().items()}
    range_test(classifier, FilmFeed(classifier, job), job, Silent(), steps=40)
    after = classifier.state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
    assert not (tmp_path / "run").exists()


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> RangeTest:
    return swept(tmp_path_factory.mktemp("sweep"), small_recipe(), steps=100)


def test_rates_rise_exponentially_from_the_smallest_to_the_largest(sweep: RangeTest) -> None:
    ratios = sweep.rates[1:] / sweep.rates[:-1]
    assert np.allclose(ratios, ratios[0])
    assert (sweep.rates[0], sweep.rates[-1]) == pytest.approx((SMALLEST, LARGEST))


def test_sweep_ends_where_the_loss_has_diverged(tmp_path: Path) -> None:
    penalised = small_recipe("train.optimizer=sgd", "train.l2=1")  # overshoots at rates of about 2
    seen = swept(tmp_path, penalised, steps=60)
    assert len(seen.rates) < 60 and 0.5 < seen.rates[-1] < LARGEST
    assert seen.smoothed[-1] > 4 * seen.smoothed.min() > seen.smoothed[-2]


def test_suggestions_lie_where_the_loss_falls(sweep: RangeTest) -> None:
    lowest = sweep.rates[np.argmin(sweep.smoothed)]
    assert 1e-5 < sweep.valley < lowest and 1e-5 < sweep.steepest <= lowest
    assert sweep.fell_by > 0.1


def test_smoothed_loss_is_that_of_the_definition(sweep: RangeTest) -> None:
    weights = 0.98 ** np.arange(len(sweep.losses))[::-1]
    assert sweep.smoothed[-1] == pytest.approx((weights * sweep.losses).sum() / weights.sum())


def test_same_seed_gives_the_same_test(tmp_path: Path) -> None:
    one, other = (swept(tmp_path, small_recipe(), steps=20) for _ in range(2))
    assert np.array_equal(one.losses, other.losses)


def test_frozen_layers_stay_frozen_and_the_recipe_s_own_steps_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier = first_network(small_recipe("network.trained=head"))
    job = small_job(tmp_path, small_recipe("network.trained=head"))
    body = {name: tensor.clone() for name, tensor in classifier.body.state_dict().items()}
    moved: list[bool] = []
    step = Learner.step

    def spied(self: Learner, *arguments: object) -> float:
        loss = step(self, *arguments)  # type: ignore[arg-type]
        moved.append(any(not torch.equal(body[name], t) for name, t in classifier.body.state_dict().items()))
        return loss

    monkeypatch.setattr(Learner, "step", spied)
    range_test(classifier, FilmFeed(classifier, job), job, Silent(), steps=30)
    assert len(moved) > 10 and not any(moved)


def test_loss_that_diverges_at_once_is_one_sentence(tmp_path: Path) -> None:
    class Broken(FilmFeed):
        def batches(self, positions, epoch):  # type: ignore[no-untyped-def]
            for films, labels in super().batches(positions, epoch):
                yield films.float() * torch.nan, labels

    classifier, job = first_network(small_recipe()), small_job(tmp_path)
    with pytest.raises(HilumError, match="The loss diverged after 0 of 30 steps"):
        range_test(classifier, Broken(classifier, job), job, Silent(), steps=30)


def test_steepest_is_before_the_largest_fall_over_the_logarithm() -> None:
    rates = np.array([1e-4, 1e-3, 3e-3, 1e-2])
    assert steepest(rates, np.array([1.0, 0.8, 0.65, 0.6])) == 1e-3  # 0.15 over half a decade beats 0.2 over one


def test_valley_is_that_of_fast_ai() -> None:
    """Its own loops, on noisy falls; where the fall begins at the first loss they count from behind the end."""

    def by_loops(rates: np.ndarray, losses: np.ndarray) -> tuple[int, float]:
        start = end = 0
        longest = [1] * len(losses)
        for i in range(1, len(losses)):
            for j in range(i):
                if losses[i] < losses[j] and longest[i] < longest[j] + 1:
                    longest[i] = longest[j] + 1
                if longest[end] < longest[i]:
                    end, start = i, i - longest[i]
        third = (end - start) / 3
        index = start + int(third) + int(third / 2)
        return index, float(rates[index])

    generator = np.random.default_rng(0)
    for _ in range(200):
        losses = np.cumsum(generator.normal(-0.02, 0.1, generator.integers(20, 90)))
        rates = np.logspace(-7, 0, len(losses))
        index, expected = by_loops(rates, losses)
        assert index < 0 or valley(rates, losses) == expected


def test_picture_is_a_png_of_its_size(sweep: RangeTest) -> None:
    picture = read_film(draw_range(sweep, "a $name$"), name="picture")
    assert (picture.width_px, picture.height_px) == (1440, 840)
