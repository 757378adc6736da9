"""One row: its weights looked for, trained in a process of its own, resumed, judged once."""

from __future__ import annotations

import hashlib
import json
import os
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from hilum.datasets import WORKSPACE, resolve_catalogue
from hilum.errors import HilumError
from hilum.evaluation import held_back, read_evaluation
from hilum.files import explained, printable
from hilum.modelfolder import MANIFEST, open_model_folder
from hilum.pretrained import weights_file
from hilum.progress import Progress, Silent
from hilum.recipe import Recipe, recipe_from
from hilum.reproduction.child import Ended, run_hilum
from hilum.reproduction.parts import part_figures, three_examples
from hilum.reproduction.plan import Row
from hilum.reproduction.record import RowRecord, State, read_record, write_record
from hilum.runtime import Predictor

NOT_AT_HAND: Final = 3
"""Exit status of `hilum train` where the Hub has no weights or cannot be reached."""
INTERRUPTED: Final = 130
_WORDS: Final = {"summary", "source", "expected"}
"""Keys of a recipe that say what it is and change no weight."""


@dataclass(frozen=True, slots=True)
class Means:
    """What all rows are run with.

    Args:
        data: as the user named it.
        weights: folder or file of first weights; None for the Hub.
        changes: to every recipe, for a trial.
        options: further words of `hilum train`, such as ("--device", "cpu").
        workspace: folder of catalogues.
        is_judged: False where the select patients answer the question and no held-out film is looked at.
    """

    data: Path
    weights: Path | None = None
    changes: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    workspace: Path = WORKSPACE
    is_judged: bool = True

    @property
    def data_name(self) -> str:
        """Of the folder or file of films."""
        return self.data.resolve().name

    def where(self) -> tuple[str, ...]:
        """The words that name the workspace, where it is not the usual one."""
        return () if self.workspace == WORKSPACE else ("--workspace", str(self.workspace))


@dataclass(frozen=True, slots=True)
class RowFolder:
    """The folder of a row: row.json, the run in run/, its evaluation in evaluation/."""

    path: Path

    @property
    def run(self) -> Path:
        """The run folder that `hilum train` writes."""
        return self.path / "run"

    @property
    def evaluation(self) -> Path:
        """The record that `hilum evaluate` writes."""
        return self.path / "evaluation" / "evaluation.json"

    @property
    def is_begun(self) -> bool:
        """True once the run was begun."""
        return (self.run / "run.json").exists()

    @property
    def model_hash(self) -> str:
        """That identifies the finished model; "" where there is none."""
        manifest = self.run / "model" / MANIFEST
        return hashlib.sha256(manifest.read_bytes()).hexdigest() if manifest.exists() else ""

    @property
    def is_judged(self) -> bool:
        """True where the evaluation is of this very model."""
        return self.evaluation.exists() and read_evaluation(self.evaluation).model.model_hash == self.model_hash

    def is_made_by(self, recipe: Recipe) -> bool:
        """True where the finished model was trained by this recipe, whatever it says about itself."""
        try:
            trained = recipe_from(dict(open_model_folder(self.run).manifest.recipe), str(self.run))
        except HilumError:  # of a version with other keys
            return False
        return trained.model_dump(exclude=_WORDS) == recipe.model_dump(exclude=_WORDS)


def look(row: Row, folder: RowFolder, means: Means) -> RowRecord:
    """Where a row stands, from what lies in its folder; nothing is run."""
    plan, record = row.plan(means.changes), read_record(folder.path, row, means.data_name, means.changes)
    with explained(folder.path, "read"):
        if folder.model_hash:
            return _look_at_model(record, folder.is_made_by(plan), folder, means)
        if folder.is_begun:
            state: State = "failed" if record.state == "failed" else "running"
            return replace(record, state=state, epoch=epochs_finished(folder.run))
    if plan.network.pretrained and means.weights and not _weights_for(plan, means):
        return replace(record, state="no weights", says=no_weights(row.recipe))
    return record


def _look_at_model(record: RowRecord, is_current: bool, folder: RowFolder, means: Means) -> RowRecord:
    """Where a row with a finished model stands."""
    if not is_current:
        says = f"made by another version of the recipe; to run it again remove '{printable(folder.path)}'"
        return replace(record, state="stale", says=says)
    if not means.is_judged or folder.is_judged:
        return replace(record, state="done", says="")
    state: State = "failed" if record.state == "failed" else "running"
    return replace(record, state=state, epoch=record.epochs)


def run_row(
    row: Row, folder: RowFolder, means: Means, stop: Callable[[], bool], progress: Progress = Silent()
) -> RowRecord:
    """Bring a row as far as it comes: a finished one is left alone, a stopped one goes on.

    Args:
        row: what is run.
        folder: where.
        means: with what.
        stop: once True, training saves itself and the row is left; a judgement is finished first.
        progress: where bars of our own work are shown.

    Raises:
        HilumError: the folder cannot be written, or holds something else.
    """
    record = look(row, folder, means)
    if record.state in ("done", "stale"):
        return record
    with _held(folder.path) as lock:
        if lock is None:
            return replace(record, says="another process is at work on it")
        record = _run(row, folder, means, stop, lock, progress)
        write_record(folder.path, record)
    return look(row, folder, means)


