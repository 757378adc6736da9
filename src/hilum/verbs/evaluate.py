"""hilum evaluate: a model and films in, every figure with its interval out, as JSON, as a page and as a table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hilum import provenance
from hilum.datasets import WORKSPACE, resolve_catalogue
from hilum.evaluation import PREVALENCES, Evaluation, Settings, evaluate_model, predictions_csv, write_evaluation
from hilum.files import explained, write_text
from hilum.metrics import DRAWS
from hilum.progress import on_stderr
from hilum.reports import evaluation_page
from hilum.runtime import Predictor

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The figures, and where they were written."""

    evaluation: Evaluation
    page: Path
    json: Path
    predictions: Path

    def __rich__(self) -> RenderableType:
        from hilum.reports.terminal import evaluation_table

        return evaluation_table(self.evaluation, self.page)

    def as_json(self) -> dict[str, Any]:
        """The evaluation as JSON values, with the paths of its files."""
        files = {"page": str(self.page), "json": str(self.json), "predictions": str(self.predictions)}
        return {"evaluation": self.evaluation.as_json(), "files": files}


def evaluate(
    model: Path,
    data: Path,
    *,
    split: str = "test",
    prevalence: Sequence[float] = PREVALENCES,
    output: Path | None = None,
    draws: int = DRAWS,
    seed: int = 0,
    threads: int = 0,
    workspace: Path = WORKSPACE,
) -> Evaluated:
    """Judge a model on films that it has not met, every figure with its 95 % interval over patients.

    Refuses films whose patient or file served the model, unless its protocol leaks by name. Each look is written to
    looks.jsonl beside the catalogue. Writes index.html, evaluation.json and predictions.csv.

    Args:
        model: Model folder, or the run that holds one.
        data: Folder of class folders, or a catalogue file.
        split: Folder the films came in (test, train, val), validation (what the protocol held back) or all.
        prevalence: Fractions of films with pneumonia at which PPV and NPV are stated; may be given several times.
        output: Folder for the three files; under runs/evaluations if not given.
        draws: Samples of the bootstrap.
        seed: Fixes the samples.
        threads: Threads of the graph; 0 takes every usable core.
        workspace: Folder of catalogues and pixel caches.

    Examples:
        hilum evaluate runs/cnn-scratch data/chest_xray
        hilum evaluate runs/cnn-scratch data/chest_xray --prevalence 0.05 --output report
        hilum evaluate runs/grouped data/chest_xray --split validation
        hilum evaluate runs/cnn-scratch data/other_hospital --split all
    """
    progress = on_stderr()
    settings = Settings(split, tuple(prevalence), draws, seed)
    predictor = Predictor.open(model, threads)
    catalogue, place = resolve_catalogue(data, workspace, progress)
    folder = _room_for(output or _usual_place(predictor.manifest.name, catalogue.name, split))
    made = provenance.current("numpy", "onnxruntime", "pillow")
    evaluation, predictions = evaluate_model(predictor, catalogue, place, settings, made, progress)
    evaluated = Evaluated(evaluation, folder / "index.html", folder / "evaluation.json", folder / "predictions.csv")
    write_evaluation(evaluated.json, evaluation)
    write_text(evaluated.predictions, predictions_csv(predictions))
    write_text(evaluated.page, evaluation_page(evaluation, predictions))
    return evaluated


def _usual_place(model: str, data_name: str, part: str) -> Path:
    return Path("runs/evaluations") / re.sub(r"[^\w.-]+", "-", f"{model}-{data_name}-{part}")


def _room_for(folder: Path) -> Path:
    """The folder, made before anything is looked at: a look whose figures cannot be kept would be wasted."""
    with explained(folder, "write to"):
        folder.mkdir(parents=True, exist_ok=True)
    return folder
