"""The feed of a run whose frozen layers are computed once: activations in batches, and the tail that learns on them."""

from __future__ import annotations

import hashlib
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
from hilum.training.device import keep_freed_memory, make_deterministic
from hilum.training.feed import training_films
from hilum.training.job import STATE, Job
from hilum.training.state import restore_network


class CachedFeed:
    """What the trunk said of the fit and select films, through the tail.

    Args:
        cut: whose tail learns.
        films: whose views the activations were computed of.
        views: (n, *shape) activations of each view of the fit films.
        select: (k, *shape) those of the select films as they are.
    """

    def __init__(self, cut: Cut, films: TrainingFilms, views: list[Activations], select: Activations) -> None:
        self.module: nn.Module = cut.tail
        self.films, self.views, self.select = films, views, select

    @property
    def is_pneumonia(self) -> npt.NDArray[np.bool_]:
        """(n,) bool of the fit films."""
        return self.films.is_pneumonia

    def __len__(self) -> int:
        return len(self.films)

    def batches(self, positions: list[npt.NDArray[np.int64]], epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """(activations (b, *shape) fp32, is_pneumonia (b,) bool) for each group of positions."""
        view = self.views[self.films.view_number(epoch)]
        for group in positions:
            yield _tensor(view[group]), torch.from_numpy(self.is_pneumonia[group])

    @torch.no_grad()
    def select_logits(self) -> npt.NDArray[np.float64]:
        """(k,) fp32 logits of the select films by the present weights, in evaluation mode."""
        for part in self.module.modules():
            part.eval()
        device = next(self.module.parameters()).device
        logits = [
            self.module(_tensor(self.select[start : start + BATCH]).to(device)).cpu()
            for start in range(0, len(self.select), BATCH)
        ]
        return torch.cat(logits).numpy().astype(np.float64)


def cached_feed(classifier: FilmClassifier, job: Job, place: Place, progress: Progress) -> CachedFeed:
    """Cut the network, compute what is missing of its frozen half, and open it.

    Raises:
        HilumError: nothing is frozen, or the cache would take more room than it may.
    """
    recipe, films = job.recipe, training_films(job)
    make_deterministic(job.machine)
    keep_freed_memory()
    classifier.to(job.machine.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    restore_network(job.directory / STATE, classifier)
    cut = cut_network(classifier, recipe.film.side)
    run = TrunkRun(cut, recipe.film.side, _engine(job), recipe.cache.precision)
    views = [View(f"view-{number}", len(films), _Views(films, number, job)) for number in range(films.views)]
    select = View("select", len(job.select_rows), _AsTheyAre(job.pixels, job.select_rows))
    *of_fit, of_select = open_activations(run, [*views, select], _key(run, job), place, progress)
    return CachedFeed(cut, films, of_fit, of_select)


class _Views:
    """Batches of one view of the fit films, in their order."""

    def __init__(self, films: TrainingFilms, number: int, job: Job) -> None:
        self.films, self.number, self.job = films, number, job

    def __call__(self) -> Iterable[Tensor]:
        positions = np.arange(len(self.films))
        groups = [positions[start : start + BATCH] for start in range(0, len(positions), BATCH)]
        return (films for films, _ in self.films.batches(groups, self.number, self.job.machine.workers))


class _AsTheyAre:
    """Batches of films without any change."""

    def __init__(self, pixels: npt.NDArray[np.uint8], rows: npt.NDArray[np.int64]) -> None:
        self.pixels, self.rows = pixels, rows

    def __call__(self) -> Iterable[Tensor]:
        for start in range(0, len(self.rows), BATCH):
            yield torch.from_numpy(self.pixels[self.rows[start : start + BATCH]]).unsqueeze(1)


def _engine(job: Job) -> str:
    """What runs the trunk: on the processor ONNX Runtime is the fastest that is always installed."""
    if job.recipe.cache.engine != "auto":
        return job.recipe.cache.engine
    return "onnxruntime" if job.machine.device == "cpu" else "torch"


def _key(run: TrunkRun, job: Job) -> dict[str, Any]:
    """Everything that the activations depend on."""
    return {
        "format": 1,
        "trunk": _trunk_digest(run.cut),
        "after": run.cut.after,
        "engine": f"{run.engine} {version(run.engine)}",
        "threads": job.machine.threads,
        "device": job.machine.device,
        "precision": run.precision,
        "side": run.side,
        "augment": job.recipe.augment.model_dump(mode="json"),
        "augmented_by": f"torchvision {version('torchvision')}",
        "seed": job.recipe.seed,
        "films": _pixel_digest(job),
    }


def _trunk_digest(cut: Cut) -> str:
    """SHA-256 over the trunk's operations and the bytes of its weights and statistics."""
    digest = hashlib.sha256(cut.trunk.code.encode())
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


def _tensor(activation: Activations) -> Tensor:
    """fp32, maps with their channels last, as the uncached network keeps them."""
    tensor = torch.from_numpy(np.array(activation, dtype=np.float32))  # a copy: the file is mapped read-only
    return tensor.contiguous(memory_format=torch.channels_last) if tensor.ndim == 4 else tensor
