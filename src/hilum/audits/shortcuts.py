"""The shortcut audit: can the class be told from what shows no lung, and does a model go by it?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from hilum.audits.columns import Columns, beside
from hilum.audits.file_traits import file_columns, headers_of
from hilum.audits.lung_box import LungBoxResult
from hilum.audits.outline import SIDE_PX, mean_square, outline_columns
from hilum.audits.probes import (
    FEWEST_PATIENTS,
    Probe,
    Question,
    auroc_of,
    most_telling,
    out_of_fold,
)
from hilum.audits.verdicts import Level, level_of, meaning_of
from hilum.datasets.catalogue import LABELS, Catalogue
from hilum.datasets.pixels import open_pixels
from hilum.errors import HilumError
from hilum.evaluation import Count
from hilum.metrics import Estimate
from hilum.progress import Progress, Silent, track
from hilum.provenance import Provenance

ALL_PROBES: Final = "all of these"
PROBES: Final = {
    "border": "the outermost 4 % of the film",
    "corners": "four corners, an eighth of the side each",
    "size and aspect": "width and height of the file's picture",
    "file size": "bytes, which also follow how much a film shows",
    "JPEG tables": "quality and subsampling of the JPEG",
    "colour mode": "how a pixel is stored",
    "EXIF and ICC": "what stands in the file beside the picture",
    "mean brightness": "one number, the lungs included",
    "id block": "the number in the patient's name",
    ALL_PROBES: "every column above together",
}
"""What each probe sees, in the order of the report."""


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What one probe could tell.

    Args:
        name: of `PROBES`.
        sees: what it was shown.
        auroc: pneumonia against normal in films it had not learned from; None where it could not be tried.
        on_test: the same on the test folder, learned from the others; None without one, and where what the probe sees
            is the same in all of its films.
        telling: the columns that tell most by themselves, with their AUROC.
        level: what that amounts to.
        verdict: a line.
    """

    name: str
    sees: str
    auroc: Estimate | None
    on_test: Estimate | None
    telling: tuple[tuple[str, float], ...]
    level: Level
    verdict: str


@dataclass(frozen=True, slots=True)
class ShortcutAudit:
    """What the films give away, and what a model does without its lungs.

    Args:
        data_name: of the films.
        part: the folders that were probed.
        pneumonia: films and patients.
        normal: likewise.
        test: likewise of the test folder that probes were tried on, or None.
        probes: in the order of `PROBES`.
        model: with the lungs hidden and alone; None where no model was named.
        left_out: films that could not be used.
        fingerprint: of the films.
        seed: of folds and bootstrap.
        made: by which command, when.
    """

    data_name: str
    part: str
    pneumonia: Count
    normal: Count
    test: tuple[Count, Count] | None
    probes: tuple[ProbeResult, ...]
    model: LungBoxResult | None
    left_out: int
    fingerprint: str
    seed: int
    made: Provenance

    @property
    def found(self) -> tuple[ProbeResult, ...]:
        """The single probes that amount to a shortcut, the strongest first."""
        strong = [one for one in self.probes if one.level in ("gives the class away", "shortcut")]
        single = [one for one in strong if one.name != ALL_PROBES]
        return tuple(sorted(single, key=lambda one: -(one.auroc.value or 0) if one.auroc else 0))

    def as_json(self) -> dict[str, Any]:
        """The audit as JSON values."""
        return {"kind": "shortcuts", **asdict(self)}


@dataclass(frozen=True, slots=True, eq=False)
class ProbedFilms:
    """Films with everything that the probes may see.

    Args:
        films: in order, none with a problem.
        columns: by probe, without `ALL_PROBES`.
        squares: (n, 128, 128) uint8.
    """

    films: Catalogue
    columns: Mapping[str, Columns]
    squares: np.ndarray

    @property
    def question(self) -> Question:
        """Pneumonia or normal?"""
        return question_of(self.films, self.films.is_pneumonia)

    def mean_films(self) -> tuple[np.ndarray, np.ndarray]:
        """(128, 128) uint8 each: the mean of the films with pneumonia and of the normal ones."""
        truth = self.films.is_pneumonia
        return mean_square(self.squares, np.flatnonzero(truth)), mean_square(self.squares, np.flatnonzero(~truth))


def question_of(films: Catalogue, is_first: np.ndarray, seed: int = 0) -> Question:
    """Which of these films (n,) are of the first kind, with the films' patients as groups."""
    names, group = np.unique(np.array(films.group_names(), dtype=str), return_inverse=True)
    return Question(np.asarray(is_first, dtype=bool), group, tuple(names.tolist()), seed)


def count_films(films: Catalogue) -> tuple[Count, Count]:
    """Films and patients with pneumonia, and normal ones."""
    of_class = [[film for film in films.films if film.label == label] for label in LABELS]
    pneumonia, normal = (Count(len(found), len({film.patient for film in found})) for found in of_class)
    return pneumonia, normal


def look_at_films(films: Catalogue, directory: Path, progress: Progress = Silent()) -> ProbedFilms:
    """Read every header and square of usable films; squares are kept in `directory`."""
    headers = headers_of(films, progress)
    squares = open_pixels(films, SIDE_PX, "squash", directory, progress)
    found = file_columns(films, headers) | outline_columns(squares)
    return ProbedFilms(films, {name: found[name] for name in PROBES if name in found}, squares)


def probe_shortcuts(
    learned: ProbedFilms, test: ProbedFilms | None, seed: int = 0, progress: Progress = Silent()
) -> tuple[ProbeResult, ...]:
    """Every probe on the films, and on the test films what it learned from them.

    Raises:
        HilumError: fewer than ten patients of a class.
    """
    question = question_of(learned.films, learned.films.is_pneumonia, seed)
    if not question.is_answerable():
        raise HilumError(
            f"'{learned.films.name}' has {question.patients(True)} patients with pneumonia and "
            f"{question.patients(False)} normal ones in these films.",
            expected=f"at least {FEWEST_PATIENTS} patients of each class",
            do="Add films, or name another part with --split.",
        )
    shown = _with_all(learned.columns)
    on_test = _with_all(test.columns) if test else {}
    return tuple(
        _probe(name, shown[name], question, test, on_test.get(name))
        for name in track(progress, shown, "Probes", len(shown))
    )


def _with_all(columns: Mapping[str, Columns]) -> dict[str, Columns]:
    return {**columns, ALL_PROBES: beside(columns.values())}


def _probe(
    name: str, columns: Columns, question: Question, test: ProbedFilms | None, on_test: Columns | None
) -> ProbeResult:
    if name == "id block" and columns.values.max() < 0:
        return _without_figure(name, "not tried", "no number in the names")
    varied = columns.varied
    if not varied.names:
        return _without_figure(name, "same in all")
    auroc = auroc_of(out_of_fold(varied, question).standing, question)
    level = level_of(auroc)
    transferred = None
    if test is not None and on_test is not None:
        score = Probe(varied.values, question.is_first).score(on_test.named(varied.names).values)
        if np.ptp(score) > 0:
            transferred = auroc_of(score, question_of(test.films, test.films.is_pneumonia, question.seed))
    telling = most_telling(varied, question.is_first)
    return ProbeResult(name, PROBES[name], auroc, transferred, telling, level, meaning_of(level))


def _without_figure(name: str, level: Level, reason: str = "") -> ProbeResult:
    return ProbeResult(name, PROBES[name], None, None, (), level, reason or meaning_of(level))
