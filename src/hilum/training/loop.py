"""THE loop: every recipe, device and resume goes through `train_network`."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from hilum.errors import HilumError
from hilum.exporting import network_logits
from hilum.metrics import auroc, count_outcomes
from hilum.models import FilmClassifier, set_training_mode, trained_parameters
from hilum.progress import Bar, Progress
from hilum.recipe import Recipe, Train
from hilum.training.augment import augmentation
from hilum.training.batches import TrainingFilms, derived_seed, epoch_order
from hilum.training.checkpoint import (
    optimizer_tensors,
    read_network,
    read_tensors_and_facts,
    restore_optimizer,
    write_network,
    write_tensors,
)
from hilum.training.device import Machine, keep_freed_memory, make_deterministic
from hilum.training.processes import Processes
from hilum.training.schedules import build_optimizer, learning_rate

STATE, KEPT = "state.safetensors", "kept.safetensors"


class Stopped(HilumError):
    """The run was asked to stop and has saved its state."""

    exit_status = 130  # what a shell gives for Ctrl-C


@dataclass(frozen=True, slots=True)
class EpochRow:
    """One line of the fit history; all but `loss` were measured on the select patients after the epoch."""

    epoch: int
    loss: float
    select_loss: float
    sensitivity: float
    specificity: float
    auroc: float
    learning_rate: float
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.epoch:3}  loss {self.loss:.4f}  select {self.select_loss:.4f}  sensitivity {self.sensitivity:.3f}  "
            f"specificity {self.specificity:.3f}  AUROC {self.auroc:.3f}"
        )


@dataclass(frozen=True, slots=True)
class Job:
    """Everything that a training run depends on.

    Args:
        pixels: (m, side, side) uint8 of the development films, often memory-mapped; test films never come here.
        is_pneumonia: (m,) bool.
        fit_rows, select_rows: rows of both that learn, and that choose the epoch.
        directory: where the state and the kept network are written.
        processes: this process's place among those that share every batch.
        save_every_s: seconds between two states within an epoch.
        stop: asked after each step; True saves and raises `Stopped`.
    """

    recipe: Recipe
    pixels: npt.NDArray[np.uint8]
    is_pneumonia: npt.NDArray[np.bool_]
    fit_rows: npt.NDArray[np.int64]
    select_rows: npt.NDArray[np.int64]
    machine: Machine
    directory: Path
    processes: Processes = Processes()
    save_every_s: float = 60.0
    stop: Callable[[], bool] = lambda: False


@dataclass(frozen=True, slots=True)
class TrainedNetwork:
    """The network of the kept epoch (counted from 1), and the fit history of all epochs."""

    classifier: FilmClassifier
    history: tuple[EpochRow, ...]
    kept_epoch: int

    @property
    def kept(self) -> EpochRow:
        """The row of the kept epoch."""
        return self.history[self.kept_epoch - 1]


@dataclass(slots=True)
class _Position:
    """How far a run has come: all that a state holds beside tensors."""

    started: bool = False
    epoch: int = 0
    step: int = 0  # within the epoch
    loss_sum: float = 0.0  # over the steps of this epoch
    seconds: float = 0.0  # spent in this epoch, over all resumes
    history: list[EpochRow] = field(default_factory=list)
    kept_epoch: int = -1

    def as_facts(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_facts(cls, facts: dict[str, Any]) -> _Position:
        history = [EpochRow(**row) for row in facts.pop("history")]
        return cls(history=history, **facts)


def train_network(classifier: FilmClassifier, job: Job, progress: Progress) -> TrainedNetwork:
    """Train `classifier` in place, and give it back with the weights of the kept epoch.

    A state in `job.directory` is resumed: the result is, bit for bit, that of a run which was never stopped.

    Raises:
        Stopped: the job asked for it.
        HilumError: the loss is no longer a number, or a written state is damaged.
    """
    make_deterministic(job.machine)
    keep_freed_memory()
    train = job.recipe.train
    classifier.to(job.machine.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = build_optimizer(train, trained_parameters(classifier))
    position = _resume(classifier, optimizer, job)
    films = TrainingFilms(
        job.pixels, job.fit_rows, job.is_pneumonia[job.fit_rows], augmentation(job.recipe.augment, job.recipe.film.side)
    )
    if not position.started:
        position.started = True
        _save(classifier, optimizer, position, job)  # the first weights too are resumed, not drawn or fetched again
    with progress.bar("Training", train.epochs * len(films)) as bar:
        for row in position.history:
            bar.say(str(row))
        bar.advance(len(position.history) * len(films))
        while position.epoch < train.epochs:
            _run_epoch(classifier, optimizer, films, position, job, bar)
            _judge_epoch(classifier, position, job)
            bar.say(str(position.history[-1]))
            _save(classifier, optimizer, position, job)
    job.processes.wait()
    read_network(job.directory / KEPT, classifier)
    return TrainedNetwork(classifier, tuple(position.history), position.kept_epoch)


def _run_epoch(
    classifier: FilmClassifier,
    optimizer: torch.optim.Optimizer,
    films: TrainingFilms,
    position: _Position,
    job: Job,
    bar: Bar,
) -> None:
    """Take the steps of an epoch that are still to be taken."""
    recipe, machine = job.recipe, job.machine
    order = epoch_order(len(films), recipe.train.batch_size, recipe.seed, position.epoch)
    weight_of_class = class_weights(films.is_pneumonia, recipe.train)
    set_training_mode(classifier)
    shared = job.processes.together(classifier)
    remaining = job.processes.share(order[position.step :])
    last_save = last_step = time.monotonic()
    for batch, labels in films.batches(remaining, recipe.seed, position.epoch, machine.workers):
        rate = learning_rate(
            recipe.train, position.epoch * len(order) + position.step, recipe.train.epochs * len(order)
        )
        for group in optimizer.param_groups:
            group["lr"] = rate
        torch.manual_seed(derived_seed(recipe.seed, position.epoch, position.step, len(films)))  # for dropout
        loss = _step(shared, optimizer, batch, labels, weight_of_class, job)
        position.loss_sum, position.step = position.loss_sum + loss, position.step + 1
        now = time.monotonic()
        position.seconds, last_step = position.seconds + now - last_step, now
        count = len(batch) * job.processes.count
        bar.advance(count, _note(position, recipe.train, count))
        if job.processes.any_of(job.stop(), machine.device):
            _save(classifier, optimizer, position, job)
            raise _stopped(position, recipe.train)
        if now - last_save > job.save_every_s:
            _save(classifier, optimizer, position, job)
            last_save = now


def _step(
    classifier: nn.Module,
    optimizer: torch.optim.Optimizer,
    batch: Tensor,
    labels: Tensor,
    weight_of_class: Tensor,
    job: Job,
) -> float:
    """One forward and backward pass and one update; the batch's loss comes back."""
    device = torch.device(job.machine.device)
    truth = labels.to(device)
    with torch.autocast(device.type, torch.bfloat16, enabled=job.machine.precision == "bf16"):
        logit = classifier(batch.to(device)).logit
    loss = weighted_loss(logit, truth, weight_of_class.to(device), job.recipe.train.label_smoothing)
    value = loss.item()
    if not np.isfinite(value):
        raise HilumError(
            f"The loss became {value}.",
            expected="a number",
            do="Lower train.learning_rate; the state of the last save is untouched.",
        )
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return value


