"""Reporting checklists filled from the files of a run: each line with what proves it, empty lines shown as empty."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final, Literal

from hilum.files import read_text
from hilum.json_files import typed
from hilum.provenance import Provenance
from hilum.reports import words
from hilum.reports.markdown import section, table
from hilum.reports.page import templates
from hilum.reports.proofs import Document, Evidence, Proof, proofs_in

CHECKLISTS: Final = ("tripod-ai", "claim")

State = Literal["shown", "in part", "empty"]
STATES: Final[dict[State, str]] = {
    "shown": "the files show what the item asks for",
    "in part": "the files show some of it; the rest is named and is for the authors to write",
    "empty": "the files show nothing of it; it is for the authors to write",
}


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a checklist.

    Args:
        number: as the checklist counts it, such as "12a".
        section: of the publication that it belongs to.
        asks: for what, in hilum's own words.
        authors: what no file of a run can show; "" where the files show all.
        evidence: where the proofs would stand.
    """

    number: str
    section: str
    asks: str
    authors: str = ""
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Checklist:
    """A reporting guideline as a list of items."""

    name: str
    title: str
    about: str
    source: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """An item with what the files prove of it."""

    item: Item
    proofs: tuple[Proof, ...]

    @property
    def state(self) -> State:
        """How much of the item the files show."""
        if not self.proofs:
            return "empty"
        return "in part" if self.item.authors else "shown"


@dataclass(frozen=True, slots=True)
class FilledChecklist:
    """A checklist with what the files of one run prove.

    Args:
        checklist: the guideline.
        lines: one an item, in its order.
        documents: the files that were looked into.
        model: name of the model.
        limits: the sentences that stand beside every figure of it.
        made: command, commit and time.
    """

    checklist: Checklist
    lines: tuple[Line, ...]
    documents: tuple[Document, ...]
    model: str
    limits: tuple[str, ...]
    made: Provenance

    @property
    def counts(self) -> dict[State, int]:
        """How many lines are in each state."""
        return {state: sum(line.state == state for line in self.lines) for state in STATES}

    @property
    def sections(self) -> list[tuple[str, tuple[Line, ...]]]:
        """The lines by section, in their order."""
        return [(name, tuple(lines)) for name, lines in groupby(self.lines, lambda line: line.item.section)]


def read_checklist(name: str) -> Checklist:
    """One of `CHECKLISTS`, from its packaged file."""
    path = Path(__file__).parent / "checklist_items" / f"{name}.toml"
    return typed(
        tomllib.loads(read_text(path)), Checklist, f"'{path.name}'", expected="a checklist", do="Install hilum again."
    )


def fill(
    checklist: Checklist, documents: Sequence[Document], model: str, limits: Sequence[str], made: Provenance
) -> FilledChecklist:
    """The checklist with every proof that the documents hold."""
    lines = tuple(
        Line(item, tuple(proof for one in item.evidence for proof in proofs_in(documents, one)))
        for item in checklist.items
    )
    return FilledChecklist(checklist, lines, tuple(documents), model, tuple(limits), made)


def tally(filled: FilledChecklist) -> str:
    """How far the files go, in one sentence."""
    counts = filled.counts
    return (
        f"Of {len(filled.lines)} lines the files of this run show {counts['shown']} and {counts['in part']} in part; "
        f"{counts['empty']} are empty."
    )


def standing(names: Sequence[str]) -> str:
    """What filled checklists are worth, and what they do not say, in one sentence."""
    return (
        f"This supports reporting under {' and '.join(names)}; whether a study reports all that the guideline asks "
        "for is for its authors and reviewers to say."
    )


def checklist_page(filled: FilledChecklist) -> str:
    """The filled checklist as one self-contained HTML document; same files, same bytes."""
    return (
        templates()
        .get_template("checklist.html.j2")
        .render(filled=filled, summary=_summary(filled), states=STATES, words=words)
    )


def checklist_markdown(filled: FilledChecklist) -> str:
    """The filled checklist as Markdown, to be completed by hand."""
    checklist = filled.checklist
    rows = [[line.item.number, line.item.asks, _shown(line), _text(line.item.authors)] for line in filled.lines]
    columns = ["item", "asks for", "what the files show, and where", "for the authors"]
    files = table(["file", "SHA-256"], [[f"`{_text(one.name)}`", f"`{one.sha256}`"] for one in filled.documents])
    made = filled.made
    return "\n".join(
        [
            f"# {checklist.title}: {_text(filled.model)}\n",
            f"{checklist.about}. {checklist.source}. The items are told in hilum's own words.\n",
            f"**{_summary(filled)}**\n",
            f"{_text(' '.join(filled.limits))}\n",
            section("Items", table(columns, rows)),
            section("Files", files),
            f"Made by `{_text(made.command)}`, {words.moment(made.created)}, hilum {made.hilum_version}.\n",
        ]
    )


def _summary(filled: FilledChecklist) -> str:
    return f"{tally(filled)} {standing([filled.checklist.name])}"


def _shown(line: Line) -> str:
    """The proofs of a line in one cell; an empty line says that it is."""
    proofs = [f"{proof.says}: {_text(proof.value)} ({_place(proof)})" for proof in line.proofs]
    return "<br>".join(proofs) or "*empty*"


def _place(proof: Proof) -> str:
    return f"`{_text(proof.file)}`" + (f" `{proof.field}`" if proof.field else "")


def _text(value: str) -> str:
    """Text from a file that cannot become markup."""
    return value.replace("&", "&amp;").replace("<", "&lt;").replace("`", "'")
