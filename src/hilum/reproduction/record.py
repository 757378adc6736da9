"""What is known of a row: a value, a JSON file in the row's folder, and a line of the project's results."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from hilum.errors import HilumError
from hilum.evaluation import Evaluation, read_evaluation
from hilum.files import explained, printable
from hilum.json_files import read_json, typed, write_json
from hilum.metrics import Estimate
from hilum.reproduction.plan import Row

State = Literal["done", "running", "not begun", "no weights", "failed", "stale"]
FORMAT: Final = 1
_RECORD: Final = "row.json"


@dataclass(frozen=True, slots=True)
class PartFigures:
    """How a model does on one part of its own data, through the graph that readers use.

    Args:
        part: "fit", "select" or "test".
        films: judged.
        error: share of films called wrongly at a probability of 0.5.
        auroc: order of the films.
    """

    part: str
    films: int
    error: Estimate
    auroc: Estimate


@dataclass(frozen=True, slots=True)
class Example:
    """A held-out film with the model's answer."""

    path: str
    label: str
    probability: float


@dataclass(frozen=True, slots=True)
class RowRecord:
    """What is known of a row beside its evaluation.

    Args:
        name: of the row and of its evaluation's file.
        recipe, protocol, seed: that make it.
        data: name of the folder or file of films.
        changes: keys of the recipe that were changed for a trial; a row with changes is no result.
        state: where it stands.
        epoch, epochs: a running row has finished so many of so many.
        says: why it failed or has no weights, else "".
        begun, ended: how often its training was started, and ended by itself; a life that was killed is in the first
            count alone, and its seconds are missing below.
        seconds: of all training processes from start to end: decoding, frozen layers, epochs, export.
        peak_memory_bytes: the most that one of them had resident.
        parts: figures on the films that the model learned from, where the row shows them.
        examples: three held-out films, where the row shows them.
        format: of this record.
    """

    name: str
    recipe: str
    protocol: str
    seed: int
    data: str = ""
    changes: tuple[str, ...] = ()
    state: State = "not begun"
    epoch: int = 0
    epochs: int = 0
    says: str = ""
    begun: int = 0
    ended: int = 0
    seconds: float = 0.0
    peak_memory_bytes: int = 0
    parts: tuple[PartFigures, ...] = ()
    examples: tuple[Example, ...] = ()
    format: int = FORMAT

    @property
    def where(self) -> str:
        """Where an unfinished row stands, in words; no figure."""
        if self.state == "running":
            return f"epoch {self.epoch} of {self.epochs}"
        return self.says or self.state


@dataclass(frozen=True, slots=True)
class RowResult:
    """A row's record with its evaluation, where it is done."""

    record: RowRecord
    evaluation: Evaluation | None = None

    def as_json(self) -> dict[str, Any]:
        """Both as JSON values."""
        evaluation = self.evaluation.as_json() if self.evaluation else None
        return asdict(self.record) | {"evaluation": evaluation}


def new_record(row: Row, data: str, changes: tuple[str, ...]) -> RowRecord:
    """The record of a row that nobody has begun."""
    epochs = row.plan(changes).train.epochs
    return RowRecord(row.name, row.recipe, row.protocol, row.seed, data, changes, epochs=epochs)


def write_record(folder: Path, record: RowRecord) -> None:
    """Write a row's record into its folder, all or nothing."""
    write_json(folder / _RECORD, asdict(record))


def read_record(folder: Path, row: Row, data: str, changes: tuple[str, ...]) -> RowRecord:
    """The record in a row's folder; that of a row not begun where there is none.

    Raises:
        HilumError: it cannot be read, or was made from other films or with other changes to the recipe.
    """
    fresh = new_record(row, data, changes)
    with explained(folder, "read"):
        if not (folder / _RECORD).exists():
            return fresh
    record = parse_record(read_json(folder / _RECORD), folder / _RECORD)
    if record.data not in ("", data):
        raise HilumError(
            f"The row '{printable(folder)}' was made from '{printable(record.data)}', not from '{printable(data)}'.",
            expected="the same films as before",
            do="Name another folder with --output.",
        )
    if record.changes != changes:
        raise HilumError(
            f"The row '{printable(folder)}' was made with other changes: {' '.join(record.changes) or 'none'}.",
            expected="the same --set as before",
            do="Name another folder with --output.",
        )
    return replace(record, data=data, epochs=fresh.epochs)


def parse_record(values: Any, where: Path) -> RowRecord:
    """A record from JSON values.

    Raises:
        HilumError: they are none.
    """
    return typed(
        values,
        RowRecord,
        f"'{printable(where)}' has a wrong value",
        expected="the record of a row",
        do="Remove it; the row is then looked at anew.",
    )


def read_result(record: RowRecord, evaluation: Path) -> RowResult:
    """A record with the evaluation of a row that is done."""
    return RowResult(record, read_evaluation(evaluation) if record.state == "done" else None)