def weighted_loss(logit: Tensor, is_pneumonia: Tensor, weight_of_class: Tensor, smoothing: float = 0.0) -> Tensor:
    """Mean cross-entropy of (n,) logits, each film with the weight of its class.

    Args:
        logit: pneumonia minus normal.
        is_pneumonia: (n,) bool.
        weight_of_class: (2,) of a normal film and of one with pneumonia.
        smoothing: each label moves half of this towards the other class.
    """
    target = is_pneumonia.to(logit.dtype) * (1 - smoothing) + smoothing / 2
    return functional.binary_cross_entropy_with_logits(logit, target, weight_of_class[is_pneumonia.long()])


def _judge_epoch(classifier: FilmClassifier, position: _Position, job: Job) -> None:
    """Measure the network on the select patients, in fp32, and keep it where it is the best so far."""
    began = time.monotonic()
    truth = job.is_pneumonia[job.select_rows]
    logit = network_logits(classifier, job.pixels[job.select_rows])
    weight_of_class = class_weights(job.is_pneumonia[job.fit_rows], job.recipe.train)
    loss = weighted_loss(torch.from_numpy(logit), torch.from_numpy(truth), weight_of_class.double())
    counts = count_outcomes(logit >= 0, truth)
    row = EpochRow(
        epoch=position.epoch + 1,
        loss=position.loss_sum / max(1, position.step),
        select_loss=loss.item(),
        sensitivity=float(counts.sensitivity),
        specificity=float(counts.specificity),
        auroc=float(auroc(logit, truth)),
        learning_rate=learning_rate(job.recipe.train, position.epoch + 1, job.recipe.train.epochs + 1),
        seconds=position.seconds + time.monotonic() - began,
    )
    if _is_better(row, position, job.recipe.train.keep):
        if job.processes.writes:
            write_network(job.directory / KEPT, classifier, {"epoch": row.epoch})
        position.kept_epoch = row.epoch
    position.history.append(row)
    position.epoch, position.step, position.loss_sum, position.seconds = position.epoch + 1, 0, 0.0, 0.0


