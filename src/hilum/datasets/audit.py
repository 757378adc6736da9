"""The audit: every check of a catalogue that decides whether its figures can be honest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from hilum.datasets.catalogue import FOLDERS, LABELS, Catalogue, copies
from hilum.datasets.duplicates import near_duplicates
from hilum.datasets.patients import KEYS
from hilum.datasets.splits import DEVELOPMENT, Split
from hilum.progress import Progress, Silent

SMALLEST_SIDE_PX = 64
SMALLEST_VALIDATION = 100
"""Films under which one of them weighs more than a point in a hundred."""

Severity = Literal["leak", "warning", "note", "passed"]


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check.

    Attributes:
        severity: "leak" (a patient or a file on two sides), "warning", "note", or "passed" where nothing was found.
        title: what was looked for, in plain words; read with the count before it.
        count: how many were found.
        films: the paths of the films concerned.
        detail: a sentence, or "".
    """

    severity: Severity
    title: str
    count: int
    films: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Audit:
    """The findings of all checks, leaks first."""

    findings: tuple[Finding, ...]

    @property
    def has_leak(self) -> bool:
        """True where a patient or a file stands on two sides."""
        return any(finding.severity == "leak" for finding in self.findings)


def audit(catalogue: Catalogue, split: Split | None = None, progress: Progress = Silent()) -> Audit:
    """Check a catalogue, and the sides of a protocol where a split is given; opens only films suspected to be alike."""
    alike = near_duplicates(catalogue, progress)
    findings = list(_sides(catalogue, [film.split for film in catalogue.films], "the folders", alike))
    if split is not None:
        sides = ["development" if part in DEVELOPMENT else part for part in split.parts]
        findings += _sides(catalogue, sides, f"the protocol {split.protocol}", alike)
    findings += [check(catalogue) for check in _CHECKS]
    findings.append(_near_duplicates(catalogue, alike))
    order = ("leak", "warning", "note", "passed")
    return Audit(tuple(sorted(findings, key=lambda finding: order.index(finding.severity))))


def leaked_share(catalogue: Catalogue, split: Split) -> float:
    """Share of the films of the evaluation part whose patient also has films in development: 0.0 without a leak."""
    known = {catalogue.films[row].patient for row in split.development_rows}
    rows = split.rows(split.evaluation_part)
    return sum(catalogue.films[row].patient in known for row in rows) / max(1, len(rows))


def _finding(severity: Severity, title: str, count: int, paths: Iterable[str] = (), detail: str = "") -> Finding:
    return Finding(severity if count else "passed", title, count, tuple(sorted(paths)), detail)


def _sides(
    catalogue: Catalogue, sides: Sequence[str], of_what: str, alike: Sequence[tuple[int, ...]]
) -> Iterator[Finding]:
    """Whether a patient, a file or a likeness stands on two of the sides; "" is no side."""
    if len(set(sides) - {""}) < 2:
        return
    rows = [row for row, side in enumerate(sides) if side and not catalogue.films[row].problem]
    patients, files = (
        _torn(sides, _together(rows, [getattr(film, key) for film in catalogue.films])) for key in ("patient", "sha256")
    )
    yield _of_groups("leak", f"Patients on two sides of {of_what}", catalogue, patients)
    yield _of_groups("leak", f"Identical files on two sides of {of_what}", catalogue, files)
    yield _of_groups("warning", f"Near duplicates on two sides of {of_what}", catalogue, _torn(sides, alike))


def _together(rows: Iterable[int], values: Sequence[str]) -> list[tuple[int, ...]]:
    """The rows that share a value."""
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(values[row], []).append(row)
    return [tuple(group) for group in found.values()]


