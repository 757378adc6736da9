"""All evaluations of the project as one Markdown page: by protocol, beside published figures, every look counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from hilum.errors import HilumError
from hilum.evaluation import Count, Evaluation, read_evaluation
from hilum.files import explained, printable, read_json
from hilum.reports import words

Value = TypeVar("Value")
_NOT_STATED: Final = "not stated"
_PRIMARY: Final = "sensitivity>=0.95"
_HEAD: Final = """# Results

Made by `make results` from the files in `docs/results/`; nobody edits this page. Every measured figure is followed by
its 95 % interval from a bootstrap over patients. hilum assists a reader; it is not a medical device. The models know
children of 1 to 5 years from one hospital, in a third-party 224 px copy. Elsewhere figures fall: published external
results go from an AUROC of 0.95 down to 0.54-0.82.

To add a model: `hilum evaluate MODEL DATA`, copy its `evaluation.json` to `docs/results/NAME.json`, `make results`.
"""
_MEASURED: Final = (
    "model",
    "judged on",
    "films / patients",
    "AUROC",
    f"sensitivity and specificity at `{_PRIMARY}`",
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
class PlanningLook:
    """Looks at the official test films while the project was planned, before hilum counted them."""

    looks: int
    what: str
    seen: str


def render_results(directory: Path) -> str:
    """The results page as Markdown; the same files give the same bytes.

    Args:
        directory: holds one evaluation a file, NAME.json, and in `beside/` what stands beside them:
            `published.json` and `planning-looks.json`.

    Raises:
        HilumError: a file cannot be read or is not what it should be.
    """
    with explained(directory, "read"):
        files = sorted(path for path in directory.iterdir() if path.suffix == ".json")
    results = [Result(path.stem, read_evaluation(path)) for path in files]
    published = _read_list(directory / "beside" / "published.json", Published)
    planning = _read_list(directory / "beside" / "planning-looks.json", PlanningLook)
    protocols = [*words.PROTOCOLS, _NOT_STATED]
    sections = [_protocol(protocol, results, published) for protocol in protocols]
    return "\n".join(
        [_HEAD, *(section for section in sections if section), _looks(planning, results), _makings(results)]
    )


def _protocol(protocol: str, results: Sequence[Result], published: Sequence[Published]) -> str:
    """One section: what was measured, and in a table of its own what others published; "" where there is neither."""
    measured = [_measured_row(one) for one in results if one.evaluation.model.protocol == protocol]
    theirs = [_published_row(one) for one in published if one.protocol == protocol]
    if not measured and not theirs:
        return ""
    leak = " (leaky)" if protocol == "random20" else ""
    meaning = words.PROTOCOLS.get(protocol, "how the films were divided is not known")
    title = f"Protocol `{protocol}`{leak}" if protocol != _NOT_STATED else "Protocol not stated"
    lines = [f"## {title}", "", f"{meaning[0].upper()}{meaning[1:]}."]
    if leak:
        lines += ["", "**These figures leak: many of the films are of patients whom the model has met.**"]
    if measured:
        lines += ["", *_table(_MEASURED, measured)]
    if theirs:
        lines += ["", *_table(_PUBLISHED, theirs)]
    return "\n".join(lines) + "\n"


def _measured_row(result: Result) -> list[str]:
    evaluation = result.evaluation
    films, scores = evaluation.films, evaluation.scores
    leak = f" **leaky: {words.percent(evaluation.contact.share)} met**" if evaluation.model.is_leaky else ""
    return [
        f"{result.name}{leak}",
        f"{films.data_name} {films.part}",
        _slash(films.every),
        scores.auroc.text(),
        _pair(evaluation, _PRIMARY),
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
    """Every look at the official test films: those of the planning first, then the evaluations of this page."""
    before = sum(one.looks for one in planning)
    rows = [[str(one.looks), f"while the project was planned: {one.what}", one.seen] for one in planning]
    official = [one for one in results if one.evaluation.films.part == "test"]
    rows += [_look_row(one) for one in sorted(official, key=lambda one: (one.evaluation.made.created, one.name))]
    lines = [
        "## Looks at the official test films",
        "",
        f"{before} looks came before hilum counted them, {len(official)} are evaluations on this page: "
        f"{before + len(official)} in all. Whatever was chosen later knew the earlier ones.",
    ]
    return "\n".join([*lines, "", *_table(("looks", "at", "seen"), rows)]) + "\n"


def _look_row(result: Result) -> list[str]:
    auroc, count = result.evaluation.scores.auroc, result.evaluation.looks
    then = f"its list then held {count.looks} looks with {count.models} models"
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
