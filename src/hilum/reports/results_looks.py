"""Every look at the official test films, as a section of the results page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hilum.evaluation import Evaluation, Look
from hilum.reports import words
from hilum.reports.markdown import table

_OFFICIAL: Final = ("kermany", "test")  # name and part of the official test films


@dataclass(frozen=True, slots=True)
class Result:
    """An evaluation under the name of its file."""

    name: str
    evaluation: Evaluation


@dataclass(frozen=True, slots=True)
class PlanningLook:
    """Looks at the official test films while the project was planned, before hilum counted them."""

    looks: int
    what: str
    seen: str


def looks_section(planning: Sequence[PlanningLook], results: Sequence[Result], others: Sequence[Look]) -> str:
    """Every look at the official test films: those of the planning first, then the evaluations of this page.

    The official films are known by their hash, so that a look at them under another name is counted too.

    Args:
        planning: looks before hilum counted them.
        results: evaluations of this page.
        others: looks that were published, among them those of this page.
    """
    before = sum(one.looks for one in planning)
    rows = [[str(one.looks), f"while the project was planned: {one.what}", one.seen] for one in planning]
    judged = [one.evaluation.films for one in results]
    hashes = {films.films_hash for films in judged if (films.data_name, films.part) == _OFFICIAL}
    official = [one for one in results if one.evaluation.films.films_hash in hashes]
    here = {(one.evaluation.made.created, one.evaluation.model.model_hash) for one in official}
    gone = [look for look in others if look.films_hash in hashes and (look.time, look.model_hash) not in here]
    rows += [_look_row(one) for one in sorted(official, key=lambda one: (one.evaluation.made.created, one.name))]
    rows += [["1", f"{look.recipe}, {words.moment(look.time)}", "its evaluation is no longer here"] for look in gone]
    no_longer = f", {len(gone)} by others that are no longer here" if gone else ""
    lines = [
        "## Looks at the official test films",
        "",
        f"{before} came before hilum counted them, {len(official)} by the evaluations on this page{no_longer}: "
        f"{before + len(official) + len(gone)} in all. Whatever was chosen later knew the earlier ones.",
    ]
    return "\n".join([*lines, "", *table(("looks", "at", "seen"), rows)]) + "\n"


def _look_row(result: Result) -> list[str]:
    auroc, count = result.evaluation.scores.auroc, result.evaluation.looks
    then = f"its list then held looks: {count.looks}, models: {count.models}"
    return ["1", f"{result.name}, {words.moment(result.evaluation.made.created)}", f"AUROC {auroc.text()}; {then}"]
