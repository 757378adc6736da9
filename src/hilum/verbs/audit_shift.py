"""hilum audit shift: are the films of an evaluation set like those that a model learns from?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hilum import provenance
from hilum.audits.series import SeriesResult, specificity_by_series
from hilum.audits.shift import (
    REFERENCE,
    FilmSet,
    compare_distances,
    compare_domains,
    count_series,
    gather,
)
from hilum.audits.shift_record import ShiftAudit
from hilum.datasets import WORKSPACE, Catalogue, resolve_catalogue
from hilum.engine import require_threads
from hilum.errors import HilumError
from hilum.progress import Progress, on_stderr
from hilum.reports.audit_shift import shift_page, shift_table
from hilum.runtime import Predictor
from hilum.verbs.audit_files import AuditFiles, require_audits, room_for, test_of, without_test

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True, slots=True)
class ShiftFound:
    """The audit, and where it was written."""

    audit: ShiftAudit
    files: AuditFiles

    def __rich__(self) -> RenderableType:
        return shift_table(self.audit, self.files.page)

    def as_json(self) -> dict[str, Any]:
        """The audit as JSON values, with the paths of its files."""
        return {"audit": self.audit.as_json(), "files": self.files.as_json()}


def shift(
    data: Path,
    *,
    external: Sequence[Path] = (),
    model: Path | None = None,
    evaluation: Path | None = None,
    output: Path | None = None,
    seed: int = 0,
    threads: int = 0,
    workspace: Path = WORKSPACE,
) -> ShiftFound:
    """Ask how well films of an evaluation set can be told from the training films, class by class.

    A probe learns from some patients which set a film is of, and is asked about others: 0.5 says that the sets are
    alike. Films that stand together in the numbering always differ a little, so the same is asked of contiguous blocks
    of the training films. Looks at pixels and labels; no film is judged. Writes index.html and audit.json.

    Args:
        data: Folder of class folders, CSV table or catalogue file; its test folder is the first evaluation set.
        external: Other films to compare with the training films; may be given several times.
        model: Model folder, or the run that holds one, whose features are compared beside grey levels and files.
        evaluation: Folder that hilum evaluate wrote: adds the specificity by file series, without a look.
        output: Folder for the two files; under runs/audits if not given.
        seed: Fixes folds and samples.
        threads: Threads of the model's graph; 0 takes every usable core.
        workspace: Folder of catalogues and pixel caches.

    Examples:
        hilum audit shift data/chest_xray
        hilum audit shift data/chest_xray --model runs/best --evaluation runs/evaluations/best
        hilum audit shift data/chest_xray --external data/other_hospital
    """
    progress = on_stderr()
    require_audits()
    require_threads(threads)
    predictor = Predictor.open(model, threads) if model else None
    by_series = specificity_by_series(evaluation) if evaluation else None
    _require_same_model(predictor, by_series)
    sets, notes = _sets(data, external, workspace, progress)
    files = room_for(output, "shift", sets[0].films.name)
    made = provenance.current("numpy", "scikit-learn", "pillow")
    found = gather(sets, predictor, progress)
    far = compare_distances(found, predictor.manifest.training, seed) if predictor else ()
    if predictor and not far:
        notes.append("These are not the films that the model was made from: no distance from its fit films is shown.")
    audit = ShiftAudit(
        data_name=sets[0].films.name,
        reference=found.count(found.rows(REFERENCE)),
        sets=tuple((name, found.count(found.rows(name))) for name in found.evaluation_sets),
        domains=compare_domains(found, seed, progress),
        distances=far,
        series=count_series(found),
        specificity=by_series,
        model=predictor.manifest.name if predictor else "",
        model_hash=predictor.model_hash if predictor else "",
        notes=tuple(notes),
        fingerprint=sets[0].films.fingerprint,
        seed=seed,
        made=made,
    )
    files.write(shift_page(audit, found.mean_films()), audit.as_json())
    return ShiftFound(audit, files)


def _sets(data: Path, external: Sequence[Path], workspace: Path, progress: Progress) -> tuple[list[FilmSet], list[str]]:
    """The training films and every evaluation set; sentences about films left out."""
    catalogue, place = resolve_catalogue(data, workspace, progress)
    films, test = without_test(catalogue.usable), test_of(catalogue.usable)
    notes = [f"{catalogue.name}: {bad} films could not be used."] if (bad := _bad(catalogue)) else []
    sets = [FilmSet(REFERENCE, films, place), *([FilmSet("test", test, place)] if test.films else [])]
    for path in external:
        other, its_place = resolve_catalogue(path, workspace, progress)
        notes += [f"{other.name}: {bad} films could not be used."] if (bad := _bad(other)) else []
        name = other.name if other.name != catalogue.name else path.resolve().stem
        sets.append(FilmSet(_free_name(name, [one.name for one in sets]), other.usable, its_place))
    if len(sets) < 2 or not all(one.films.films for one in sets):
        raise HilumError(
            f"'{catalogue.name}' has {len(films.films)} films to learn from and {len(test.films)} in a test folder.",
            expected="films on both sides",
            do="Name other films to compare with: --external FOLDER",
        )
    return sets, notes


def _require_same_model(predictor: Predictor | None, by_series: SeriesResult | None) -> None:
    if predictor and by_series and predictor.model_hash != by_series.model_hash:
        raise HilumError(
            f"The evaluation is of the model {by_series.model_hash[:12]} ('{by_series.model}'), and --model is "
            f"{predictor.model_hash[:12]}.",
            expected="an evaluation of this very model",
            do="Name another folder with --evaluation, or leave --model out.",
        )


def _bad(catalogue: Catalogue) -> int:
    return len(catalogue.films) - len(catalogue.usable.films)


def _free_name(name: str, taken: list[str]) -> str:
    """The name, with a number behind it where another set has it."""
    number = sum(one.split(" (")[0] == name for one in taken)
    return f"{name} ({number + 1})" if number else name
