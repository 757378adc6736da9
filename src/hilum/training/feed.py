"""What the loop learns from: films that go through the whole network, or what frozen layers said of them before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from hilum.exporting import network_logits
from hilum.models import FilmClassifier, LogitOfFilms
from hilum.recipe import Recipe
from hilum.training.augment import augmentation
from hilum.training.batches import TrainingFilms
from hilum.training.job import Job

JUDGED_AT_ONCE = 32
"""Select films that are judged at once where memory is not short."""


class Feed(Protocol):
    """The fit films in batches, and the logits of the select films.

    Attributes:
        module: a batch as `batches` yields it -> (n,) logits; its parameters are the classifier's own.
        is_pneumonia: (n,) bool of the fit films.
        prepared_s: seconds that were spent before the first step, on what is computed once.
    """

    @property
    def prepared_s(self) -> float:
        """Seconds that were spent before the first step, on what is computed once."""

    @property
    def module(self) -> nn.Module:
        """What turns a batch into (n,) logits; its parameters are the classifier's own."""

    @property
    def is_pneumonia(self) -> npt.NDArray[np.bool_]:
        """(n,) bool of the fit films."""

    def __len__(self) -> int:
        """How many fit films there are."""

    def batches(self, positions: list[npt.NDArray[np.int64]], epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """(inputs, is_pneumonia (b,) bool) for each group of positions among the fit films, as `epoch` shows them."""

    def select_logits(self) -> npt.NDArray[np.float64]:
        """(k,) fp32 logits of the select films by the present weights, in evaluation mode."""


class FitFilms:
    """What both feeds know of the fit films."""

    films: TrainingFilms

    @property
    def is_pneumonia(self) -> npt.NDArray[np.bool_]:
        """(n,) bool of the fit films."""
        return self.films.is_pneumonia

    def __len__(self) -> int:
        return len(self.films)


class FilmFeed(FitFilms):
    """Films as they are, changed afresh or in fixed views, through the whole classifier."""

    prepared_s = 0.0

    def __init__(self, classifier: FilmClassifier, job: Job) -> None:
        self.classifier, self.job = classifier, job
        self.module: nn.Module = LogitOfFilms(classifier)
        self.films = training_films(job)

    def batches(self, positions: list[npt.NDArray[np.int64]], epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """(films (b, 1, side, side) uint8, is_pneumonia (b,) bool) for each group of positions."""
        return self.films.batches(positions, epoch, self.job.machine.workers)

    def select_logits(self) -> npt.NDArray[np.float64]:
        """(k,) fp32 logits of the select films; no more at a time than the memory limit lets through."""
        at_once = min(JUDGED_AT_ONCE, self.job.machine.micro_batch or JUDGED_AT_ONCE)
        return network_logits(self.classifier, self.job.pixels[self.job.select_rows], at_once)


def trunk_engine(recipe: Recipe, device: str) -> str:
    """What runs frozen layers once: on the processor ONNX Runtime is the fastest that is always installed."""
    if recipe.cache.engine != "auto":
        return recipe.cache.engine
    return "onnxruntime" if torch.device(device).type == "cpu" else "torch"


def training_films(job: Job) -> TrainingFilms:
    """The fit films of a job, with the changes that its recipe makes to them."""
    recipe = job.recipe
    return TrainingFilms(
        pixels=job.pixels,
        rows=job.fit_rows,
        is_pneumonia=job.is_pneumonia[job.fit_rows],
        transform=augmentation(recipe.augment, recipe.film.side),
        seed=recipe.seed,
        views=recipe.augment.views,
    )
