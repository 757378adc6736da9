"""THE loop: learns, keeps the best epoch, and resumes to the same weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from hilum.errors import HilumError
from hilum.exporting import network_logits
from hilum.models import FilmClassifier, build_network, freeze
from hilum.progress import Silent
from hilum.recipe import Recipe, Train, read_recipe
from hilum.training import Job, Machine, Stopped, TrainedNetwork, loop, train_network
from hilum.training.loop import class_weights, weighted_loss
from hilum.training.schedules import learning_rate

RECIPE = read_recipe(
    "cnn-scratch",
    ["film.side=32", "network.widths=[16, 16]", "train.epochs=3", "train.batch_size=8", "train.learning_rate=0.01"],
)


def job(directory: Path, recipe: Recipe = RECIPE) -> Job:
    """Films whose upper half is darker where there is pneumonia: easy, and learned within three epochs."""
    pixels = np.random.default_rng(0).integers(0, 256, (72, 32, 32), dtype=np.uint8)
    is_pneumonia = np.arange(72) % 2 == 0
    pixels[is_pneumonia, :16] //= 3
    machine = Machine("cpu", "fp32", threads=1, workers=0)
    return Job(recipe, pixels, is_pneumonia, np.arange(48), np.arange(48, 72), machine, directory)


def run(work: Job) -> TrainedNetwork:
    torch.manual_seed(work.recipe.seed)
    classifier = build_network(work.recipe.network)
    freeze(classifier, work.recipe.network.trained)
    return train_network(classifier, work, Silent())


def after(steps: int) -> Callable[[], bool]:
    """Says stop once that many steps have been taken."""
    taken = 0

    def stop() -> bool:
        nonlocal taken
        taken += 1
        return taken >= steps

    return stop


def same_weights(one: TrainedNetwork, other: TrainedNetwork) -> bool:
    pairs = zip(one.classifier.state_dict().values(), other.classifier.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_loop_learns_what_is_easy(tmp_path: Path) -> None:
    trained = run(job(tmp_path))
    assert trained.kept.auroc > 0.95
    assert trained.history[-1].loss < trained.history[0].loss


@pytest.mark.parametrize("steps", [1, 6, 8, 17])
def test_run_stopped_at_any_step_resumes_to_the_same_weights(tmp_path: Path, steps: int) -> None:
    whole = run(job(tmp_path / "whole"))
    with pytest.raises(Stopped, match="--resume"):
        run(replace(job(tmp_path / "parts"), stop=after(steps)))
    resumed = run(job(tmp_path / "parts"))
    assert same_weights(whole, resumed)
    assert [replace(row, seconds=0) for row in resumed.history] == [replace(row, seconds=0) for row in whole.history]


@pytest.mark.parametrize("keep", ["auroc", "loss", "last"])
def test_kept_epoch_is_the_best_by_the_chosen_figure(tmp_path: Path, keep: str) -> None:
    trained = run(job(tmp_path, RECIPE.model_copy(update={"train": RECIPE.train.model_copy(update={"keep": keep})})))
    rows = trained.history
    best = {
        "auroc": max(range(3), key=lambda i: rows[i].auroc),
        "loss": min(range(3), key=lambda i: rows[i].select_loss),
        "last": 2,
    }
    assert trained.kept_epoch == best[keep] + 1


def test_weights_given_back_are_those_of_the_kept_epoch(tmp_path: Path) -> None:
    work = job(tmp_path)
    trained = run(work)
    logit = network_logits(trained.classifier, work.pixels[work.select_rows])
    assert np.mean(logit[work.is_pneumonia[work.select_rows]] >= 0) == pytest.approx(trained.kept.sensitivity)


def test_loss_that_is_no_number_stops_the_run_and_keeps_the_last_state(tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        run(replace(job(tmp_path), stop=after(2)))
    before = (tmp_path / "state.safetensors").read_bytes()
    diverging = RECIPE.model_copy(update={"train": RECIPE.train.model_copy(update={"learning_rate": 1e38})})
    with pytest.raises(HilumError, match=r"Lower train\.learning_rate"):
        run(job(tmp_path, diverging))
    assert (tmp_path / "state.safetensors").read_bytes() == before


def test_each_class_weighs_the_same_however_many_films_it_has() -> None:
    is_pneumonia = np.array([True] * 9 + [False])
    weights = class_weights(is_pneumonia, RECIPE.train).numpy()
    assert weights[1] * 9 == pytest.approx(5)
    assert weights[0] * 1 == pytest.approx(5)


def test_loss_is_the_weighted_cross_entropy_of_moved_labels() -> None:
    logit, truth = torch.tensor([1.0, -2.0]), torch.tensor([True, False])
    loss = weighted_loss(logit, truth, torch.tensor([3.0, 0.5]), smoothing=0.2)
    by_hand = 0.5 * (0.9 * np.log1p(np.exp(-1)) + 0.1 * np.log1p(np.exp(1)))
    by_hand += 3.0 * (0.1 * np.log1p(np.exp(2)) + 0.9 * np.log1p(np.exp(-2)))
    assert float(loss) == pytest.approx(by_hand / 2, rel=1e-5)


def test_schedule_runs_over_all_epochs_and_judging_looks_at_the_select_films(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[int] = []
    judged: list[int] = []

    def spied_rate(train: Train, step: int, total: int) -> float:
        steps.append(step)
        return learning_rate(train, step, total)

    def spied_logits(classifier: FilmClassifier, films: np.ndarray) -> np.ndarray:
        judged.append(len(films))
        return network_logits(classifier, films)

    monkeypatch.setattr(loop, "learning_rate", spied_rate)
    monkeypatch.setattr(loop, "network_logits", spied_logits)
    run(job(tmp_path))
    assert steps == [*range(6), 1, *range(6, 12), 2, *range(12, 18), 3]  # six steps an epoch, then the epoch's own row
    assert judged == [24, 24, 24]
