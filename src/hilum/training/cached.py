"""The feed of a run whose frozen layers are computed once: activations in batches, and the tail that learns on them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from hilum.models import Cut, FilmClassifier, cut_network
from hilum.progress import Progress
from hilum.training.batches import TrainingFilms
from hilum.training.cache import BATCH, Activations, Place, TrunkRun, View, open_activations
from hilum.training.device import keep_freed_memory, make_deterministic, memory_format, move
from hilum.training.feed import FitFilms, training_films, trunk_engine
from hilum.training.job import STATE, Job
from hilum.training.state import restore_network

VIEWS = 1
"""Raised with every change of `TrainingFilms.view` or `augmentation` that alters a pixel: old caches are not taken."""


class CachedFeed(FitFilms):
    """What the trunk said of the fit and select films, through the tail.

    Args:
        cut: whose tail learns.
        films: whose views the activations were computed of.
        views: (n, *shape) activations of each view of the fit films.
        select: (k, *shape) those of the select films as they are.
        at_once: films that are judged in one pass.
        prepared_s: seconds that computing or opening them took.
    """

    def __init__(
        self,
        cut: Cut,
        films: TrainingFilms,
        views: list[Activations],
        select: Activations,
        at_once: int,
        prepared_s: float,
    ) -> None:
        self.module: nn.Module = cut.tail
        self.films, self.views, self.select, self.at_once = films, views, select, at_once
        self.prepared_s = prepared_s
        self.memory_format = memory_format(cut.tail, next(cut.tail.parameters()).device.type)

    def batches(self, positions: list[npt.NDArray[np.int64]], epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """(activations (b, *shape) fp32, is_pneumonia (b,) bool) for each group of positions."""
        view = self.views[self.films.view_number(epoch)]
        for group in positions:
            yield self._tensor(view[group]), torch.from_numpy(self.is_pneumonia[group])

    @torch.no_grad()
    def select_logits(self) -> npt.NDArray[np.float64]:
        """(k,) fp32 logits of the select films by the present weights, in evaluation mode."""
        self.module.eval()
        device = next(self.module.parameters()).device
        logits = [
            self.module(self._tensor(self.select[start : start + self.at_once]).to(device)).cpu()
            for start in range(0, len(self.select), self.at_once)
        ]
        return torch.cat(logits).numpy().astype(np.float64)

    def _tensor(self, activation: Activations) -> Tensor:
        """fp32, maps in the order in which the uncached network keeps them."""
        # Always a copy: the file is mapped read-only, and layers that work in place would write into it.
        tensor = torch.from_numpy(np.array(activation, dtype=np.float32))
        return tensor.contiguous(memory_format=self.memory_format) if tensor.ndim == 4 else tensor


def cached_feed(classifier: FilmClassifier, job: Job, place: Place, progress: Progress) -> CachedFeed:
    """Cut the network, compute what is missing of its frozen half, and open it.

    Raises:
        HilumError: nothing is frozen, or the cache would take more room than it may.
    """
    began, recipe, films = time.monotonic(), job.recipe, training_films(job)
    make_deterministic(job.machine)
    keep_freed_memory()
    move(classifier, job.machine.device)
    restore_network(job.directory / STATE, classifier)
    cut = cut_network(classifier, recipe.film.side)
    run = TrunkRun(cut, recipe.film.side, trunk_engine(recipe, job.machine.device), recipe.cache.precision)
    at_once = min(BATCH, job.machine.micro_batch or BATCH)
    views = [View(f"view-{number}", len(films), _OneView(films, number, job, at_once)) for number in range(films.views)]
    select = View("select", len(job.select_rows), _AsTheyAre(job.pixels, job.select_rows, at_once))
    *of_fit, of_select = open_activations(run, [*views, select], _key(run, job), place, progress)
    return CachedFeed(cut, films, of_fit, of_select, at_once, time.monotonic() - began)


class _OneView:
    """Batches of one view of the fit films, in their order."""

    def __init__(self, films: TrainingFilms, number: int, job: Job, at_once: int) -> None:
        self.films, self.number, self.job, self.at_once = films, number, job, at_once

    def __call__(self) -> Iterable[Tensor]:
        positions = np.arange(len(self.films))
        groups = [positions[start : start + self.at_once] for start in range(0, len(positions), self.at_once)]
        return (films for films, _ in self.films.batches(groups, self.number, self.job.machine.workers))


class _AsTheyAre:
    """Batches of films without any change."""

    def __init__(self, pixels: npt.NDArray[np.uint8], rows: npt.NDArray[np.int64], at_once: int) -> None:
        self.pixels, self.rows, self.at_once = pixels, rows, at_once

    def __call__(self) -> Iterable[Tensor]:
        for start in range(0, len(self.rows), self.at_once):
            yield torch.from_numpy(self.pixels[self.rows[start : start + self.at_once]]).unsqueeze(1)


def _key(run: TrunkRun, job: Job) -> dict[str, Any]:
    """Everything that the activations depend on."""
    return {
        "views": VIEWS,
        "architecture": job.recipe.network.architecture,
        "trunk": _trunk_digest(run.cut),
        "after": run.cut.after,
        "engine": f"{run.engine} {version(run.engine)}",
        "libraries": {name: version(name) for name in ("torch", "torchvision", "timm")},
        "threads": job.machine.threads,
        "device": torch.device(job.machine.device).type,
        "precision": run.precision,
        "side": run.side,
        "augment": job.recipe.augment.model_dump(mode="json"),
        "seed": job.recipe.seed,
        "films": _pixel_digest(job),
    }


def _trunk_digest(cut: Cut) -> str:
    """SHA-256 over the trunk's operations, the settings of its layers, and the bytes of its weights and statistics."""
    # The code names layers only; their printed form has kind, stride, padding, epsilon and activation.
    digest = hashlib.sha256(f"{cut.trunk.code}\n{cut.trunk!r}".encode())
    for name, tensor in sorted(cut.trunk.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _pixel_digest(job: Job) -> str:
    """SHA-256 over the squares of the fit and the select films, in their order."""
    digest = hashlib.sha256()
    for rows in (job.fit_rows, job.select_rows):
        digest.update(f"{len(rows)} films".encode())
        for row in rows:
            digest.update(np.ascontiguousarray(job.pixels[row]).data)
    return digest.hexdigest()
