"""Checklists: the numbers of the originals, proofs that stand in the files, empty lines shown as empty."""

from __future__ import annotations

import re
from dataclasses import fields, replace

import pytest
from msgspec import to_builtins

from hilum.audits.labels import LabelAudit
from hilum.audits.robustness import RobustnessAudit
from hilum.audits.shift_record import ShiftAudit
from hilum.audits.shortcuts import ShortcutAudit
from hilum.reports.checklists import (
    CHECKLISTS,
    FilledChecklist,
    checklist_markdown,
    checklist_page,
    fill,
    read_checklist,
    standing,
    tally,
)
from hilum.reports.proofs import SHOWS, Document
from markup import well_formed
from stand_ins import MADE, manifest, reference_evaluation

TRIPOD_PARTS = {
    3: "abc",
    5: "ab",
    6: "abc",
    8: "abc",
    9: "abc",
    12: "abcdefg",
    18: "abcdef",
    20: "abc",
    23: "ab",
    27: "abc",
}
AUDITS = {
    "labels audit": LabelAudit,
    "robustness audit": RobustnessAudit,
    "shift audit": ShiftAudit,
    "shortcuts audit": ShortcutAudit,
}
KINDS = {"hilum.json", "evaluation.json", "history.csv", "predictions.csv", "index.html"}


def _documents() -> list[Document]:
    evaluation = reference_evaluation().as_json()
    return [
        Document("hilum.json", "model/hilum.json", "a" * 64, to_builtins(manifest())),
        Document("evaluation.json", "evaluation/evaluation.json", "b" * 64, evaluation),
    ]


def _filled(name: str, documents: list[Document] | None = None, model: str = "best") -> FilledChecklist:
    limits = ("It assists a reader; it is not a medical device.",)
    return fill(read_checklist(name), _documents() if documents is None else documents, model, limits, MADE)


def test_tripod_has_its_27_items_with_their_parts() -> None:
    expected = [f"{number}{part}" for number in range(1, 28) for part in TRIPOD_PARTS.get(number, ("",))]
    assert [item.number for item in read_checklist("tripod-ai").items] == expected


def test_claim_has_its_44_items() -> None:
    assert [item.number for item in read_checklist("claim").items] == [str(number) for number in range(1, 45)]


@pytest.mark.parametrize("name", CHECKLISTS)
def test_evidence_asks_for_known_files_and_words(name: str) -> None:
    for item in read_checklist(name).items:
        assert item.asks and item.asks[0].isupper() and not item.asks.endswith(".")
        for one in item.evidence:
            assert one.file in KINDS | set(AUDITS) and one.show in SHOWS and one.only in ("", "internal", "external"), (
                item.number
            )
            assert one.says


@pytest.mark.parametrize("name", CHECKLISTS)
def test_audits_have_the_fields_that_lines_ask_for(name: str) -> None:
    evidence = [one for item in read_checklist(name).items for one in item.evidence if one.file in AUDITS]
    assert evidence
    for one in evidence:
        assert one.field.split(".")[0] in {field.name for field in fields(AUDITS[one.file])}


@pytest.mark.parametrize("name", CHECKLISTS)
def test_line_without_proof_is_empty_and_says_so(name: str) -> None:
    filled = _filled(name, [])
    assert filled.counts == {"shown": 0, "in part": 0, "empty": len(filled.lines)}
    assert checklist_markdown(filled).count("*empty*") == len(filled.lines)
    assert checklist_page(filled).count('<tr class="empty">') == len(filled.lines)


def test_every_proof_stands_in_the_page_with_file_and_field() -> None:
    filled = _filled("tripod-ai")
    page = checklist_page(filled)
    text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert f"AUROC: {reference_evaluation().scores.auroc.text()}" in text
    assert "evaluation/evaluation.json scores.auroc" in text
    assert "Evaluated: 624 films of 428 patients evaluation/evaluation.json films.every" in text
    for line in filled.lines:
        assert (line.state == "empty") == (not line.proofs)
        for proof in line.proofs:
            assert proof.file in ("model/hilum.json", "evaluation/evaluation.json")


def test_internal_evaluation_is_not_called_external() -> None:
    state = {line.item.number: line.state for line in _filled("claim").lines}
    assert (state["32"], state["33"]) == ("shown", "empty")
    model, judged = _documents()
    state = {
        line.item.number: line.state for line in _filled("claim", [model, replace(judged, is_external=True)]).lines
    }
    assert (state["32"], state["33"]) == ("empty", "shown")


@pytest.mark.parametrize("name", CHECKLISTS)
def test_checklist_supports_reporting_and_claims_no_more(name: str) -> None:
    filled = _filled(name)
    for text in (checklist_page(filled), checklist_markdown(filled)):
        assert f"supports reporting under {filled.checklist.name}" in text
        assert not re.search(r"\bcompl(iant|ies|iance)\b", text, re.IGNORECASE)
        assert "not a medical device" in text
        assert filled.checklist.source in text.replace("&#39;", "'")
    assert str(filled.counts["empty"]) in tally(filled)
    assert "TRIPOD+AI and CLAIM" in standing(["TRIPOD+AI", "CLAIM"])


@pytest.mark.parametrize("name", CHECKLISTS)
def test_page_is_whole_asks_for_nothing_and_repeats(name: str) -> None:
    page = checklist_page(_filled(name))
    assert [value for name, value in well_formed(page) if name in ("src", "href", "action")] == []
    assert page.startswith("<!doctype html>") and "default-src 'none'" in page and "<script" not in page
    assert checklist_page(_filled(name)) == page


def test_names_from_outside_cannot_become_markup() -> None:
    model, judged = _documents()
    hostile = replace(model, values=model.values | {"population": "a | b <script>x</script> `c`\n\n# d"})
    filled = _filled("tripod-ai", [hostile, judged], "<img src=x>")
    assert "<script" not in checklist_page(filled) and "<img" not in checklist_page(filled)
    markdown = checklist_markdown(filled)
    assert "<script" not in markdown and "<img" not in markdown and "\n# d" not in markdown
    [row] = [line for line in markdown.splitlines() if line.startswith("| 1 |")]
    assert len(re.findall(r"(?<!\\)\|", row)) == 5