def no_weights(recipe: str) -> str:
    """What stands in the place of a figure where the pretrained weights cannot be had."""
    return f"pretrained weights not at hand; run `hilum reproduce DATA --only {recipe}` where the Hub can be reached"


def epochs_finished(run: Path) -> int:
    """How many epochs a stopped run has finished, from the header of its last state; 0 before the first."""
    with (
        suppress(OSError, ValueError, KeyError, TypeError, struct.error),
        (run / "state.safetensors").open("rb") as file,
    ):
        (length,) = struct.unpack("<Q", file.read(8))
        facts = json.loads(json.loads(file.read(min(length, 1 << 26)))["__metadata__"]["facts"])
        return int(facts["epoch"])
    return 0


def _run(
    row: Row, folder: RowFolder, means: Means, stop: Callable[[], bool], lock: int, progress: Progress
) -> RowRecord:
    record = read_record(folder.path, row, means.data_name, means.changes)
    plan = row.plan(means.changes)
    if not folder.model_hash:
        weights = _weights_for(plan, means)
        if plan.network.pretrained and means.weights and not weights:
            return record
        record = replace(record, begun=record.begun + 1)
        write_record(folder.path, record)
        ended = run_hilum(train_words(row, folder, means, weights), stop, (lock,))
        record = _after_training(record, ended, row)
    if not folder.model_hash or not means.is_judged:
        return record
    if row.shows_parts and not record.parts:
        catalogue, place = resolve_catalogue(means.data, means.workspace, progress)
        parts = part_figures(Predictor.open(folder.run), catalogue, place, progress=progress)
        record = replace(record, parts=parts)
        write_record(folder.path, record)
    # Not stopped halfway: a look that was written down, but whose figures were not, would have to be taken again.
    ended = run_hilum(evaluate_words(row, folder, means), keep_open=(lock,))
    if ended.status not in (0, 1):
        return replace(record, state="failed", says=_why(ended))
    examples = three_examples(folder.evaluation.with_name("predictions.csv")) if row.shows_parts else ()
    return replace(record, state="done", says="", examples=examples)


def train_words(row: Row, folder: RowFolder, means: Means, weights: Path | None) -> tuple[str, ...]:
    """The words after "hilum" that train the row, or go on with it."""
    changes = [word for change in (*row.changes(), *means.changes) for word in ("--set", change)]
    return (
        "train",
        row.recipe,
        str(means.data),
        *changes,
        *(("--weights", str(weights)) if weights else ()),
        *("--output", str(folder.run)),
        *(("--resume",) if folder.is_begun else ()),
        *means.options,
        *means.where(),
    )


def evaluate_words(row: Row, folder: RowFolder, means: Means) -> tuple[str, ...]:
    """The words after "hilum" that judge the row's model on what its protocol held back."""
    return (
        "evaluate",
        str(folder.run),
        str(means.data),
        *("--split", held_back(row.protocol)),
        *("--output", str(folder.evaluation.parent)),
        *means.where(),
    )


def _weights_for(plan: Recipe, means: Means) -> Path | None:
    """The file or folder of first weights that is named to `hilum train`; None where there is none to name."""
    if means.weights is None or not plan.network.pretrained:
        return None
    if not means.weights.is_dir():
        return means.weights
    return weights_file(means.weights, plan.network.architecture)


def _after_training(record: RowRecord, ended: Ended, row: Row) -> RowRecord:
    """The record with what this life of the run took, and how it ended."""
    record = replace(
        record,
        ended=record.ended + 1,
        seconds=round(record.seconds + ended.seconds, 1),
        peak_memory_bytes=max(record.peak_memory_bytes, ended.peak_memory_bytes),
    )
    if ended.status == NOT_AT_HAND:
        return replace(record, state="no weights", says=no_weights(row.recipe))
    if ended.status in (0, INTERRUPTED):
        return replace(record, state="running", says="")
    return replace(record, state="failed", says=_why(ended))


def _why(ended: Ended) -> str:
    if ended.sentence:
        return ended.sentence
    return f"ended by signal {-ended.status}" if ended.status < 0 else f"ended with exit status {ended.status}"


@contextmanager
def _held(folder: Path) -> Iterator[int | None]:
    """A descriptor that keeps other processes away from the folder while it is open; None where one holds it already.

    The command that trains inherits it: a training that outlives us still keeps others away.
    """
    with explained(folder, "write to"):
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        yield descriptor if _lock(descriptor) else None
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a disc without locks
        return True
    return True
