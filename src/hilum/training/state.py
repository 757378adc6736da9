"""How far a run has come, written whole: position and history as facts, all that moves as tensors."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hilum.models import FilmClassifier
from hilum.training.averages import WeightAverage
from hilum.training.checkpoint import optimizer_tensors, read_tensors_and_facts, restore_optimizer, write_tensors
from hilum.training.judging import EpochRow


@dataclass(slots=True)
class Position:
    """How far a run has come; rates, the kept epoch and early stopping all follow from it and the recipe."""

    started: bool = False
    epoch: int = 0
    step: int = 0  # within the epoch
    loss_sum: float = 0.0  # over the steps of this epoch
    seconds: float = 0.0  # spent in this epoch, over all resumes
    history: list[EpochRow] = field(default_factory=list)

    def finish_epoch(self, row: EpochRow) -> None:
        """Stand before the first step of the next epoch."""
        self.history.append(row)
        self.epoch, self.step, self.loss_sum, self.seconds = self.epoch + 1, 0, 0.0, 0.0

    @classmethod
    def from_facts(cls, facts: dict[str, Any]) -> Position:
        """The position that was written as JSON."""
        return cls(**facts | {"history": [EpochRow(**row) for row in facts["history"]]})


@dataclass(frozen=True, slots=True)
class Optimisation:
    """All that a run moves: weights, optimizer and, where there is one, the weights' average."""

    classifier: FilmClassifier
    optimizer: torch.optim.Optimizer
    average: WeightAverage | None


def write_state(path: Path, optimisation: Optimisation, position: Position) -> None:
    """Write everything that a resume needs."""
    tensors = {f"network.{name}": tensor for name, tensor in optimisation.classifier.state_dict().items()}
    averaged = optimisation.average.tensors() if optimisation.average else {}
    write_tensors(path, tensors | optimizer_tensors(optimisation.optimizer) | averaged, asdict(position))


def resume(path: Path, optimisation: Optimisation) -> Position:
    """Put a written state into what moves; the start of a run where there is none."""
    if not path.exists():
        return Position()
    tensors, facts = read_tensors_and_facts(path)
    _put_into(optimisation.classifier, tensors)
    restore_optimizer(optimisation.optimizer, {name: t for name, t in tensors.items() if name.startswith("optimizer.")})
    if optimisation.average:
        optimisation.average.restore(tensors)
    return Position.from_facts(facts)


def restore_network(path: Path, classifier: FilmClassifier) -> None:
    """Put the network of a written state into `classifier`, where there is one: a cut must see the run's weights."""
    if path.exists():
        _put_into(classifier, read_tensors_and_facts(path)[0])


def _put_into(classifier: FilmClassifier, tensors: dict[str, Tensor]) -> None:
    start = "network."
    classifier.load_state_dict({name[len(start) :]: t for name, t in tensors.items() if name.startswith(start)})
