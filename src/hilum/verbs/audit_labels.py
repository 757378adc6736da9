"""hilum audit labels: films whose label may be wrong, on a page that a person ticks."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hilum import provenance
from hilum.audits.labels import TOP, LabelAudit, audit_labels
from hilum.datasets import WORKSPACE, Catalogue, resolve_catalogue
from hilum.datasets.catalogue_file import is_catalogue
from hilum.datasets.found import plain
from hilum.datasets.tables import rows_of
from hilum.engine import require_threads
from hilum.errors import HilumError, require_installed
from hilum.files import explained, printable, write_together
from hilum.json_files import as_json
from hilum.progress import on_stderr
from hilum.runtime import Predictor
from hilum.verbs.audit_files import AuditFiles, require_audits, room_for

if TYPE_CHECKING:
    from rich.console import RenderableType

_TO_REVIEW: Final = "to-review.csv"
_MOST: Final = 1000


@dataclass(frozen=True, slots=True)
class LabelsAudited:
    """The audit, and where it was written."""

    audit: LabelAudit
    files: AuditFiles
    to_review: Path
    next_step: str

    @property
    def exit_status(self) -> int:
        """1 where a film could not be used."""
        return int(self.audit.unusable > 0)

    def __rich__(self) -> RenderableType:
        from hilum.reports.audit_labels import labels_table

        return labels_table(self.audit, self.files.page, f"tick, save, then: {self.next_step}")

    def as_json(self) -> dict[str, Any]:
        """The audit as JSON values, with the paths of its files."""
        return {
            "audit": self.audit.as_json(),
            "files": {**self.files.as_json(), "to_review": printable(self.to_review)},
        }


def labels(
    model: Path,
    data: Path,
    *,
    top: int = TOP,
    output: Path | None = None,
    seed: int = 0,
    threads: int = 0,
    workspace: Path = WORKSPACE,
) -> LabelsAudited:
    """List films whose label may be wrong: confident learning, largest losses, likenesses with different labels.

    A small model learns from the features of some patients and is asked about the others. Films of a test folder are
    left alone. Nothing is changed: a person looks at index.html, ticks, and saves corrections.csv, which hilum data
    index --corrections takes. Writes index.html, audit.json and to-review.csv.

    Args:
        model: Model folder, or the run that holds one, whose features are used; best one that never saw these labels.
        data: Folder of class folders, CSV table or catalogue file.
        top: Films to list at the least: all that are suspected, then those of the largest loss.
        output: Folder for the three files; under runs/audits if not given.
        seed: Of the folds.
        threads: Threads of the model's graph; 0 takes every usable core.
        workspace: Folder of catalogues and pixel caches.

    Examples:
        hilum audit labels runs/mobilenetv2-frozen data/chest_xray
        hilum audit labels runs/best data/other_hospital --top 100
    """
    progress = on_stderr()
    require_audits()
    require_installed(["cleanlab"], "The label audit", "judge")
    require_threads(threads)
    _require_top(top)
    predictor = Predictor.open(model, threads)
    catalogue, place = resolve_catalogue(data, workspace, progress)
    files = room_for(output, "labels", catalogue.name)
    to_review = files.page.with_name(_TO_REVIEW)
    _require_unfilled(to_review)
    made = provenance.current("numpy", "scikit-learn", "cleanlab", "onnxruntime", "pillow")
    audit = audit_labels(predictor, catalogue, place, made, top=top, seed=seed, progress=progress)

    from hilum.reports.audit_labels import film_pictures, review_page, to_review_csv

    next_step = _index_again(data, catalogue, workspace)
    audited = LabelsAudited(audit, files, to_review, next_step)
    write_together(
        {
            files.page: review_page(audit, film_pictures(audit, catalogue.root, progress), next_step),
            files.json: as_json(audit.as_json()),
            audited.to_review: to_review_csv(audit),
        }
    )
    return audited


def _index_again(data: Path, catalogue: Catalogue, workspace: Path) -> str:
    """The command that takes the corrections into the catalogue that was audited."""
    options: list[str | Path] = [] if workspace == WORKSPACE else ["--workspace", workspace]
    films = data
    if is_catalogue(data):  # it keeps the corrections that it was made with: its films are indexed again, into its file
        films, options = catalogue.root, ["--output", data]
        if catalogue.patient_key == "column":  # a catalogue does not say which table it was made from
            films = Path("TABLE.csv")
    words = ["hilum", "data", "index", films, *options, "--corrections", "corrections.csv"]
    return " ".join(shlex.quote(printable(word)) for word in words)


def _require_unfilled(to_review: Path) -> None:
    """Refuse to write over a person's decisions, and over a table whose decisions cannot be told."""
    with explained(to_review, "read"):
        is_there = to_review.exists()
    header, *rows = (rows_of(to_review) if is_there else []) or [[]]
    names = [plain(name) for name in header]
    place = names.index("label") if "label" in names else 0
    filled = sum(bool(row[place].strip()) for row in rows if place < len(row))
    if filled:
        raise HilumError(
            f"'{printable(to_review)}' has lines that somebody has filled in ({filled:,}).",
            expected="a folder whose review has not begun",
            do="Move that file away, or name another folder with --output.",
        )


def _require_top(top: int) -> None:
    if not 1 <= top <= _MOST:
        raise HilumError(
            f"Got {top} films to list.", expected=f"1 to {_MOST:,}, as each stands on the page", do="Take 50."
        )
