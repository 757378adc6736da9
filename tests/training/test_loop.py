"""THE loop: learns, keeps the best epoch, and resumes to the same weights, whatever tools the recipe names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from hilum.errors import HilumError
from hilum.exporting import network_logits
from hilum.models import FilmClassifier
from hilum.progress import Silent
from hilum.recipe import Train
from hilum.training import EpochRow, FilmFeed, Stopped, TrainedNetwork, loop, train_network
from hilum.training.averages import WeightAverage
from hilum.training.checkpoint import read_tensors_and_facts, write_tensors
from hilum.training.schedules import learning_rate
from small_job import after, first_network, run, same_weights, small_job, small_recipe

pytestmark = pytest.mark.slow  # seconds a test: `make check` leaves them to `make test`

FROZEN = "network.trained=head"
PATIENT = ("train.plateau_patience=1", "train.plateau_factor=0.1")
Changes = tuple[str, ...]
TOOLS: dict[str, tuple[Changes, Changes]] = {  # what it stands beside, and the tool itself
    "momentum that moves": ((), ("train.cycle_momentum=true",)),
    "plateau": (("train.schedule=constant", "train.optimizer=rmsprop"), ("train.schedule=plateau", *PATIENT)),
    "sgd": ((), ("train.optimizer=sgd",)),
    "momentum of sgd that moves": (("train.optimizer=sgd",), ("train.cycle_momentum=true",)),
    "rmsprop": (("train.learning_rate=0.001",), ("train.optimizer=rmsprop",)),
    "discriminative rates": (("train.optimizer=adam",), ("train.first_layers_rate=0.1",)),
    "unfreezing": ((FROZEN,), ("train.unfreeze_epoch=1",)),
    "rate after unfreezing": ((FROZEN, "train.unfreeze_epoch=1"), ("train.unfrozen_learning_rate=0.001",)),
    "average": ((), ("train.average=0.9",)),
    "average and unfreezing": ((FROZEN, "train.unfreeze_epoch=1"), ("train.average=0.5",)),
    "class weights": (("train.class_weights=false",), ("train.class_weights=true",)),
    "balanced sampler": (("train.class_weights=false",), ("train.balanced_sampler=true",)),
    "logit adjustment": (("train.class_weights=false",), ("train.logit_adjustment=1",)),
    "label smoothing": (("train.label_smoothing=0",), ("train.label_smoothing=0.2",)),
    "mixup": ((), ("augment.mixup=0.4",)),
    "views": (("augment.noise=0.1",), ("augment.views=1",)),
    "fill": (("augment.rotation_degrees=20",), ("augment.fill=edge",)),
    "focal loss": ((), ("train.loss=focal",)),
    "L1 penalty": ((), ("train.l1=0.001",)),
    "L2 penalty": ((), ("train.l2=0.01",)),
    "weight decay": (("train.weight_decay=0",), ("train.weight_decay=0.3",)),
    "clipping": (("train.optimizer=sgd",), ("train.clip_norm=0.1",)),
    "dropout": (("network.dropout=0",), ("network.dropout=0.5",)),
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
    beside, tool_itself = TOOLS[tool]
    require_same_after_resume(tmp_path, (*beside, *tool_itself, "train.epochs=2", "train.keep=last"), steps, films=24)


@pytest.mark.parametrize("tool", TOOLS)
def test_every_tool_changes_what_is_learned(tmp_path: Path, tool: str) -> None:
    """Beside the same other keys, on twice as many films with pneumonia as without."""
    beside, tool_itself = TOOLS[tool]
    films = np.setdiff1d(np.arange(36), np.arange(1, 36, 4))

    def learned(directory: Path, changes: Changes) -> FilmClassifier:
        recipe = small_recipe("train.epochs=3", "train.keep=last", *changes)
        return run(small_job(directory, recipe, fit_rows=films)).classifier

    with_it, without_it = learned(tmp_path / "with", (*beside, *tool_itself)), learned(tmp_path / "without", beside)
    assert not same_weights(with_it, without_it)


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


def test_feed_of_another_kind_trains_the_head_as_the_films_do(tmp_path: Path) -> None:
    """This one gives the maps of the frozen body to the head, and knows nothing but what the loop asks a feed for."""
    work = small_job(tmp_path / "maps", small_recipe(FROZEN, "augment.views=1", "train.epochs=2"))
    classifier = first_network(work.recipe)
    films = FilmFeed(classifier, work)

    class LogitOfMaps(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.classifier = classifier

        def forward(self, maps: torch.Tensor) -> torch.Tensor:
            return self.classifier.logit(maps)

    class Maps:
        module, is_pneumonia, prepared_s = LogitOfMaps(), films.is_pneumonia, 0.0

        def __len__(self) -> int:
            return len(films)

        def batches(self, positions, epoch):  # type: ignore[no-untyped-def]
            for batch, labels in films.batches(positions, epoch):
                yield classifier.maps(batch).detach(), labels

        def select_logits(self) -> np.ndarray:
            return films.select_logits()

    first = classifier.head.last.weight.detach().clone()
    trained = train_network(classifier, Maps(), work, Silent())
    whole = run(small_job(tmp_path / "films", work.recipe))
    assert not torch.equal(trained.classifier.head.last.weight, first)
    assert same_weights(trained.classifier, whole.classifier)
    assert without_seconds(trained) == without_seconds(whole)


def test_kept_network_of_another_run_is_refused(tmp_path: Path) -> None:
    recipe = small_recipe("train.epochs=2", "train.keep=last")
    with pytest.raises(Stopped):
        run(small_job(tmp_path, recipe, stop=after(12)))
    run(small_job(tmp_path, recipe))
    tensors, _ = read_tensors_and_facts(tmp_path / "kept.safetensors")
    write_tensors(tmp_path / "kept.safetensors", tensors, {"epoch": 1})
    with pytest.raises(HilumError, match="holds the network of epoch 1, not of the kept epoch 2"):
        run(small_job(tmp_path, recipe))
