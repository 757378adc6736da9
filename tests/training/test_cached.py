"""A run on cached activations ends where the same run on the films themselves ends."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from hilum.errors import HilumError
from hilum.models import FilmClassifier
from hilum.progress import Silent
from hilum.training import Job, Place, Stopped, TrainedNetwork, cached_feed, train_network
from small_job import after, first_network, run, same_weights, small_job, small_recipe

pytestmark = pytest.mark.slow  # seconds a test: `make check` leaves them to `make test`

FROZEN = ("network.trained=head", "network.dropout=0.3", "augment.views=2", "train.keep=last")
CACHED = (*FROZEN, "cache.enabled=true", "cache.engine=torch")


def network_with_statistics(job: Job) -> FilmClassifier:
    """First weights whose batch norms have seen films, as pretrained ones have."""
    classifier = first_network(job.recipe).train()
    with torch.no_grad():
        classifier(torch.from_numpy(job.pixels[:32])[:, None])
    return classifier


def run_cached(job: Job, caches: Path, classifier: FilmClassifier | None = None) -> TrainedNetwork:
    classifier = classifier or network_with_statistics(job)
    return train_network(classifier, cached_feed(classifier, job, Place(caches, 10**7), Silent()), job, Silent())


def run_uncached(job: Job) -> TrainedNetwork:
    return run(job, network_with_statistics(job))


def losses(trained: TrainedNetwork) -> np.ndarray:
    return np.array([[row.loss, row.select_loss] for row in trained.history])


def test_losses_equal_those_of_the_uncached_run(tmp_path: Path) -> None:
    cached = run_cached(small_job(tmp_path / "cached", small_recipe(*CACHED)), tmp_path)
    uncached = run_uncached(small_job(tmp_path / "uncached", small_recipe(*FROZEN)))
    np.testing.assert_allclose(losses(cached), losses(uncached), atol=1e-5, rtol=0)
    assert losses(cached)[0, 0] > losses(cached)[-1, 0]
    assert cached.seconds > sum(row.seconds for row in cached.history)  # the frozen layers took time, too
    assert uncached.seconds == sum(row.seconds for row in uncached.history)


@pytest.mark.parametrize("change", ["cache.precision=fp16", "cache.engine=onnxruntime"])
def test_half_precision_and_another_engine_change_losses_by_less_than_a_hundredth(tmp_path: Path, change: str) -> None:
    cached = run_cached(small_job(tmp_path / "cached", small_recipe(*CACHED, change)), tmp_path)
    uncached = run_uncached(small_job(tmp_path / "uncached", small_recipe(*FROZEN)))
    np.testing.assert_allclose(losses(cached), losses(uncached), rtol=0.01)
    assert abs(cached.kept.auroc - uncached.kept.auroc) <= 0.002


@pytest.mark.parametrize("steps", [3, 8])
def test_stopped_run_resumes_from_the_state_to_the_same_weights(tmp_path: Path, steps: int) -> None:
    recipe = small_recipe(*CACHED)
    whole = run_cached(small_job(tmp_path / "whole", recipe), tmp_path)
    with pytest.raises(Stopped):
        run_cached(small_job(tmp_path / "parts", recipe, stop=after(steps)), tmp_path)
    # A resumed run begins with other weights: its own stand in the state alone.
    resumed = run_cached(
        small_job(tmp_path / "parts", recipe), tmp_path, first_network(recipe.model_copy(update={"seed": 99}))
    )
    assert same_weights(whole.classifier, resumed.classifier)


def test_other_films_are_computed_again(tmp_path: Path) -> None:
    job = small_job(tmp_path / "run", small_recipe(*CACHED))
    run_cached(job, tmp_path / "caches")
    changed = job.pixels.copy()
    changed[0, 5, 5] ^= 1
    run_cached(replace(job, pixels=changed, directory=tmp_path / "again"), tmp_path / "caches")
    assert len(list((tmp_path / "caches").glob("*/key.json"))) == 2


@pytest.mark.parametrize(
    "change",
    [
        "network.activation=gelu",
        "network.scaling=unit",
        "network.widths=[16, 32]",
        "augment.zoom=0.5",
        "augment.fill=edge",
        "augment.views=3",
        "seed=5",
        "cache.precision=fp16",
        "cache.engine=onnxruntime",
    ],
)
def test_whatever_changes_activations_changes_the_key(tmp_path: Path, change: str) -> None:
    for changes in ((), (change,)):
        job = small_job(tmp_path / "run", small_recipe(*CACHED, *changes))
        # The same weights, so that the network's settings alone must tell the two apart.
        cached_feed(first_network(job.recipe), job, Place(tmp_path / "caches", 10**7), Silent())
    assert len(list((tmp_path / "caches").glob("*/key.json"))) == 2


@pytest.mark.parametrize("change", ["train.learning_rate=0.5", "train.batch_size=16", "train.epochs=9"])
def test_what_only_the_tail_sees_shares_the_cache(tmp_path: Path, change: str) -> None:
    for changes in ((), (change,)):
        job = small_job(tmp_path / "run", small_recipe(*CACHED, *changes))
        cached_feed(first_network(job.recipe), job, Place(tmp_path / "caches", 10**7), Silent())
    assert len(list((tmp_path / "caches").glob("*/key.json"))) == 1


def test_network_that_learns_entirely_cannot_be_cached(tmp_path: Path) -> None:
    job = small_job(tmp_path, small_recipe("augment.views=2"))
    with pytest.raises(HilumError, match="No layer is frozen"):
        cached_feed(first_network(job.recipe), job, Place(tmp_path, 10**7), Silent())
