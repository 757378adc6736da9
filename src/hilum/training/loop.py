"""THE loop: every recipe, device and resume goes through `train_network`."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn

from hilum.errors import HilumError
from hilum.files import printable
from hilum.models import FilmClassifier, layers_by_depth, set_training_mode, trained_parameters, unfreeze
from hilum.progress import Bar, Progress
from hilum.recipe import Recipe, Train
from hilum.training.averages import WeightAverage
from hilum.training.batches import balanced_order, derived_seed, epoch_order
from hilum.training.checkpoint import read_network, write_network
from hilum.training.device import keep_freed_memory, make_deterministic, move
from hilum.training.feed import Feed
from hilum.training.job import KEPT, STATE, Job
from hilum.training.judging import EpochRow, figures, is_over, judge, kept_epoch
from hilum.training.losses import fit_loss, select_loss
from hilum.training.schedules import build_optimizer, learning_rate, momentum, set_rates
from hilum.training.state import Optimisation, Position, resume, write_state
from hilum.training.step import Learner


class Stopped(HilumError):
    """The run was asked to stop and has saved its state."""

    exit_status = 130  # what a shell gives for Ctrl-C


@dataclass(frozen=True, slots=True)
class TrainedNetwork:
    """The network of the kept epoch (counted from 1), the fit history of all epochs, and what came before them."""

    classifier: FilmClassifier
    history: tuple[EpochRow, ...]
    kept_epoch: int
    prepared_s: float = 0.0

    @property
    def kept(self) -> EpochRow:
        """The row of the kept epoch."""
        return self.history[self.kept_epoch - 1]

    @property
    def seconds(self) -> float:
        """That training took, what was computed once before it included."""
        return self.prepared_s + sum(row.seconds for row in self.history)


def train_network(classifier: FilmClassifier, feed: Feed, job: Job, progress: Progress) -> TrainedNetwork:
    """Train `classifier` in place, and give it back with the weights of the kept epoch.

    A state in `job.directory` is resumed: the result is, bit for bit, that of a run which was never stopped.

    Raises:
        Stopped: the job asked for it.
        HilumError: the loss is no longer a number, a written state is damaged, or the kept network is another's.
    """
    make_deterministic(job.machine)
    keep_freed_memory()
    train = job.recipe.train
    move(classifier, job.machine.device)
    optimisation = build_optimisation(classifier, train)
    position = resume(job.directory / STATE, optimisation)
    if not position.started:
        position.started = True
        _save(optimisation, position, job)  # the first weights too are resumed, not drawn or fetched again
    films_an_epoch = sum(len(group) for group in order_of(feed, job.recipe, 0))
    with progress.bar("Training", train.epochs * films_an_epoch) as bar:
        for row in position.history:
            bar.say(str(row))
        bar.advance(len(position.history) * films_an_epoch)
        while not is_over(position.history, train):
            _run_epoch(optimisation, feed, position, job, bar)
            _judge_epoch(optimisation, feed, position, job)
            bar.say(str(position.history[-1]))
            _save(optimisation, position, job)
            _tell(position, job)
    job.processes.wait()
    kept = kept_epoch(position.history, train)
    _require_epoch(read_network(job.directory / KEPT, classifier), kept, job.directory / KEPT)
    return TrainedNetwork(classifier, tuple(position.history), kept, feed.prepared_s)


def build_optimisation(classifier: FilmClassifier, train: Train) -> Optimisation:
    """The optimizer over all that will ever learn, and the average where the recipe asks for one."""
    learning = dict(classifier.named_parameters()) if train.unfreeze_epoch else trained_parameters(classifier)
    optimizer = build_optimizer(train, learning, layers_by_depth(classifier))
    statistics = {name: tensor for name, tensor in classifier.named_buffers() if tensor.is_floating_point()}
    average = WeightAverage({**learning, **statistics}, train.average) if train.average else None
    return Optimisation(classifier, optimizer, average)


def order_of(feed: Feed, recipe: Recipe, epoch: int) -> list[npt.NDArray[np.int64]]:
    """The positions of each batch of an epoch, by the sampler that the recipe names."""
    size = recipe.train.batch_size
    if recipe.train.balanced_sampler:
        return balanced_order(feed.is_pneumonia, size, recipe.seed, epoch)
    return epoch_order(len(feed), size, recipe.seed, epoch)


def _run_epoch(optimisation: Optimisation, feed: Feed, position: Position, job: Job, bar: Bar) -> None:
    """Take the steps of an epoch that are still to be taken."""
    recipe, train = job.recipe, job.recipe.train
    if train.unfreeze_epoch and position.epoch >= train.unfreeze_epoch:
        unfreeze(optimisation.classifier)
    set_training_mode(optimisation.classifier)
    order = order_of(feed, recipe, position.epoch)
    learner = Learner(
        job.processes.together(feed.module),
        optimisation.optimizer,
        fit_loss(train, feed.is_pneumonia),
        recipe,
        job.machine,
    )
    last_save = last_step = time.monotonic()
    for inputs, is_pneumonia in feed.batches(job.processes.share(order[position.step :]), position.epoch):
        _take_step(learner, optimisation, inputs, is_pneumonia, position, job, len(order))
        now = time.monotonic()
        position.seconds, last_step = position.seconds + now - last_step, now
        count = len(inputs) * job.processes.count
        bar.advance(count, _note(position, train, count))
        if job.processes.any_of(job.stop(), job.machine.device):
            _save(optimisation, position, job)
            job.processes.wait()  # torchrun ends the others as soon as one has ended: not before the state is written
            raise _stopped(position, train)
        if now - last_save > job.save_every_s:
            _save(optimisation, position, job)
            last_save = now


def _take_step(
    learner: Learner,
    optimisation: Optimisation,
    inputs: Tensor,
    is_pneumonia: Tensor,
    position: Position,
    job: Job,
    steps: int,
) -> None:
    """One step at the rate of its place; what is drawn depends on the seed, the epoch and the step alone."""
    train, epoch, step = job.recipe.train, position.epoch, position.step
    rate = learning_rate(train, epoch, step, steps, figures(position.history, train))
    set_rates(optimisation.optimizer, rate, momentum(train, epoch, step, steps))
    seed = derived_seed(job.recipe.seed, epoch, step, steps)
    position.loss_sum += job.processes.mean(learner.step(inputs, is_pneumonia, seed), job.machine.device)
    position.step += 1
    if optimisation.average:
        optimisation.average.update(epoch * steps + step)


def _judge_epoch(optimisation: Optimisation, feed: Feed, position: Position, job: Job) -> None:
    """Measure the network, or its average, on the select patients, in fp32, and keep it where it is the best so far."""
    if optimisation.average:
        with optimisation.average.in_place():
            _judge_and_keep(optimisation.classifier, feed, position, job)
    else:
        _judge_and_keep(optimisation.classifier, feed, position, job)


def _judge_and_keep(classifier: nn.Module, feed: Feed, position: Position, job: Job) -> None:
    began, train = time.monotonic(), job.recipe.train
    job.processes.take_first_buffers(classifier)
    logit = feed.select_logits()
    steps = len(order_of(feed, job.recipe, position.epoch))
    row = judge(
        logit,
        job.is_pneumonia[job.select_rows],
        select_loss(train, feed.is_pneumonia),
        epoch=position.epoch + 1,
        fitted=position.loss_sum / max(1, position.step),
        learning_rate=learning_rate(train, position.epoch, steps - 1, steps, figures(position.history, train)),
        seconds=position.seconds + time.monotonic() - began,
    )
    row = job.processes.first_row(row, job.machine.device)
    position.finish_epoch(row)
    if kept_epoch(position.history, train) == row.epoch and job.processes.writes:
        write_network(job.directory / KEPT, classifier, {"epoch": row.epoch})


def _require_epoch(facts: dict[str, Any], kept: int, path: Path) -> None:
    if facts.get("epoch") != kept:
        raise HilumError(
            f"'{printable(path)}' holds the network of epoch {facts.get('epoch')}, not of the kept epoch {kept}.",
            expected="the network that this run kept",
            do="Delete the run folder and train again.",
        )


def _save(optimisation: Optimisation, position: Position, job: Job) -> None:
    if job.processes.writes:
        write_state(job.directory / STATE, optimisation, position)


def _tell(position: Position, job: Job) -> None:
    if job.processes.writes:
        for told in job.on_epoch:
            told(tuple(position.history))


def _note(position: Position, train: Train, batch: int) -> str:
    """What stands behind the bar: where the run is, how it goes, how fast."""
    loss, speed = position.loss_sum / position.step, position.step * batch / position.seconds
    return f"{position.epoch + 1}/{train.epochs} loss {loss:.3f} {speed:.0f}/s"


def _stopped(position: Position, train: Train) -> Stopped:
    return Stopped(
        f"Stopped in epoch {position.epoch + 1} of {train.epochs}; the state is saved.",
        expected="it to end by itself",
        do="Run the same command with --resume to go on.",
    )
