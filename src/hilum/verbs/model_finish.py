"""hilum model finish: a model folder from before there were gates in, one with a gate out."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import to_builtins

from hilum import provenance
from hilum.datasets import WORKSPACE, open_pixels, resolve_catalogue, split_films
from hilum.datasets.fewer import fewer_fit_patients
from hilum.errors import HilumError
from hilum.files import explained, printable
from hilum.modelfolder import Conformal, Gate, open_model_folder
from hilum.progress import on_stderr
from hilum.verbs.prepare import readable_films, require_training_half

if TYPE_CHECKING:
    from rich.console import RenderableType

NOT_GIVEN = (
    "It has no gate: the data have too few patients for one, so pictures that are no chest film are answered too."
)


@dataclass(frozen=True, slots=True)
class FinishedModel:
    """The new folder and what it can do now."""

    model: Path
    model_hash: str
    gate: Gate | None
    conformal: Conformal

    def __rich__(self) -> RenderableType:
        from rich.text import Text

        return Text(
            f"Model  {printable(self.model)} ({self.model_hash[:12]})\n\n"
            f"{self._gate_in_words}\n"
            f"Answer sets: {1 - self.conformal.alpha:.0%} of each class hold the truth on patients like these; "
            f"a logit {_from(self.conformal.pneumonia_from)} leaves pneumonia open, "
            f"{_up_to(self.conformal.normal_to)} leaves normal open.\n"
            "Weights, calibration and operating points are those of the old folder."
        )

    @property
    def _gate_in_words(self) -> str:
        gate = self.gate
        if gate is None:
            return NOT_GIVEN
        return (
            f"Gate: warns above a distance of {gate.warn_above:.3f}, refuses above {gate.refuse_above:.3f}. Of the "
            f"{gate.films} calibrate films ({gate.patients} patients) it warns of {gate.warned:.1%} and refuses "
            f"{gate.refused:.1%}; varied as by other machines, it refuses {gate.refused_varied:.1%}."
        )

    def as_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        values = {"gate": to_builtins(self.gate), "conformal": to_builtins(self.conformal)}
        return {"model": printable(self.model), "model_hash": self.model_hash} | values


def finish_model(
    model: Path,
    data: Path,
    *,
    output: Path | None = None,
    skip_bad: bool = False,
    threads: int = 0,
    workspace: Path = WORKSPACE,
) -> FinishedModel:
    """Give a model its gate and its answer sets, without training again.

    Writes a new model folder with the same weights, calibration and operating points. The distance is measured from
    the fit films, the limits come from the calibrate patients; test films are never opened.

    Args:
        model: Model folder, or the run that holds one.
        data: The data set that it was trained on: folder of class folders, or a catalogue file.
        output: New model folder; the old one's name with -gated if not given.
        skip_bad: Leave out the films that cannot be read, as the training did.
        threads: 0 takes every usable core.
        workspace: Folder of catalogues and pixel caches.

    Examples:
        hilum model finish runs/best data/chest_xray
        hilum model finish models/old data/chest_xray --output models/new
    """
    require_training_half()
    from hilum.training.refit import require_no_gate, write_finished

    folder = open_model_folder(model)
    require_no_gate(folder)
    target = output or _beside(folder.path)
    _require_room(target)
    progress, training = on_stderr(), folder.manifest.training
    catalogue, place = resolve_catalogue(data, workspace, progress)
    films = readable_films(catalogue, skip_bad)
    recipe = folder.manifest.recipe
    split = split_films(films, training.protocol, seed=training.seed, fold=training.fold, block=recipe.get("block", ""))
    split = fewer_fit_patients(films, split, int(recipe.get("patients", 0)))
    rows = split.development_rows
    split, films = replace(split, parts=tuple(split.parts[row] for row in rows)), films.select(rows)
    pixels = open_pixels(films, folder.manifest.side, folder.manifest.geometry, place / "pixels", progress)
    made = provenance.current()
    write_finished(target, folder, pixels, films, split, progress, made, threads)
    return _answer(target)


def _beside(model: Path) -> Path:
    """The name for the new folder; "." and ".." have none of their own to add to."""
    path = Path(os.path.abspath(model))  # noqa: PTH100 -- `resolve` would leave the place of a link
    return path.with_name(f"{path.name}-gated")


def _require_room(target: Path) -> None:
    with explained(target, "write to"):
        is_taken = target.exists() and (not target.is_dir() or any(target.iterdir()))
    if is_taken:
        raise HilumError(
            f"'{printable(target)}' exists already.",
            expected="a new or an empty folder",
            do="Remove it or name another folder with --output.",
        )


def _answer(target: Path) -> FinishedModel:
    """The answer, read from what was written."""
    folder = open_model_folder(target)
    sets = folder.manifest.conformal
    assert sets is not None
    return FinishedModel(target, folder.model_hash, folder.manifest.gate, sets)


def _from(logit: float | None) -> str:
    return "of any size" if logit is None else f"from {logit:.3f} on"


def _up_to(logit: float | None) -> str:
    return "one of any size" if logit is None else f"one up to {logit:.3f}"
