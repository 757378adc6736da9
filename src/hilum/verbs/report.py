"""hilum report: a run and its evaluations in, the documents that a publication needs out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hilum import provenance
from hilum.errors import HilumError
from hilum.files import explained, printable, write_together
from hilum.json_files import as_json, read_json, typed
from hilum.modelfolder import ModelFolder, open_model_folder
from hilum.modelfolder.card import limits
from hilum.reports.card import judged_card
from hilum.reports.checklists import (
    CHECKLISTS,
    FilledChecklist,
    checklist_markdown,
    checklist_page,
    fill,
    read_checklist,
    standing,
)
from hilum.reports.pdf import pdf_of, require_pdf
from hilum.reports.run_files import (
    EVALUATION,
    WITHIN,
    EvaluationFiles,
    audit_document,
    model_documents,
    read_evaluation_files,
    with_names_of_their_own,
)

if TYPE_CHECKING:
    from rich.console import RenderableType

_CARD: Final = "README.md"
_RECORD: Final = "report.json"


@dataclass(frozen=True, slots=True)
class _Earlier:
    """What is asked of the report.json of an earlier report."""

    checklists: tuple[dict[str, Any], ...]
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reported:
    """The documents, and how far the checklists were filled."""

    checklists: tuple[FilledChecklist, ...]
    files: tuple[Path, ...]

    def __rich__(self) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        from hilum.terminal import plain_table

        table = plain_table("checklist", "shown", "in part", "empty")
        for one in self.checklists:
            table.add_row(one.checklist.title, *map(str, one.counts.values()))
        paths = (Text(printable(path), no_wrap=True) for path in self.files)
        return Group(table, Text(f"\n{standing([one.checklist.name for one in self.checklists])}\n"), *paths)

    def as_json(self) -> dict[str, Any]:
        """Every line of the checklists with its proofs, and the files."""
        return {
            "checklists": [_as_json(one) for one in self.checklists],
            "files": [printable(path) for path in self.files],
        }


def report(
    run: Path,
    *,
    evaluation: Sequence[Path] = (),
    audit: Sequence[Path] = (),
    output: Path,
    no_pdf: bool = False,
) -> Reported:
    """Write the documents that a publication of a model needs: model card, reporting checklists, PDF.

    README.md is the model card with the figures of the evaluations, as the Hub reads it; tripod-ai and claim, each as
    HTML and as Markdown, are the checklists TRIPOD+AI and CLAIM, every line with the file and field that proves it and
    empty lines shown as empty; evaluation.pdf is the page of the evaluation on paper. They support reporting; they do
    not certify it. Films are not looked at again.

    Args:
        run: Run, model folder, or row folder of `hilum reproduce`, which holds its evaluation too.
        evaluation: Folder that `hilum evaluate` wrote for this model; may be given several times.
        audit: Folder that `hilum audit` wrote, for the lines that it proves; may be given several times.
        output: Folder for the documents.
        no_pdf: Leave out the PDF, which needs the extra 'pdf'.

    Examples:
        hilum report runs/best --evaluation report --output documents
        hilum report runs/best --evaluation internal --evaluation external --output documents
        hilum report runs/best --evaluation report --audit robustness --audit shortcuts --output documents
        hilum report repro/best-official --output documents --no-pdf
    """
    earlier = _earlier_in(output)
    model, places = _found(run, evaluation)
    judged = [read_evaluation_files(place, model) for place in places]
    _require_different(judged)
    if judged and not no_pdf:
        require_pdf()
    made = provenance.current("numpy", "jinja2", *(["weasyprint"] if judged and not no_pdf else []))
    documents = with_names_of_their_own(
        [
            *model_documents(model),
            *(one for files in judged for one in files.documents),
            *(audit_document(folder, model, judged) for folder in audit),
        ]
    )
    stated = judged[0].evaluation.limits if judged else limits(model.manifest)
    filled = tuple(fill(read_checklist(name), documents, model.manifest.name, stated, made) for name in CHECKLISTS)
    contents = _contents(model, judged, filled) | ({} if no_pdf else _pdfs(judged))
    reported = Reported(filled, tuple(output / name for name in [*contents, _RECORD]))
    write_together({output / name: text for name, text in {**contents, _RECORD: as_json(reported.as_json())}.items()})
    _remove(earlier - set(reported.files))
    return reported


def _found(run: Path, evaluation: Sequence[Path]) -> tuple[ModelFolder, Sequence[Path]]:
    """The model and the folders of its evaluations; a row of `hilum reproduce` brings its own."""
    with explained(run, "read"):
        is_row = (run / "run").is_dir() and (run / WITHIN / EVALUATION).is_file()
    if is_row:
        return open_model_folder(run / "run"), evaluation or (run / WITHIN,)
    return open_model_folder(run), evaluation


def _earlier_in(output: Path) -> set[Path]:
    """The files of an earlier report in the folder.

    Raises:
        HilumError: there is a file in the way, or the folder holds something else, whose README.md would be lost.
    """
    with explained(output, "read"):
        there = next((one for one in (output, *output.parents) if one.exists()), output)
        held = sorted(entry.name for entry in output.iterdir()) if output.is_dir() else []
    if there.exists() and not there.is_dir():
        raise HilumError(
            f"'{printable(there)}' is a file.",
            expected="a folder for the documents",
            do="Name another folder with --output.",
        )
    if held and _RECORD not in held:
        raise HilumError(
            f"'{printable(output)}' holds '{printable(held[0])}' already.",
            expected="a new or empty folder, or one with an earlier report",
            do="Name another folder with --output.",
        )
    if not held:
        return set()
    earlier = typed(
        read_json(output / _RECORD),
        _Earlier,
        f"'{printable(output / _RECORD)}' is of something else",
        expected="a new or empty folder, or one with an earlier report",
        do="Name another folder with --output.",
    )
    with explained(output, "read"):
        return {output / Path(file).name for file in earlier.files if (output / Path(file).name).is_file()}


def _require_different(judged: Sequence[EvaluationFiles]) -> None:
    places: dict[str, Path] = {}
    for one in judged:
        digest = one.documents[0].sha256
        if first := places.get(digest):
            raise HilumError(
                f"'{printable(one.place)}' holds the same evaluation as '{printable(first)}'.",
                expected="each evaluation once",
                do="Leave out one --evaluation.",
            )
        places[digest] = one.place


def _remove(files: set[Path]) -> None:
    for path in sorted(files):
        with explained(path, "remove"):
            path.unlink(missing_ok=True)


def _contents(
    model: ModelFolder, judged: Sequence[EvaluationFiles], filled: Sequence[FilledChecklist]
) -> dict[str, str | bytes]:
    """The card and the checklists by file name."""
    card = model.read(_CARD).decode("utf-8", "replace")
    contents: dict[str, str | bytes] = {_CARD: judged_card(card, [one.evaluation for one in judged])}
    for name, one in zip(CHECKLISTS, filled, strict=True):
        contents |= {f"{name}.html": checklist_page(one), f"{name}.md": checklist_markdown(one)}
    return contents


def _pdfs(judged: Sequence[EvaluationFiles]) -> dict[str, str | bytes]:
    """The page of each evaluation on paper; from the second on they are numbered."""
    return {
        f"evaluation{f'-{number}' if number > 1 else ''}.pdf": pdf_of(one.page)
        for number, one in enumerate(judged, start=1)
    }


def _as_json(filled: FilledChecklist) -> dict[str, Any]:
    """One checklist, with the state and the proofs of every line."""
    return {
        "name": filled.checklist.name,
        "source": filled.checklist.source,
        "counts": filled.counts,
        "lines": [
            {
                "number": line.item.number,
                "asks": line.item.asks,
                "state": line.state,
                "authors": line.item.authors,
                "proofs": [
                    {"says": proof.says, "value": proof.value, "file": proof.file, "field": proof.field}
                    for proof in line.proofs
                ],
            }
            for line in filled.lines
        ],
        "files": {one.name: one.sha256 for one in filled.documents},
    }
