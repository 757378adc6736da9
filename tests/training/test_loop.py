"""THE loop: learns, keeps the best epoch, and resumes to the same weights, whatever tools the recipe names."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from hilum.errors import HilumError
from hilum.exporting import network_logits
from hilum.progress import Silent
from hilum.recipe import Train
from hilum.training import EpochRow, FilmFeed, Stopped, TrainedNetwork, loop, train_network
from hilum.training.averages import WeightAverage
from hilum.training.checkpoint import read_tensors_and_facts
from hilum.training.schedules import learning_rate
from small_job import after, first_network, run, same_weights, small_job, small_recipe

TESTS = Path(__file__).parents[1]
FROZEN = "network.trained=head"
TOOLS: dict[str, tuple[str, ...]] = {
    "momentum that moves": ("train.cycle_momentum=true",),
    "plateau": ("train.schedule=plateau", "train.plateau_patience=1", "train.learning_rate=0.3"),
    "sgd": ("train.optimizer=sgd", "train.cycle_momentum=true"),
    "rmsprop": ("train.optimizer=rmsprop", "train.learning_rate=0.001"),
    "discriminative rates": ("train.first_layers_rate=0.1", "train.optimizer=adam"),
    "unfreezing": (FROZEN, "train.unfreeze_epoch=1", "train.unfrozen_learning_rate=0.001"),
    "average": ("train.average=0.9",),
    "average and unfreezing": (FROZEN, "train.average=0.5", "train.unfreeze_epoch=1"),
    "balanced sampler": ("train.balanced_sampler=true",),
    "mixup": ("augment.mixup=0.4",),
    "views": ("augment.views=1", "augment.noise=0.1", "augment.fill=edge"),
    "focal loss": ("train.loss=focal",),
    "penalties": ("train.l1=0.001", "train.l2=0.01"),
    "clipping": ("train.clip_norm=0.1", "train.optimizer=sgd"),
}


def without_seconds(trained: TrainedNetwork) -> list[EpochRow]:
    return [replace(row, seconds=0) for row in trained.history]


def require_same_after_resume(directory: Path, changes: Sequence[str], steps: int, films: int = 48) -> list[EpochRow]:
    recipe, rows = small_recipe(*changes), np.arange(films)
    whole = run(small_job(directory / "whole", recipe, fit_rows=rows))
    with pytest.raises(Stopped, match="--resume"):
        run(small_job(directory / "parts", recipe, fit_rows=rows, stop=after(steps)))
    resumed = run(small_job(directory / "parts", recipe, fit_rows=rows))
    assert same_weights(whole.classifier, resumed.classifier)
    assert without_seconds(resumed) == without_seconds(whole) and resumed.kept_epoch == whole.kept_epoch
    return without_seconds(resumed)


def test_loop_learns_what_is_easy(tmp_path: Path) -> None:
    trained = run(small_job(tmp_path))
    assert trained.kept.auroc > 0.95
    assert trained.history[-1].loss < trained.history[0].loss


@pytest.mark.parametrize("steps", [1, 6, 8, 17])
def test_run_stopped_at_any_step_resumes_to_the_same_weights(tmp_path: Path, steps: int) -> None:
    require_same_after_resume(tmp_path, (), steps)


@pytest.mark.parametrize("tool", TOOLS)
def test_run_with_any_tool_resumes_to_the_same_weights(tmp_path: Path, tool: str) -> None:
    steps = int(np.random.default_rng(list(tool.encode())).integers(1, 6))  # of three in each of two epochs
    require_same_after_resume(tmp_path, (*TOOLS[tool], "train.epochs=2", "train.keep=last"), steps, films=24)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> TrainedNetwork:
    return one_short_epoch(tmp_path_factory.mktemp("plain"))


def one_short_epoch(directory: Path, *changes: str) -> TrainedNetwork:
    recipe = small_recipe("train.epochs=1", "train.keep=last", *changes)
    return run(small_job(directory, recipe, fit_rows=np.arange(24)))


@pytest.mark.parametrize("tool", [tool for tool in TOOLS if "unfreezing" not in tool])
def test_every_tool_changes_what_is_learned(plain: TrainedNetwork, tmp_path: Path, tool: str) -> None:
    assert not same_weights(one_short_epoch(tmp_path, *TOOLS[tool]).classifier, plain.classifier)


@pytest.mark.slow
def test_two_processes_learn_in_pieces_what_one_learns_at_once(tmp_path: Path) -> None:
    """Frozen norms and no dropout, so that nothing but the order of sums depends on who has which films."""
    code = """
