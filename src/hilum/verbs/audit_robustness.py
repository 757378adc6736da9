"""hilum audit robustness: what is left of a model's figures when films get worse."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hilum import provenance
from hilum.audits.asked import films_for_model
from hilum.audits.robustness import RobustnessAudit, audit_robustness, drawn_films
from hilum.datasets import WORKSPACE, resolve_catalogue
from hilum.engine import require_threads
from hilum.metrics import PRIMARY
from hilum.progress import on_stderr
from hilum.runtime import Predictor
from hilum.verbs.audit_files import AuditFiles, require_audits, room_for

if TYPE_CHECKING:
    from rich.console import RenderableType

_FILMS: Final = 300


@dataclass(frozen=True, slots=True)
class RobustnessAudited:
    """The audit, and where it was written."""

    audit: RobustnessAudit
    files: AuditFiles

    def __rich__(self) -> RenderableType:
        from hilum.reports.audit_robustness import robustness_table

        return robustness_table(self.audit, self.files.page)

    def as_json(self) -> dict[str, Any]:
        """The audit as JSON values, with the paths of its files."""
        return {"audit": self.audit.as_json(), "files": self.files.as_json()}


def robustness(
    model: Path,
    data: Path,
    *,
    operating_point: str = PRIMARY,
    films: int = _FILMS,
    output: Path | None = None,
    seed: int = 0,
    threads: int = 0,
    workspace: Path = WORKSPACE,
) -> RobustnessAudited:
    """Judge a model on films made worse in ten ways at five strengths, at a threshold that it stores.

    Exposure, contrast, blur, noise, JPEG, rotation, crop, down-sampling, burnt-in text. On films of the model's own
    select patients where the data hold them, else on films that it never met; never on a test folder. Writes
    index.html and audit.json.

    Args:
        model: Model folder, or the run that holds one.
        data: Folder of class folders, CSV table or catalogue file.
        operating_point: Name of the stored threshold that decides.
        films: Judge at most so many films, drawn by the seed; 0 takes all.
        output: Folder for the two files; under runs/audits if not given.
        seed: Draws films, noise, directions and places.
        threads: Threads of the model's graph; 0 takes every usable core.
        workspace: Folder of catalogues and pixel caches.

    Examples:
        hilum audit robustness runs/best data/chest_xray
        hilum audit robustness runs/best data/chest_xray --films 0 --operating-point youden
    """
    progress = on_stderr()
    require_audits()
    require_threads(threads)
    predictor = Predictor.open(model, threads)
    predictor.operating_point(operating_point)
    catalogue, place = resolve_catalogue(data, workspace, progress)
    choice = drawn_films(films_for_model(catalogue, predictor.manifest), films, seed)
    files = room_for(output, "robustness", catalogue.name)
    made = provenance.current("numpy", "pillow", "onnxruntime")
    audit = audit_robustness(predictor, choice, place, operating_point, seed, made, progress)

    from hilum.reports.audit_robustness import robustness_page

    files.write(robustness_page(audit), audit.as_json())
    return RobustnessAudited(audit, files)
