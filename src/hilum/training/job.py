"""Everything that a training run depends on, as one value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hilum.recipe import Recipe
from hilum.training.device import Machine
from hilum.training.judging import EpochRow
from hilum.training.processes import Processes

STATE, KEPT = "state.safetensors", "kept.safetensors"


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
        on_epoch: each is given the whole fit history after every epoch, in the process that writes.
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
    on_epoch: tuple[Callable[[Sequence[EpochRow]], object], ...] = ()