import sys
from dataclasses import replace
from pathlib import Path
import torch
from hilum.training import joined_processes
from small_job import run, small_job, small_recipe

changes = ("network.trained=head", "network.dropout=0", "train.l2=0.01", "train.clip_norm=0.5", "train.keep=last")
with joined_processes(8, "cpu") as processes:
    job = small_job(Path(sys.argv[1]), small_recipe(*changes), processes=processes)
    trained = run(replace(job, machine=replace(job.machine, micro_batch=int(sys.argv[2]))))
"""
    (tmp_path / "train.py").write_text(code)
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    for how, films in ((torchrun, "3"), ([], "0")):
        command = [sys.executable, *how, str(tmp_path / "train.py"), str(tmp_path / films), films]
        done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(TESTS)}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    (two, _), (one, _) = (read_tensors_and_facts(tmp_path / films / "kept.safetensors") for films in ("3", "0"))
    assert all(torch.allclose(two[name].float(), tensor.float(), atol=1e-5) for name, tensor in one.items())


def test_kept_epoch_and_early_stop_are_resumed(tmp_path: Path) -> None:
    changes = (
        "train.early_stop=2",
        "train.learning_rate=0.1",
        "train.epochs=9",
        "train.schedule=plateau",
        "train.plateau_patience=1",
        "train.keep=auroc",
    )
    history = require_same_after_resume(tmp_path, changes, 8, films=24)
    assert len(history) < 9 and history[-1].learning_rate < 0.1


@pytest.mark.parametrize("keep", ["auroc", "auprc", "loss", "sensitivity", "balanced-accuracy", "f1", "last"])
def test_kept_epoch_is_the_best_by_the_chosen_figure(tmp_path: Path, keep: str) -> None:
    work = small_job(tmp_path, small_recipe(f"train.keep={keep}", "train.learning_rate=0.1"))
    trained = run(work)
    of_row = {"loss": lambda row: -row.select_loss, "last": lambda row: row.epoch}
    values = [of_row.get(keep, lambda row: getattr(row, keep.replace("-", "_")))(row) for row in trained.history]
    assert trained.kept_epoch == values.index(max(values)) + 1
    logit = network_logits(trained.classifier, work.pixels[work.select_rows])
    assert np.mean(logit[work.is_pneumonia[work.select_rows]] >= 0) == pytest.approx(trained.kept.sensitivity)


def test_loss_that_is_no_number_stops_the_run_and_keeps_the_last_state(tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        run(small_job(tmp_path, stop=after(2)))
    before = (tmp_path / "state.safetensors").read_bytes()
    recipe = small_recipe()
    diverging = recipe.model_copy(update={"train": recipe.train.model_copy(update={"learning_rate": 1e38})})
    with pytest.raises(HilumError, match=r"Lower train\.learning_rate"):
        run(small_job(tmp_path, diverging))
    assert (tmp_path / "state.safetensors").read_bytes() == before


def test_schedule_runs_over_all_epochs_and_judging_looks_at_the_select_films(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places: list[tuple[int, int]] = []
    judged: list[int] = []

    def spied_rate(train: Train, epoch: int, step: int, steps: int, figures: Sequence[float]) -> float:
        assert steps == 6 and len(figures) == epoch
        places.append((epoch, step))
        return learning_rate(train, epoch, step, steps, figures)

    def spied_logits(feed: FilmFeed) -> np.ndarray:
        judged.append(len(feed.job.select_rows))
        return network_logits(feed.classifier, feed.job.pixels[feed.job.select_rows])

    monkeypatch.setattr(loop, "learning_rate", spied_rate)
    monkeypatch.setattr(FilmFeed, "select_logits", spied_logits)
    run(small_job(tmp_path))
    assert places == [place for epoch in range(3) for place in [*((epoch, step) for step in range(6)), (epoch, 5)]]
    assert judged == [24, 24, 24]


def test_body_is_as_it_was_until_it_is_unfrozen_and_moves_from_then_on(tmp_path: Path) -> None:
    changes = ("network.trained=head", "train.keep=last")
    first = first_network(small_recipe(*changes)).body
    frozen = run(small_job(tmp_path / "frozen", small_recipe(*changes))).classifier
    assert same_weights(frozen.body, first)
    still = run(small_job(tmp_path / "still", small_recipe(*changes, "train.epochs=2"))).classifier
    assert same_weights(still.body, first)
    recipe = small_recipe(*changes, "train.unfreeze_epoch=2")
    thawed = run(small_job(tmp_path / "thawed", recipe)).classifier
    moved = [not torch.equal(a, b) for a, b in zip(thawed.body.parameters(), first.parameters(), strict=True)]
    assert all(moved)


def test_rates_after_unfreezing_begin_a_cycle_of_their_own(tmp_path: Path) -> None:
    recipe = small_recipe(
        "network.trained=head", "train.unfreeze_epoch=2", "train.unfrozen_learning_rate=0.002", "train.schedule=cosine"
    )
    rates = [row.learning_rate for row in run(small_job(tmp_path, recipe)).history]
    assert rates[1] == rates[2] == 0.0  # both cycles have come to their end
    assert learning_rate(recipe.train, 2, 0, 6) == 0.002


def test_average_is_judged_and_kept_but_does_not_learn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    averages: list[WeightAverage] = []
    judged: list[torch.Tensor] = []
    build = WeightAverage.__init__

    def remembered(self: WeightAverage, *arguments: object) -> None:
        build(self, *arguments)  # type: ignore[arg-type]
        averages.append(self)

    def spied_logits(feed: FilmFeed) -> np.ndarray:
        judged.append(feed.classifier.head.last.weight.detach().clone())
        return network_logits(feed.classifier, feed.job.pixels[feed.job.select_rows])

    monkeypatch.setattr(WeightAverage, "__init__", remembered)
    monkeypatch.setattr(FilmFeed, "select_logits", spied_logits)
    trained = run(small_job(tmp_path, small_recipe("train.average=0.8", "train.keep=last")))
    name = next(name for name in averages[0].average if name.endswith("last.weight"))
    last_judged = judged[-1]
    assert torch.equal(last_judged, averages[0].average[name])
    assert torch.equal(trained.classifier.head.last.weight, averages[0].average[name])
    learned = run(small_job(tmp_path / "plain", small_recipe("train.keep=last")))
    assert not torch.equal(last_judged, learned.classifier.head.last.weight)
    assert [row.loss for row in learned.history] == [row.loss for row in trained.history]


def test_every_epoch_is_told_with_the_whole_history_and_once(tmp_path: Path) -> None:
    told: list[int] = []
    recipe = small_recipe("train.epochs=2")
    with pytest.raises(Stopped):
        run(small_job(tmp_path, recipe, stop=after(8), on_epoch=(lambda rows: told.append(len(rows)),)))
    assert told == [1]
    run(small_job(tmp_path, recipe, on_epoch=(lambda rows: told.append(len(rows)),)))
    assert told == [1, 2]


def test_loop_asks_nothing_of_a_feed_but_batches_and_logits(tmp_path: Path) -> None:
    """Any feed will do: this one gives pooled grey levels to a linear head that stands for the classifier's."""
    work = small_job(tmp_path, small_recipe("network.trained=head", "train.epochs=2"))
    classifier = first_network(work.recipe)

    class Pooled(FilmFeed):
        def __init__(self) -> None:
            super().__init__(classifier, work)
            self.module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(32 * 32, 1), torch.nn.Flatten(0))

        def batches(self, positions, epoch):  # type: ignore[no-untyped-def]
            for films, labels in super().batches(positions, epoch):
                yield films.float() / 255, labels

    history = train_network(classifier, Pooled(), work, Silent()).history
    assert len(history) == 2