def _torn(sides: Sequence[str], groups: Iterable[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """The groups with rows on two sides."""
    return [group for group in groups if len({sides[row] for row in group} - {""}) > 1]


def _of_groups(
    severity: Severity, title: str, catalogue: Catalogue, groups: Sequence[tuple[int, ...]], detail: str = ""
) -> Finding:
    paths = [catalogue.films[row].path for group in groups for row in group]
    return _finding(severity, title, len(groups), paths, detail if groups else "")


def _two_labels(catalogue: Catalogue) -> Finding:
    labels = [film.label for film in catalogue.films]
    return _of_groups("warning", "Identical files with different labels", catalogue, _torn(labels, copies(catalogue)))


def _unusable(catalogue: Catalogue) -> Finding:
    problems = {film.path: film.problem for film in catalogue.films if film.problem}
    detail = next((f"The first: {problem}" for problem in problems.values()), "")
    return _finding("warning", "Films that cannot be used", len(problems), problems, detail)


def _too_small(catalogue: Catalogue) -> Finding:
    films = [film for film in catalogue.usable.films if min(film.width_px, film.height_px) < SMALLEST_SIDE_PX]
    return _finding("warning", f"Films smaller than {SMALLEST_SIDE_PX} px", len(films), [film.path for film in films])


def _empty_classes(catalogue: Catalogue) -> Finding:
    films = catalogue.usable.films
    places = [""] + [split for split in FOLDERS if any(film.split == split for film in films)]
    missing = [
        f"no film labelled {label}{f' in the folder {place}' if place else ''}"
        for place in places
        for label in LABELS
        if not any(film.label == label and place in ("", film.split) for film in films)
    ]
    detail = f"There is {', '.join(missing)}." if missing else ""
    return _finding("warning", "Classes without a film", len(missing), (), detail)


def _weak_validation(catalogue: Catalogue) -> Finding:
    films = [film for film in catalogue.usable.films if film.split == "val"]
    wanted = {film.subtype for film in catalogue.films if film.split == "train"} - {""}
    missing = sorted(wanted - {film.subtype for film in films})
    is_weak = bool(films) and (len(films) < SMALLEST_VALIDATION or bool(missing))
    without = f" and none of {', '.join(missing)}" if missing else ""
    detail = f"It has {len(films)} films{without}: it cannot choose anything. hilum puts it back into train."
    paths = [film.path for film in films] if is_weak else []
    return _finding(
        "warning", "Validation folder too weak to choose by", int(is_weak), paths, detail if is_weak else ""
    )


def _contradicting_names(catalogue: Catalogue) -> Finding:
    key = KEYS.get(catalogue.patient_key)
    films = []
    for film in catalogue.films:
        told = key(film.path) if key else None
        if told and film.label and told.label not in ("", film.label):
            films.append(film.path)
    return _finding("warning", "File names that contradict the label", len(films), films)


def _copies(catalogue: Catalogue) -> Finding:
    groups = copies(catalogue)
    detail = f"{sum(map(len, groups)) - len(groups)} files more than different films; each group is resampled as one."
    return _of_groups("note", "Groups of identical files", catalogue, groups, detail)


def _near_duplicates(catalogue: Catalogue, alike: Sequence[tuple[int, ...]]) -> Finding:
    strangers = sum(len({catalogue.films[row].patient for row in group}) > 1 for group in alike)
    detail = f"{strangers} of these groups join films of different patients."
    return _of_groups("note", "Groups of near duplicates", catalogue, alike, detail)


def _both_classes(catalogue: Catalogue) -> Finding:
    labels_of: dict[str, set[str]] = {}
    for film in catalogue.films:
        labels_of.setdefault(film.patient, set()).add(film.label)
    both = {patient for patient, labels in labels_of.items() if len(labels - {""}) > 1}
    paths = [film.path for film in catalogue.films if film.patient in both]
    return _finding("note", "Patients with films of both classes", len(both), paths)


_CHECKS: tuple[Callable[[Catalogue], Finding], ...] = (
    _two_labels,
    _unusable,
    _too_small,
    _empty_classes,
    _weak_validation,
    _contradicting_names,
    _copies,
    _both_classes,
)
