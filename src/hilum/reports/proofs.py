"""What the files of a run and of its evaluations prove: a value, and the file and field that it stands in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from hilum.errors import HilumError
from hilum.evaluation import Count
from hilum.metrics import Estimate
from hilum.reports import words


@dataclass(frozen=True, slots=True)
class Document:
    """A file that proves something.

    Args:
        kind: as evidence asks for it: "hilum.json", "evaluation.json", ... or "shift audit".
        name: the name it goes by in a checklist; no two documents of one report share it.
        sha256: of its bytes.
        values: its JSON values; of a table the number of its rows, of a page the number of its figures.
        is_external: True for an evaluation on other data than those the model was made from.
    """

    kind: str
    name: str
    sha256: str
    values: Any
    is_external: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a proof would stand.

    Args:
        says: what the value is, as the words before it.
        file: kind of the document.
        field: its place there, such as "training.seed"; "" is the whole document.
        show: how it is put in words, one of `SHOWS`.
        only: "internal" or "external" where evaluations of that sort alone prove it.
    """

    says: str
    file: str
    field: str = ""
    show: str = "plain"
    only: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """A value that stands in a file.

    Args:
        says: what it is.
        value: it, in words.
        file: name of the document.
        field: its place there.
    """

    says: str
    value: str
    file: str
    field: str


def proofs_in(documents: Iterable[Document], evidence: Evidence) -> tuple[Proof, ...]:
    """One proof for each document that holds the value; none where it is missing or empty.

    Raises:
        HilumError: the value is of another kind than hilum writes there.
    """
    found = []
    for document in documents:
        if document.kind != evidence.file or evidence.only == ("internal" if document.is_external else "external"):
            continue
        value = value_at(document.values, evidence.field)
        shown = "" if value is None else _in_words(value, evidence, document)
        if shown:
            found.append(Proof(evidence.says, shown, document.name, evidence.field))
    return tuple(found)


def _in_words(value: Any, evidence: Evidence, document: Document) -> str:
    """The value on one line."""
    try:
        return " ".join(SHOWS[evidence.show](value).split())
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise HilumError(
            f"'{document.name}' has a value at '{evidence.field}' that cannot be read.",
            expected="the file as hilum wrote it",
            do="Make that file again.",
        ) from error


def value_at(values: Any, field: str) -> Any:
    """The value at a place such as "training.seed"; None where there is none."""
    for part in field.split(".") if field else ():
        if not isinstance(values, dict) or part not in values:
            return None
        values = values[part]
    return values


def _plain(value: Any) -> str:
    """A JSON value in words; "" for what is empty."""
    if isinstance(value, dict):
        return _of_mapping(value)
    if isinstance(value, (list, tuple)):
        texts = [_plain(one) for one in value]
        return (" " if all(text.endswith(".") for text in texts) else ", ").join(texts)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _of_mapping(value: dict[str, Any]) -> str:
    """A figure with its interval, films of patients, or settings by name."""
    if {"value", "low", "high"} <= set(value):
        return words.decimal(_estimate(value))
    if set(value) == {"films", "patients"}:
        return words.films_of(Count(**value))
    return ", ".join(f"{name.replace('_', ' ')} {_plain(one)}" for name, one in value.items())


def _estimate(value: dict[str, Any]) -> Estimate:
    return Estimate(value["value"], value["low"], value["high"], value.get("method", ""))


def _share(value: dict[str, Any]) -> str:
    one = _estimate(value)
    return words.percent(one.value) if one.value is None else f"{words.percent(one.value)} [{_ends(one)}]"


def _ends(one: Estimate) -> str:
    return words.percent_interval(one)


def _decisions(points: list[dict[str, Any]]) -> str:
    return "; ".join(
        f"{point['at']['name']}: sensitivity {_share(point['sensitivity'])}, specificity {_share(point['specificity'])}"
        for point in points
    )


def _sensitivity_by_kind(points: list[dict[str, Any]]) -> str:
    by_point = {
        point["at"]["name"]: ", ".join(f"{kind['name']} {_share(kind['sensitivity'])}" for kind in point["subtypes"])
        for point in points
    }
    return "; ".join(f"{name}: {kinds}" for name, kinds in by_point.items() if kinds)


def _errors(points: list[dict[str, Any]]) -> str:
    texts = []
    for point in points:
        counts = point["counts"]
        pneumonia = counts["true_positives"] + counts["false_negatives"]
        normal = counts["true_negatives"] + counts["false_positives"]
        texts.append(
            f"{point['at']['name']}: {counts['false_negatives']:,} of {pneumonia:,} films with pneumonia missed, "
            f"{counts['false_positives']:,} of {normal:,} normal ones called pneumonia"
        )
    return "; ".join(texts)


def _thresholds(points: list[dict[str, Any]]) -> str:
    return "; ".join(f"{point['name']}: {point['threshold']:.4f}, {point['goal']}" for point in points)


def _kinds(kinds: list[dict[str, Any]]) -> str:
    return "; ".join(f"{kind['name']}: {_plain(kind['count'])}" for kind in kinds)


def _calibration(stated: list[dict[str, Any]]) -> str:
    return "; ".join(
        f"{one['name']}: ECE {_plain(one['ece'])}, slope {_plain(one['slope'])}, intercept {_plain(one['intercept'])}"
        for one in stated
    )


def _domain_verdicts(domains: list[dict[str, Any]]) -> str:
    return "; ".join(f"{one['against']}, {one['label']}, {one['view']}: {one['verdict']}" for one in domains)


def _greatest_strength(kinds: list[dict[str, Any]]) -> str:
    return "; ".join(f"{one['name']} {_plain(one['steps'][-1]['auroc'])}" for one in kinds if one["steps"])


SHOWS: Final[dict[str, Callable[[Any], str]]] = {
    "plain": _plain,
    "count": lambda value: f"{len(value):,}",
    "percent": words.percent,
    "names": lambda value: ", ".join(value),
    "rows": lambda value: f"{value:,} row" if value == 1 else f"{value:,} rows",
    "figures": lambda value: f"{value:,} figure" if value == 1 else f"{value:,} figures",
    "judged names": lambda points: ", ".join(point["at"]["name"] for point in points),
    "decisions": _decisions,
    "sensitivity by kind": _sensitivity_by_kind,
    "errors": _errors,
    "thresholds": _thresholds,
    "kinds": _kinds,
    "calibration": _calibration,
    "verdicts": lambda probes: "; ".join(f"{probe['name']}: {probe['verdict']}" for probe in probes),
    "domain verdicts": _domain_verdicts,
    "greatest strength": _greatest_strength,
}
"""How a value is put in words, by name."""
