"""Values found in documents and put in words."""

from __future__ import annotations

from typing import Any

import pytest

from hilum.errors import HilumError
from hilum.reports.proofs import SHOWS, Document, Evidence, proofs_in, value_at

ESTIMATE = {"value": 0.9561, "low": 0.9403, "high": 0.9702, "method": "bootstrap"}


def _document(values: Any, kind: str = "hilum.json", is_external: bool = False) -> Document:
    return Document(kind, f"model/{kind}", "f" * 64, values, is_external)


def test_proof_names_file_and_field() -> None:
    [proof] = proofs_in([_document({"training": {"seed": 3}})], Evidence("Seed", "hilum.json", "training.seed"))
    assert (proof.says, proof.value, proof.file, proof.field) == ("Seed", "3", "model/hilum.json", "training.seed")


@pytest.mark.parametrize("field", ["training.nothing", "nothing.seed", "training.seed.deeper", "name", "empty", "none"])
def test_what_is_missing_or_empty_proves_nothing(field: str) -> None:
    document = _document({"training": {"seed": 3}, "name": "", "empty": [], "none": None})
    assert proofs_in([document], Evidence("Something", "hilum.json", field)) == ()


def test_nought_and_no_are_values() -> None:
    document = _document({"left_out": 0, "is_leaky": False, "films": []})
    shown = [
        proofs_in([document], Evidence("", "hilum.json", field, show))[0].value
        for field, show in (("left_out", "plain"), ("is_leaky", "plain"), ("films", "count"))
    ]
    assert shown == ["0", "no", "0"]


def test_each_evaluation_proves_what_it_is_of() -> None:
    inside, outside = (_document({"films": n}, "evaluation.json", is_external=n == 2) for n in (1, 2))
    values = {
        only: [one.value for one in proofs_in([inside, outside], Evidence("", "evaluation.json", "films", only=only))]
        for only in ("", "internal", "external")
    }
    assert values == {"": ["1", "2"], "internal": ["1"], "external": ["2"]}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (ESTIMATE, "0.956 [0.940, 0.970]"),
        ({"films": 624, "patients": 428}, "624 films of 428 patients"),
        ({"batch_size": 32, "class_weights": True, "rate": 0.001}, "batch size 32, class weights yes, rate 0.001"),
        (["pneumonia", "normal"], "pneumonia, normal"),
        (["One.", "Two."], "One. Two."),
        (1234567, "1,234,567"),
        (0.74612345, "0.7461"),
    ],
)
def test_json_values_read_as_words(value: Any, shown: str) -> None:
    assert SHOWS["plain"](value) == shown


def test_lines_and_odd_spaces_become_one_line() -> None:
    [proof] = proofs_in([_document({"command": "hilum\n  train\tx"})], Evidence("", "hilum.json", "command"))
    assert proof.value == "hilum train x"


def test_whole_document_can_be_the_proof() -> None:
    [proof] = proofs_in([_document(624, "predictions.csv")], Evidence("Films", "predictions.csv", show="rows"))
    assert (proof.value, proof.field) == ("624 rows", "")
    assert value_at(624, "") == 624


@pytest.mark.parametrize("show", sorted(set(SHOWS) - {"plain"}))
@pytest.mark.parametrize("value", [True, [1], [{}], {"a": {"value": "x", "low": 1, "high": 2}}])
def test_damaged_value_is_one_sentence(show: str, value: Any) -> None:
    """Whatever stands in a file: a proof in words, none, or one sentence."""
    try:
        proofs = proofs_in([_document({"a": value})], Evidence("", "hilum.json", "a", show))
    except HilumError as error:
        assert "'model/hilum.json' has a value at 'a' that cannot be read." in str(error)
    else:
        assert len(proofs) <= 1
