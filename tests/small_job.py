"""A training job on 72 drawn films that is learned within seconds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hilum.models import FilmClassifier, build_network, freeze
from hilum.progress import Silent
from hilum.recipe import Recipe, read_recipe
from hilum.training import FilmFeed, Job, Machine, TrainedNetwork, train_network

CHANGES = (
    "film.side=32",
    "network.widths=[16, 16]",
    "train.epochs=3",
    "train.batch_size=8",
    "train.learning_rate=0.01",
)


def small_recipe(*changes: str) -> Recipe:
    """`cnn-scratch` with two stages of 16 channels, six steps an epoch."""
    return read_recipe("cnn-scratch", [*CHANGES, *changes])


def small_job(directory: Path, recipe: Recipe | None = None, **of_job: Any) -> Job:
    """Films whose upper half is darker where there is pneumonia: easy, and learned within three epochs."""
    pixels = np.random.default_rng(0).integers(0, 256, (72, 32, 32), dtype=np.uint8)
    is_pneumonia = np.arange(72) % 2 == 0
    pixels[is_pneumonia, :16] //= 3
    machine = Machine("cpu", "fp32", threads=1, workers=0)
    rows = np.arange(72)
    job = Job(recipe or small_recipe(), pixels, is_pneumonia, rows[:48], rows[48:], machine, directory)
    return replace(job, **of_job)


def first_network(recipe: Recipe) -> FilmClassifier:
    """The recipe's network with the first weights of its seed, frozen as it says."""
    torch.manual_seed(recipe.seed)
    classifier = build_network(recipe.network)
    freeze(classifier, recipe.network)
    return classifier


def run(job: Job, classifier: FilmClassifier | None = None) -> TrainedNetwork:
    """Train the small network, or another one, on the films themselves."""
    classifier = classifier or first_network(job.recipe)
    return train_network(classifier, FilmFeed(classifier, job), job, Silent())


def after(steps: int) -> Callable[[], bool]:
    """Says stop once that many steps have been taken."""
    taken = 0

    def stop() -> bool:
        nonlocal taken
        taken += 1
        return taken >= steps

    return stop


def same_weights(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    """True where every tensor is the same, bit for bit."""
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)
