"""The files of a model and of its evaluations as documents of a checklist."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from msgspec import to_builtins

from hilum.errors import HilumError
from hilum.evaluation import OTHER_DATA, Evaluation, read_evaluation
from hilum.files import explained, printable, read_text
from hilum.json_files import read_json
from hilum.modelfolder import MANIFEST, ModelFolder
from hilum.reports.proofs import Document

EVALUATION, PAGE, PREDICTIONS, HISTORY = "evaluation.json", "index.html", "predictions.csv", "history.csv"
AUDIT: Final = "audit.json"
AUDITS: Final = ("labels", "robustness", "shift", "shortcuts")
WITHIN: Final = "evaluation"
"""Folder of the evaluation in a row of `hilum reproduce`."""


@dataclass(frozen=True, slots=True)
class EvaluationFiles:
    """What `hilum evaluate` wrote into one folder.

    Args:
        place: the folder that holds the files.
        evaluation: the figures.
        page: the HTML document of the evaluation.
        documents: its files, for a checklist.
    """

    place: Path
    evaluation: Evaluation
    page: str
    documents: tuple[Document, ...]


def read_evaluation_files(folder: Path, model: ModelFolder) -> EvaluationFiles:
    """The evaluation of this model in a folder, or in the folder evaluation/ inside it.

    Raises:
        HilumError: there is none, or it is of another model.
    """
    place = next((one for one in (folder, folder / WITHIN) if _has(one, EVALUATION)), folder)
    evaluation = read_evaluation(place / EVALUATION)
    if evaluation.model.model_hash != model.model_hash:
        raise HilumError(
            f"'{printable(place / EVALUATION)}' is of the model {evaluation.model.model_hash[:12]} "
            f"('{printable(evaluation.model.name)}'), and '{printable(model.path)}' is {model.model_hash[:12]}.",
            expected="an evaluation of this very model",
            do="Evaluate it: hilum evaluate MODEL DATA --output FOLDER",
        )
    page = read_text(place / PAGE)
    values = {
        EVALUATION: evaluation.as_json(),
        PAGE: page.count("<svg"),
        PREDICTIONS: _rows(place / PREDICTIONS) if _has(place, PREDICTIONS) else None,
    }
    documents = [_document(place / name, value) for name, value in values.items() if value is not None]
    is_external = evaluation.judged_under == OTHER_DATA
    return EvaluationFiles(place, evaluation, page, tuple(replace(one, is_external=is_external) for one in documents))


def model_documents(model: ModelFolder) -> tuple[Document, ...]:
    """The manifest, and the history of the run that the model folder lies in."""
    manifest = _document(model.path / MANIFEST, to_builtins(model.manifest))
    run = model.path.parent
    history = [_document(run / HISTORY, _rows(run / HISTORY))] if _has(run, HISTORY) else []
    return (manifest, *history)


def audit_document(folder: Path, model: ModelFolder, judged: Sequence[EvaluationFiles] = ()) -> Document:
    """What `hilum audit` wrote into a folder.

    Args:
        folder: that holds audit.json.
        model: the model that is reported.
        judged: its evaluations.

    Raises:
        HilumError: it is no audit, one of another model, or one of data that are neither the model's nor evaluated.
    """
    path = folder / AUDIT
    values = read_json(path)
    kind = values.get("kind") if isinstance(values, dict) else None
    if kind not in AUDITS:
        raise HilumError(
            f"'{printable(path)}' is not an audit.",
            expected=f"the {AUDIT} of one of the audits {', '.join(AUDITS)}",
            do="Name the folder that `hilum audit` wrote.",
        )
    if not _hashes_in(values) <= {model.model_hash}:
        raise HilumError(
            f"'{printable(path)}' is of another model than '{printable(model.path)}', or does not say of which.",
            expected="an audit of this very model",
            do=f"Run it: hilum audit {kind}",
        )
    names = [model.manifest.training.data_name, *(one.evaluation.films.data_name for one in judged)]
    if values.get("data_name") not in names:
        raise HilumError(
            f"'{printable(path)}' is of the data '{values.get('data_name', '')}'.",
            expected="an audit of the data of the model or of an evaluation: " + ", ".join(dict.fromkeys(names)),
            do="Leave it out, or name the evaluation on these data with --evaluation.",
        )
    return replace(_document(path, values), kind=f"{kind} audit")


def with_names_of_their_own(documents: Iterable[Document]) -> tuple[Document, ...]:
    """The documents, each under a name that no other has: the second evaluation/index.html gets a number."""
    used: dict[str, int] = {}
    named = []
    for one in documents:
        used[one.name] = number = used.get(one.name, 0) + 1
        named.append(one if number == 1 else replace(one, name=f"{one.name} ({number})"))
    return tuple(named)


def _hashes_in(values: dict[str, Any]) -> set[str]:
    """The hash of every model that an audit names, beside it or a level below; "" for one that it only names."""
    parts = (values, values.get("model"), values.get("specificity"))
    return {
        str(part.get("model_hash") or "")
        for part in parts
        if isinstance(part, dict) and (part.get("model_hash") or isinstance(part.get("model") or None, str))
    }


def _has(folder: Path, name: str) -> bool:
    with explained(folder / name, "read"):
        return (folder / name).is_file()


def _document(path: Path, values: Any) -> Document:
    """The document of a file, named by its folder and itself: where the folder lies is nobody's business."""
    with explained(path, "read"):
        content = path.read_bytes()
    name = printable(Path(path.resolve().parent.name) / path.name)
    return Document(path.name, name, hashlib.sha256(content).hexdigest(), values)


def _rows(path: Path) -> int:
    """Rows of a CSV file below its header; hilum writes one a line."""
    return max(0, len(read_text(path).splitlines()) - 1)
