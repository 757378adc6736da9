"""hilum audit shortcuts: can the class be told from what shows no lung?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hilum import provenance
from hilum.audits.asked import films_for_model
from hilum.audits.lung_box import LungBoxResult, judge_lung_box
from hilum.audits.shortcuts import ShortcutAudit, count_films, look_at_films, probe_shortcuts
from hilum.datasets import WORKSPACE, Catalogue, resolve_catalogue
from hilum.datasets.catalogue import FOLDERS
from hilum.engine import require_threads
from hilum.errors import HilumError, nearest
from hilum.images.box import LUNG_BOX, require_box
from hilum.progress import Progress, on_stderr
from hilum.provenance import Provenance
from hilum.reports.audit_shortcuts import shortcuts_page, shortcuts_table
from hilum.runtime import Predictor
from hilum.verbs.audit_files import AuditFiles, require_audits, room_for, test_of, without_test

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True, slots=True)
class ShortcutsFound:
    """The audit, and where it was written."""

    audit: ShortcutAudit
    files: AuditFiles

    @property
    def exit_status(self) -> int:
        """1 where a film could not be used."""
        return int(self.audit.left_out > 0)

    def __rich__(self) -> RenderableType:
        return shortcuts_table(self.audit, self.files.page)

    def as_json(self) -> dict[str, Any]:
        """The audit as JSON values, with the paths of its files."""
        return {"audit": self.audit.as_json(), "files": self.files.as_json()}


def shortcuts(
    data: Path,
    *,
    model: Path | None = None,
    split: str = "",
    lung_box: tuple[float, float, float, float] = LUNG_BOX,
    output: Path | None = None,
    seed: int = 0,
    threads: int = 0,
    workspace: Path = WORKSPACE,
) -> ShortcutsFound:
    """Ask whether pneumonia can be told from what shows no lung: border, corners, size, file, mode, EXIF, numbering.

    Each probe learns from some patients and is asked about others. Where there is a test folder, the probes learn from
    the other films and are tried on it too: a shortcut that holds there flatters every figure of that test. With a
    model, its AUROC with the lungs hidden and with nothing but the lungs, on films of its own select patients.
    Writes index.html and audit.json.

    Args:
        data: Folder of class folders, CSV table or catalogue file.
        model: Model folder, or the run that holds one, to be tried with the lungs hidden.
        split: Probe only the films of this folder (train, val, test) or all; if not given, all but the test folder.
        lung_box: Left, top, right and bottom of what is taken for the lungs, as shares of the film.
        output: Folder for the two files; under runs/audits if not given.
        seed: Fixes folds and samples.
        threads: Threads of the model's graph; 0 takes every usable core.
        workspace: Folder of catalogues and pixel caches.

    Examples:
        hilum audit shortcuts data/chest_xray
        hilum audit shortcuts data/chest_xray --model runs/best
        hilum audit shortcuts data/other_hospital --split all --json
    """
    progress = on_stderr()
    require_audits()
    require_threads(threads)
    require_box(lung_box)
    _require_part(split)
    predictor = Predictor.open(model, threads) if model else None
    catalogue, place = resolve_catalogue(data, workspace, progress)
    films, test, words = _films_to_probe(catalogue, split)
    files = room_for(output, "shortcuts", catalogue.name)
    made = provenance.current("numpy", "scikit-learn", "pillow")
    learned = look_at_films(films, place / "pixels", progress)
    tried = look_at_films(test, place / "pixels", progress) if test else None
    probes = probe_shortcuts(learned, tried, seed, progress)
    judged = _ask_model(predictor, catalogue, place, lung_box, seed, made, progress) if predictor else None
    pneumonia, normal = count_films(films)
    audit = ShortcutAudit(
        data_name=catalogue.name,
        part=words,
        pneumonia=pneumonia,
        normal=normal,
        test=count_films(test) if test else None,
        probes=probes,
        model=judged,
        left_out=len(catalogue.films) - len(catalogue.usable.films),
        fingerprint=films.fingerprint,
        seed=seed,
        made=made,
    )
    files.write(shortcuts_page(audit, learned.mean_films(), lung_box), audit.as_json())
    return ShortcutsFound(audit, files)


def _ask_model(
    predictor: Predictor,
    catalogue: Catalogue,
    place: Path,
    box: tuple[float, float, float, float],
    seed: int,
    made: Provenance,
    progress: Progress,
) -> LungBoxResult:
    choice = films_for_model(catalogue, predictor.manifest)
    return judge_lung_box(predictor, choice, place, box, seed, made, progress)


def _films_to_probe(catalogue: Catalogue, split: str) -> tuple[Catalogue, Catalogue | None, str]:
    """The films that probes learn from, those of the test folder to try them on, and which films these are."""
    films = catalogue.usable
    if split and split != "all":
        chosen = films.select([row for row, film in enumerate(films.films) if film.split == split])
        if not chosen.films:
            raise HilumError(
                f"'{catalogue.name}' has no films in a folder '{split}'.",
                expected="a folder with films",
                do="Name another with --split, or leave --split out.",
            )
        return chosen, None, f"the folder {split}"
    test = test_of(films)
    if split == "all" or not test.films:
        return films, None, "all films"
    return without_test(films), test, "all films outside the test folder"


def _require_part(split: str) -> None:
    known = [*FOLDERS, "all"]
    if split and split not in known:
        raise HilumError(f"There is no part '{split}'.", expected=", ".join(known), do=nearest(split, known))
