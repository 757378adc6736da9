"""The run folder: what a run was started with, so that a resume goes on with nothing else.

run.json            recipe, data, machine, first weights, command, commit
state.safetensors   the last state; gone when the run is finished
kept.safetensors    the network of the kept epoch
history.csv         one row an epoch
model/              the model folder: the run is finished
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, get_args

from hilum.datasets import Catalogue, Split
from hilum.errors import HilumError
from hilum.files import explained, printable, write_text
from hilum.json_files import read_json, write_json
from hilum.models import WeightsOrigin
from hilum.provenance import Provenance
from hilum.recipe import Recipe
from hilum.training.device import Machine
from hilum.training.job import KEPT, STATE
from hilum.training.judging import EpochRow
from hilum.training.neighbours import KeptCases

FACTS = "run.json"


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a run was started with.

    Args:
        films: digest of the development films in their order, with label and part: another order or part would give
            other weights.
        left_out: films that could not be read and were left out on request.
        neighbours: what the model folder will keep of the fit films.
        cross_fit: folds whose networks calibrate the kept one; 0 where patients were kept back for it.
    """

    recipe: dict[str, Any]
    data_name: str
    data_fingerprint: str
    films: str
    left_out: int
    machine: Machine
    weights: WeightsOrigin
    provenance: Provenance
    neighbours: KeptCases = "none"
    cross_fit: int = 0


def films_digest(films: Catalogue, split: Split) -> str:
    """SHA-256 over bytes, label and part of each film, in order."""
    rows = (f"{film.sha256} {film.label} {part}" for film, part in zip(films.films, split.parts, strict=True))
    return hashlib.sha256("\n".join(rows).encode("ascii")).hexdigest()


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
        if printable(self.path) != str(self.path):
            raise HilumError(
                f"The name of the run folder '{printable(self.path)}' is not plain UTF-8 text.",
                expected="a name that every library can open",
                do="Name another folder with --output.",
            )
        if self.model.exists():
            raise HilumError(
                f"The run '{printable(self.path)}' is finished.",
                expected="a new output folder",
                do=f"Name another (--output), or delete '{printable(self.path)}'.",
            )
        if resume and not (self.path / FACTS).exists():
            raise HilumError(
                f"There is no run at '{printable(self.path)}' to go on with.",
                expected="the output folder of a run that ended early",
                do="Leave --resume out, or name that folder with --output.",
            )
        left = next((name for name in (STATE, KEPT) if (self.path / name).exists()), None)
        if left and not (self.path / FACTS).exists():
            raise HilumError(
                f"'{printable(self.path)}' holds the '{left}' of some run, but no '{FACTS}' that says of which.",
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

    def resumed(self, recipe: Recipe, films: str, cross_fit: int = 0) -> RunFacts | None:
        """What the run was started with; None for a new one.

        Raises:
            HilumError: recipe or films differ from those of the run, or it was begun with another version of hilum.
        """
        if not (self.path / FACTS).exists():
            return None
        values = read_json(self.path / FACTS)
        facts = _facts(values, self.path / FACTS)
        for other, then, now in (
            ("another recipe", _what_counts(facts.recipe), _what_counts(recipe.model_dump(mode="json"))),
            ("another --cross-fit", facts.cross_fit, cross_fit),
            ("other films", facts.films, films),
        ):
            if then != now:
                raise HilumError(
                    f"The run '{printable(self.path)}' was begun with {other}.",
                    expected="the same recipe and options, and the same films under the same names",
                    do="Go on with those, or start anew in another folder with --output.",
                )
        return facts

    def drop_state(self) -> None:
        """Remove the state of a run that is finished; the kept network stays."""
        (self.path / STATE).unlink(missing_ok=True)

    def kept_row(self, epoch: int) -> EpochRow:
        """The row of that epoch in the fit history."""
        with explained(self.path / "history.csv", "read"), (self.path / "history.csv").open(encoding="utf-8") as file:
            row = next(row for row in csv.DictReader(file) if int(row["epoch"]) == epoch)
        return EpochRow(epoch, *(float(row[field.name]) for field in fields(EpochRow)[1:]))

    def write_history(self, history: Sequence[EpochRow]) -> None:
        """The fit history as CSV."""
        text = io.StringIO()
        writer = csv.DictWriter(text, [field.name for field in fields(EpochRow)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(row) for row in history)
        write_text(self.path / "history.csv", text.getvalue())


def _what_counts(recipe: dict[str, Any]) -> dict[str, Any]:
    """A recipe without its words for people."""
    return {key: value for key, value in recipe.items() if key not in ("summary", "source", "expected")}


def _facts(values: Any, path: Path) -> RunFacts:
    """The facts that another version of hilum may have written, or another program."""
    try:
        weights, kept = values["weights"], values.get("neighbours", "none")
        if kept not in get_args(KeptCases):
            raise ValueError(f"neighbours is {kept}")
        made = {
            "recipe": dict(values["recipe"]),
            "machine": Machine(**values["machine"]),
            "weights": WeightsOrigin(**weights | {"fresh": tuple(weights["fresh"])}),
            "provenance": Provenance(**values["provenance"]),
        }
        return RunFacts(**values | made)
    except (KeyError, TypeError, ValueError) as error:
        raise HilumError(
            f"'{printable(path)}' was not written by this version of hilum.",
            expected="the folder of a run that it began",
            do="Go on with the version that began it, or start anew in another folder with --output.",
        ) from error
