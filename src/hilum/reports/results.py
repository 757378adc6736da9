"""All evaluations of the project as one Markdown page: by protocol, beside published figures, every look counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from hilum.errors import HilumError
from hilum.evaluation import OTHER_DATA, OTHER_PART, Count, Evaluation, read_evaluation
from hilum.files import explained, printable, read_json
from hilum.metrics import PRIMARY
from hilum.reports import words

Value = TypeVar("Value")
_NOT_STATED: Final = "not stated"
_HEAD: Final = """# Results

Made by `make results` from the files in `docs/results/`; nobody edits this page. Every measured figure is followed by
its 95 % interval from a bootstrap over patients. hilum assists a reader; it is not a medical device.

To add a model: `hilum evaluate MODEL DATA`, copy its `evaluation.json` to `docs/results/NAME.json`, `make results`.
"""
_OFFICIAL: Final = ("kermany", "test")  # name and part of the official test films
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
    "Brier",
    "ECE",
)
_PUBLISHED: Final = ("published, not measured here", "films", "accuracy", "sensitivity", "specificity", "AUROC", "note")


@dataclass(frozen=True, slots=True)
class Result:
    """An evaluation under the name of its file."""

    name: str
    evaluation: Evaluation


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
class PlanningLook:
    """Looks at the official test films while the project was planned, before hilum counted them."""

    looks: int
    what: str
    seen: str


def render_results(directory: Path) -> str:
    """The results page as Markdown; the same files give the same bytes.

    Args:
        directory: holds one evaluation a file, NAME.json, and in `beside/` what stands beside them:
            `published.json`, `planning-looks.json` and `film-notes.json`.

    Raises:
        HilumError: a file cannot be read or is not what it should be.
    """
    with explained(directory, "read"):
        files = sorted(path for path in directory.iterdir() if path.suffix == ".json")
    results = [Result(path.stem, read_evaluation(path)) for path in files]
    published = _read_list(directory / "beside" / "published.json", Published)
    planning = _read_list(directory / "beside" / "planning-looks.json", PlanningLook)
    notes = _read_list(directory / "beside" / "film-notes.json", FilmNote)
    parts = [
        _HEAD,
        _reach(results, notes),
        *(_section(under, results, published) for under in _SECTIONS),
        _looks(planning, results),
        _makings(results),
    ]
    return "\n".join(part for part in parts if part)


def _reach(results: Sequence[Result], notes: Sequence[FilmNote]) -> str:
    """What the models know, and what is to be said of the films they were judged on; "" where there is nothing."""
    populations = dict.fromkeys(one.evaluation.model.population for one in results)
    judged = {one.evaluation.films.films_hash for one in results}
    lines = [
        f"- The models know only films like those they were made from: {population}." for population in populations
    ]
    lines += [f"- {one.note}" for one in notes if one.films_hash in judged]
    return "\n".join(lines) + "\n" if lines else ""


def _section(under: str, results: Sequence[Result], published: Sequence[Published]) -> str:
    """What was measured in one way, and in a table of its own what others published; "" where there is neither."""
    measured = [_measured_row(one) for one in results if _key(one.evaluation) == under]
    theirs = [_published_row(one) for one in published if one.protocol == under]
    if not measured and not theirs:
        return ""
    title, meaning = _SECTIONS[under]
    lines = [f"## {title}", "", f"{meaning[0].upper()}{meaning[1:]}."]
    if under == "random20":
        lines += ["", "**These figures leak: many of the films are of patients whom the model has met.**"]
    if measured:
        lines += ["", *_table(_MEASURED, measured)]
    if theirs:
        lines += ["", *_table(_PUBLISHED, theirs)]
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


def _looks(planning: Sequence[PlanningLook], results: Sequence[Result]) -> str:
    """Every look at the official test films: those of the planning first, then the evaluations of this page.

    The official films are known by their hash, so that a look at them under another name is counted too.
    """
    before = sum(one.looks for one in planning)
    rows = [[str(one.looks), f"while the project was planned: {one.what}", one.seen] for one in planning]
    judged = [one.evaluation.films for one in results]
    hashes = {films.films_hash for films in judged if (films.data_name, films.part) == _OFFICIAL}
    official = [one for one in results if one.evaluation.films.films_hash in hashes]
    rows += [_look_row(one) for one in sorted(official, key=lambda one: (one.evaluation.made.created, one.name))]
    lines = [
        "## Looks at the official test films",
        "",
        f"{before} came before hilum counted them, {len(official)} by the evaluations on this page: "
        f"{before + len(official)} in all. Whatever was chosen later knew the earlier ones.",
    ]
    return "\n".join([*lines, "", *_table(("looks", "at", "seen"), rows)]) + "\n"


def _look_row(result: Result) -> list[str]:
    auroc, count = result.evaluation.scores.auroc, result.evaluation.looks
    then = f"its list then held looks: {count.looks}, models: {count.models}"
    return ["1", f"{result.name}, {words.moment(result.evaluation.made.created)}", f"AUROC {auroc.text()}; {then}"]


def _makings(results: Sequence[Result]) -> str:
    """How each figure was made."""
    rows = [
        [
            one.name,
            f"`{model.command}`",
            words.duration(model.training_seconds),
            f"{model.machine}, {model.precision}",
            model.commit or "not recorded",
            f"`{made.command}`",
            made.commit or "not recorded",
            f"`{model.model_hash[:12]}`",
        ]
        for one in results
        for model, made in [(one.evaluation.model, one.evaluation.made)]
    ]
    headers = ("model", "trained by", "in", "on", "commit", "judged by", "commit", "model hash")
    body = _table(headers, rows) if rows else ["No model has been judged yet."]
    return "\n".join(["## How each figure was made", "", *body]) + "\n"


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table; a bar inside a cell would end it."""
    lines = [headers, ["---"] * len(headers), *rows]
    return [f"| {' | '.join(map(_cell, line))} |" for line in lines]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _read_list(path: Path, kind: type[Value]) -> list[Value]:
    """The values of a JSON list; nothing where there is no such file."""
    from pydantic import TypeAdapter, ValidationError

    if not path.exists():
        return []
    try:
        return TypeAdapter(list[kind]).validate_python(read_json(path))  # type: ignore[valid-type]
    except ValidationError as error:
        problem = error.errors()[0]
        raise HilumError(
            f"'{printable(path)}' has a wrong '{'.'.join(map(str, problem['loc']))}': {problem['msg']}.",
            expected=f"a list of {kind.__name__}",
            do="Mend that entry.",
        ) from None
