"""All evaluations of the project as one Markdown page: by protocol, beside published figures, every look counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from hilum.evaluation import OTHER_DATA, OTHER_PART, Count, Evaluation, read_evaluation
from hilum.files import explained, printable
from hilum.json_files import read_json, typed
from hilum.metrics import PRIMARY
from hilum.reports import results_beyond, results_rows, words
from hilum.reports.markdown import table
from hilum.reports.results_looks import PlanningLook, Result, looks_section
from hilum.reproduction.parts import error_at_one_half
from hilum.reproduction.publish import published_looks, published_rows
from hilum.reproduction.record import RowRecord, RowResult

Value = TypeVar("Value")
_NOT_STATED: Final = "not stated"
_HEAD: Final = """# Results

Made by `make results` from the files in `docs/results/`; nobody edits this page. Every measured figure is followed by
its 95 % interval over patients (docs/reference/metrics.md). What is judged, and how, was said beforehand in the
[analysis plan](analysis-plan.md). hilum assists a reader; it is not a medical device.

To add the rows of `hilum reproduce DATA`: the same with `--minutes 0 --publish docs/results`, then `make results`. To
add another model: `hilum evaluate MODEL DATA`, copy its `evaluation.json` to `docs/results/NAME.json`, `make results`.
"""
_SECTIONS: Final = {
    **{protocol: (f"Protocol `{protocol}`", meaning) for protocol, meaning in words.PROTOCOLS.items()},
    "random20": ("Protocol `random20` (leaky)", words.PROTOCOLS["random20"]),
    OTHER_PART: ("Other parts of a model's own data", "films that the model's protocol did not hold back"),
    OTHER_DATA: (
        "Other data",
        "films from elsewhere than those that the model was made from; patients of data that go by different names "
        "cannot be compared, the very files were",
    ),
    _NOT_STATED: ("Protocol not stated", "how the films were divided is not known"),
}
_MEASURED: Final = (
    "model",
    "judged on",
    "films / patients",
    "AUROC",
    f"sensitivity and specificity at `{PRIMARY}`",
    "sensitivity and specificity at 0.5",
    "error at 0.5",
    "Brier",
    "ECE",
)
_PUBLISHED: Final = ("published, not measured here", "films", "accuracy", "sensitivity", "specificity", "AUROC", "note")


@dataclass(frozen=True, slots=True)
class Published:
    """A figure that somebody else has published; None where it is not stated."""

    protocol: str
    source: str
    films: int | None
    accuracy: float | None
    sensitivity: float | None
    specificity: float | None
    auroc: float | None
    note: str


@dataclass(frozen=True, slots=True)
class FilmNote:
    """What must be said of the films with this hash (`hash_of_films`) wherever a model was judged on them."""

    films_hash: str
    note: str


@dataclass(frozen=True, slots=True)
class Confirmatory:
    """The one model that was named before it was judged; all other figures are exploratory."""

    name: str
    words: str


def render_results(directory: Path) -> str:
    """The results page as Markdown; the same files give the same bytes.

    Args:
        directory: holds one evaluation a file, NAME.json, and in `beside/` what stands beside them:
            `published.json`, `planning-looks.json`, `film-notes.json` and `confirmatory.json`, and of `hilum
            reproduce` the rows, `rows.json`, and every look, `looks.json`.

    Raises:
        HilumError: a file cannot be read or is not what it should be.
    """
    results = _read_results(directory)
    published = _read_list(directory / "beside" / "published.json", Published)
    planning = _read_list(directory / "beside" / "planning-looks.json", PlanningLook)
    notes = _read_list(directory / "beside" / "film-notes.json", FilmNote)
    rows = _rows(directory, results)
    parts = [
        _HEAD,
        _reach(results, notes),
        _confirmed(results, _read_list(directory / "beside" / "confirmatory.json", Confirmatory)),
        results_rows.claims_section(rows),
        *(_section(under, results, published, rows) for under in _SECTIONS),
        results_rows.contrasts_section(rows),
        results_beyond.comparison_section(directory / "beside" / "comparison.json"),
        results_beyond.calibration_section(results),
        results_beyond.patients_section(results),
        results_beyond.external_section(results),
        results_rows.parts_section(rows),
        looks_section(planning, results, published_looks(directory)),
        _makings(results, rows),
    ]
    return "\n".join(part for part in parts if part)


def read_rows(directory: Path) -> list[RowResult]:
    """The rows of the results in `directory` with their evaluations.

    Raises:
        HilumError: a file cannot be read or is not what it should be.
    """
    return _rows(directory, _read_results(directory))


def _read_results(directory: Path) -> list[Result]:
    """The evaluations of a directory by recipe and seed."""
    with explained(directory, "read"):
        files = sorted(path for path in directory.iterdir() if path.suffix == ".json")
    found = [Result(path.stem, read_evaluation(path)) for path in files]
    return sorted(found, key=lambda one: (one.evaluation.model.recipe, one.evaluation.model.seed, one.name))


def _rows(directory: Path, results: Sequence[Result]) -> list[RowResult]:
    """The published rows with their evaluations; an evaluation that belongs to no row makes one of its own.

    A row counts as done where its evaluation is here.
    """
    evaluations = {one.name: one.evaluation for one in results}
    rows = [RowResult(record, evaluations.get(record.name)) for record in published_rows(directory)]
    listed = {one.record.name for one in rows}
    return rows + [RowResult(_record_of(one), one.evaluation) for one in results if one.name not in listed]


def _record_of(result: Result) -> RowRecord:
    model = result.evaluation.model
    return RowRecord(result.name, model.recipe, model.protocol, model.seed, state="done")


def _reach(results: Sequence[Result], notes: Sequence[FilmNote]) -> str:
    """What the models know, and what is to be said of the films they were judged on; "" where there is nothing."""
    populations = dict.fromkeys(one.evaluation.model.population for one in results)
    judged = {one.evaluation.films.films_hash for one in results}
    lines = [
        f"- The models know only films like those they were made from: {population}." for population in populations
    ]
    lines += [f"- {one.note}" for one in notes if one.films_hash in judged]
    return "\n".join(lines) + "\n" if lines else ""


def _confirmed(results: Sequence[Result], named: Sequence[Confirmatory]) -> str:
    """The primary endpoint of the models that were named beforehand; "" where none has been judged."""
    judged = {one.name: one.evaluation for one in results}
    lines = []
    for one in named:
        if evaluation := judged.get(one.name):
            lines += [
                f"**{one.name}**, {one.words}: sensitivity and specificity at the stored operating point "
                f"`{evaluation.primary.at.name}` {_pair(evaluation, evaluation.primary.at.name)}; "
                f"AUROC {evaluation.scores.auroc.text()}. {words.whom(evaluation)}"
            ]
    return "\n".join(["## The model named beforehand", "", *lines, ""]) if lines else ""


def _section(under: str, results: Sequence[Result], published: Sequence[Published], rows: Sequence[RowResult]) -> str:
    """What was measured in one way, what is still to be, and what others published; "" where there is nothing."""
    measured = [_measured_row(one) for one in results if _key(one.evaluation) == under]
    theirs = [_published_row(one) for one in published if one.protocol == under]
    waiting = results_rows.waiting_lines(under, rows)
    if not measured and not theirs and not waiting:
        return ""
    title, meaning = _SECTIONS[under]
    lines = [f"## {title}", "", f"{meaning[0].upper()}{meaning[1:]}."]
    if under == "random20":
        lines += ["", "**These figures leak: many of the films are of patients whom the model has met.**"]
    if measured:
        lines += ["", *table(_MEASURED, measured)]
    lines += [*results_rows.seeds_lines(under, rows), *waiting]
    if theirs:
        lines += ["", *table(_PUBLISHED, theirs)]
    return "\n".join(lines) + "\n"


def _key(evaluation: Evaluation) -> str:
    """The section of an evaluation; a protocol that this version does not know hides no result."""
    return evaluation.judged_under if evaluation.judged_under in _SECTIONS else _NOT_STATED


def _measured_row(result: Result) -> list[str]:
    evaluation = result.evaluation
    films, scores = evaluation.films, evaluation.scores
    strangers = "" if evaluation.contact.are_patients_compared else ", patients not compared"
    leak = f" **leaky: {words.percent(evaluation.contact.share)} met**" if evaluation.leaks else ""
    return [
        f"{result.name}{leak}",
        f"{films.data_name} {films.part}{strangers}",
        _slash(films.every),
        scores.auroc.text(),
        _pair(evaluation, PRIMARY),
        _pair(evaluation, "0.5"),
        error_at_one_half(evaluation).text(),
        scores.brier.text(),
        scores.ece.text(),
    ]


def _pair(evaluation: Evaluation, name: str) -> str:
    """Sensitivity and specificity belong together; "" where the model has no such operating point."""
    points = [point for point in evaluation.points if point.at.name == name]
    return "".join(f"{point.sensitivity.text()} and {point.specificity.text()}" for point in points)


def _slash(count: Count) -> str:
    return f"{count.films:,} / {count.patients:,}"


def _published_row(one: Published) -> list[str]:
    figures = [
        f"{value:.3f}" if value is not None else ""
        for value in (one.accuracy, one.sensitivity, one.specificity, one.auroc)
    ]
    return [one.source, f"{one.films:,}" if one.films else "", *figures, one.note]


def _makings(results: Sequence[Result], rows: Sequence[RowResult]) -> str:
    """How each figure was made."""
    cells = [
        [
            one.name,
            f"`{model.command}`",
            words.duration(model.training_seconds),
            f"{model.machine}, {model.precision}",
            model.commit or "not recorded",
            f"`{made.command}`",
            made.commit or "not recorded",
            f"`{model.model_hash[:12]}`",
            results_rows.time_of(one.name, rows),
            results_rows.memory_of(one.name, rows),
        ]
        for one in results
        for model, made in [(one.evaluation.model, one.evaluation.made)]
    ]
    headers = (
        "model",
        "trained by",
        "in",
        "on",
        "commit",
        "judged by",
        "commit",
        "model hash",
        "start to end",
        "peak memory",
    )
    body = table(headers, cells) if cells else ["No model has been judged yet."]
    return "\n".join(["## How each figure was made", "", *body]) + "\n"


def _read_list(path: Path, kind: type[Value]) -> list[Value]:
    """The values of a JSON list; nothing where there is no such file."""
    if not path.exists():
        return []
    wrong = f"'{printable(path)}' has a wrong value"
    return typed(read_json(path), list[kind], wrong, expected=f"a list of {kind.__name__}", do="Mend that entry.")  # type: ignore[valid-type]
