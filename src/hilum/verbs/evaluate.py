"""hilum evaluate: a model and films in, every figure with its interval out, as JSON, as a page and as a table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hilum import provenance
from hilum.datasets import WORKSPACE, resolve_catalogue
from hilum.engine import require_threads
from hilum.errors import HilumError
from hilum.evaluation import (
    PREVALENCES,
    Evaluation,
    Settings,
    evaluate_model,
    predictions_csv,
    read_evaluation,
    require_internal,
    with_fall,
)
from hilum.files import printable, write_together
from hilum.json_files import as_json
from hilum.metrics import DRAWS
from hilum.modelfolder.schema import faithfulness_in_words
from hilum.progress import on_stderr
from hilum.reports.page import evaluation_page
from hilum.reports.svg import require_drawing
from hilum.reports.worst import MOST_ERRORS, worst_errors
from hilum.runtime import Predictor
from hilum.verbs.room import room_in

if TYPE_CHECKING:
    from rich.console import RenderableType

_PAGE: Final = "index.html"
_JSON: Final = "evaluation.json"
_PREDICTIONS: Final = "predictions.csv"
_EARLIER: Final = "an earlier evaluation of the same model on the same part of the same data"


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The figures, and where they were written."""

    evaluation: Evaluation
    page: Path
    json: Path
    predictions: Path

    @property
    def exit_status(self) -> int:
        """1 where a film could not be judged."""
        return int(bool(self.evaluation.films.left_out))

    def __rich__(self) -> RenderableType:
        from hilum.reports.terminal import evaluation_table

        return evaluation_table(self.evaluation, self.page)

    def as_json(self) -> dict[str, Any]:
        """The evaluation as JSON values, with the paths of its files."""
        files = {"page": self.page, "json": self.json, "predictions": self.predictions}
        return {
            "evaluation": self.evaluation.as_json(),
            "files": {name: printable(path) for name, path in files.items()},
        }


def evaluate(
    model: Path,
    data: Path,
    *,
    split: str = "test",
    prevalence: Sequence[float] = PREVALENCES,
    external: Path | None = None,
    output: Path | None = None,
    draws: int = DRAWS,
    seed: int = 0,
    errors: int = MOST_ERRORS,
    threads: int = 0,
    workspace: Path = WORKSPACE,
) -> Evaluated:
    """Judge a model on films that it has not met, every figure with its 95 % interval over patients.

    Refuses films whose patient or file served the model, unless its protocol leaks by name. Each look is written to
    looks.jsonl beside the catalogue. Writes index.html, evaluation.json and predictions.csv; those of the same model on
    the same part of the same data are replaced, others are left alone.

    Args:
        model: Model folder, or the run that holds one.
        data: Folder of class folders, or a catalogue file.
        split: Folder the films came in (test, train, val), validation (what the protocol held back) or all.
        prevalence: Fractions of films with pneumonia at which PPV and NPV are stated; may be given several times.
        external: These films are from elsewhere: folder with the evaluation on what the protocol held back. The page
            then shows the fall from there, and no PPV at these films' own prevalence.
        output: Folder for the three files; under runs/evaluations if not given.
        draws: Samples of the bootstrap.
        seed: Fixes the samples.
        errors: Most films that the page shows where the model was most wrong; 0 keeps pictures of patients out of it.
        threads: Threads of the graph; 0 takes every usable core.
        workspace: Folder of catalogues and pixel caches.

    Examples:
        hilum evaluate runs/cnn-scratch data/chest_xray
        hilum evaluate runs/cnn-scratch data/chest_xray --prevalence 0.05
        hilum evaluate runs/cnn-scratch data/chest_xray --output report
        hilum evaluate runs/grouped data/chest_xray --split validation
        hilum evaluate runs/cnn-scratch data/other_hospital --split all --external report
    """
    progress = on_stderr()
    settings = Settings(split, tuple(prevalence), draws, seed)
    internal = read_evaluation(external / _JSON) if external else None
    require_threads(threads)
    require_drawing()
    predictor = Predictor.open(model, threads)
    catalogue, place = resolve_catalogue(data, workspace, progress)
    if internal:
        require_internal(internal, predictor.model_hash, catalogue.name)
    judged = (predictor.model_hash, catalogue.name, split)
    folder = output or _usual_place(predictor.manifest.name, *judged)
    room_in(folder, (_JSON, _PAGE, _PREDICTIONS), lambda: _judged_in(folder) == judged, _EARLIER)
    made = provenance.current("numpy", "onnxruntime", "pillow")
    evaluation, predictions = evaluate_model(predictor, catalogue, place, settings, made, progress)
    if internal:
        evaluation = with_fall(evaluation, internal)
    worst = worst_errors(predictions, predictor, evaluation.primary.at.threshold, errors, progress)
    worth = faithfulness_in_words(predictor.manifest.faithfulness)
    evaluated = Evaluated(evaluation, folder / _PAGE, folder / _JSON, folder / _PREDICTIONS)
    write_together(
        {
            evaluated.predictions: predictions_csv(predictions),
            evaluated.page: evaluation_page(evaluation, predictions, worst, worth),
            evaluated.json: as_json(evaluation.as_json()),
        }
    )
    return evaluated


def _usual_place(model: str, model_hash: str, data_name: str, part: str) -> Path:
    """Models that differ by their seed alone have one name, so that the hash must tell them apart."""
    return Path("runs/evaluations") / re.sub(r"[^\w.-]+", "-", f"{model}-{model_hash[:8]}-{data_name}-{part}")


def _judged_in(folder: Path) -> tuple[str, str, str] | None:
    """Model hash, name of the data and part of the evaluation that a folder holds; None where it holds none."""
    try:
        earlier = read_evaluation(folder / _JSON)
    except HilumError:
        return None
    return earlier.model.model_hash, earlier.films.data_name, earlier.films.part