def _is_better(row: EpochRow, position: _Position, keep: str) -> bool:
    """True for the first epoch, the last where "last" is kept, and one that beats the kept one."""
    if keep == "last" or not position.history:
        return True
    kept = position.history[position.kept_epoch - 1]
    return row.auroc > kept.auroc if keep == "auroc" else row.select_loss < kept.select_loss


def class_weights(is_pneumonia: npt.NDArray[np.bool_], train: Train) -> Tensor:
    """(2,) weight of a normal film and of one with pneumonia, so that both classes add up to the same."""
    counts = np.bincount(is_pneumonia.astype(int), minlength=2)
    weights = len(is_pneumonia) / (2 * np.maximum(counts, 1)) if train.class_weights else np.ones(2)
    return torch.tensor(weights, dtype=torch.float32)


def _save(classifier: FilmClassifier, optimizer: torch.optim.Optimizer, position: _Position, job: Job) -> None:
    if not job.processes.writes:
        return
    tensors = {f"network.{name}": tensor for name, tensor in classifier.state_dict().items()}
    write_tensors(job.directory / STATE, tensors | optimizer_tensors(optimizer), position.as_facts())


def _resume(classifier: FilmClassifier, optimizer: torch.optim.Optimizer, job: Job) -> _Position:
    """Put a written state into network and optimizer, where there is one."""
    if not (job.directory / STATE).exists():
        return _Position()
    tensors, facts = read_tensors_and_facts(job.directory / STATE)
    start = "network."
    classifier.load_state_dict({name[len(start) :]: t for name, t in tensors.items() if name.startswith(start)})
    restore_optimizer(optimizer, {name: t for name, t in tensors.items() if not name.startswith(start)})
    return _Position.from_facts(facts)


def _note(position: _Position, train: Train, batch: int) -> str:
    """What stands behind the bar: where the run is, how it goes, how fast."""
    loss, speed = position.loss_sum / position.step, position.step * batch / position.seconds
    return f"{position.epoch + 1}/{train.epochs} loss {loss:.3f} {speed:.0f}/s"


def _stopped(position: _Position, train: Train) -> Stopped:
    return Stopped(
        f"Stopped in epoch {position.epoch + 1} of {train.epochs}; the state is saved.",
        expected="it to end by itself",
        do="Run the same command with --resume to go on.",
    )
