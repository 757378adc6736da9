"""The run folder: what a run was started with, so that a resume goes on with nothing else.

run.json            recipe, data, machine, first weights, command, commit
state.safetensors   the last state; gone when the run is finished
kept.safetensors    the network of the kept epoch
history.csv         one row an epoch
model/              the model folder: the run is finished
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from hilum.errors import HilumError
from hilum.files import printable, read_json, write_json, write_text
from hilum.models import WeightsOrigin
from hilum.provenance import Provenance
from hilum.recipe import Recipe
from hilum.training.device import Machine
from hilum.training.loop import STATE, EpochRow

FACTS = "run.json"


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a run was started with."""

    recipe: dict[str, Any]
    data_name: str
    data_fingerprint: str
    machine: Machine
    weights: WeightsOrigin
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of one run."""

    path: Path

    @property
    def model(self) -> Path:
        """The model folder of the finished run."""
        return self.path / "model"

    @property
    def has_state(self) -> bool:
        """True once a first state has been saved."""
        return (self.path / STATE).exists()

    def require_room(self, resume: bool) -> None:
        """Refuse to write over a run that nobody asked to go on with, or to go on with a finished one."""
        if self.model.exists():
            raise HilumError(
                f"The run '{printable(self.path)}' is finished.",
                expected="a new output folder",
                do=f"Name another (--output), or delete '{printable(self.path)}'.",
            )
        if (self.path / FACTS).exists() and not resume:
            raise HilumError(
                f"The run '{printable(self.path)}' was begun before.",
                expected="a new output folder, or leave to go on",
                do="Go on with --resume, or name another folder with --output.",
            )

    def begin(self, facts: RunFacts) -> None:
        """Write down what the run is started with."""
        write_json(self.path / FACTS, asdict(facts))

    def resumed(self, recipe: Recipe, fingerprint: str) -> RunFacts | None:
        """What the run was started with; None where it had not got so far as to write it down.

        Raises:
            HilumError: recipe or data differ from those of the run.
        """
        if not (self.path / FACTS).exists():
            return None
        values = read_json(self.path / FACTS)
        for part, now in (("recipe", recipe.model_dump(mode="json")), ("data_fingerprint", fingerprint)):
            if values.get(part) != now:
                raise HilumError(
                    f"The run '{printable(self.path)}' was begun with another {part.partition('_')[0]}.",
                    expected="the same recipe and data as at its start",
                    do="Go on with those, or start anew in another folder with --output.",
                )
        values["machine"] = Machine(**values["machine"])
        values["weights"] = WeightsOrigin(**values["weights"] | {"fresh": tuple(values["weights"]["fresh"])})
        values["provenance"] = Provenance(**values["provenance"])
        return RunFacts(**values)

    def write_history(self, history: Sequence[EpochRow]) -> None:
        """The fit history as CSV."""
        text = io.StringIO()
        writer = csv.DictWriter(text, [field.name for field in fields(EpochRow)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(row) for row in history)
        write_text(self.path / "history.csv", text.getvalue())
