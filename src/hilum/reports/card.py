"""The model card with what the model reached on films that it had not met, in the form that the Hub reads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from hilum.evaluation import Evaluation
from hilum.metrics import Estimate
from hilum.reports import words
from hilum.reports.markdown import section, table


def judged_card(card: str, evaluations: Sequence[Evaluation]) -> str:
    """The card of a model folder with the figures of its evaluations, for people and in the header for machines.

    Args:
        card: README.md of the model folder, with its YAML header.
        evaluations: of this model; without any the card stays as it is.
    """
    if not evaluations:
        return card
    results = [text for evaluation in evaluations for text in _results(evaluation)]
    header, mark, rest = card.removeprefix("---\n").partition("\n---\n")
    # JSON is YAML too, and no name in it can end the header.
    lines = [
        header if mark else "",
        *(f"model-index: {json.dumps([one], ensure_ascii=False)}" for one in _index(evaluations)),
    ]
    body = rest if mark else card
    return "\n".join(["---", *filter(None, lines), "---", body.rstrip(), "", *results])


def _results(evaluation: Evaluation) -> list[str]:
    """The section of one evaluation."""
    films, scores = evaluation.films, evaluation.scores
    leak = ["**These figures leak: they say nothing about new patients.**", ""] if evaluation.leaks else []
    points = [
        [_cell(point.at.name), f"{point.at.threshold:.4f}", _share(point.sensitivity), _share(point.specificity)]
        for point in evaluation.points
    ]
    figures = [
        [name, words.decimal(one)]
        for name, one in (
            ("AUROC", scores.auroc),
            ("AUPRC", scores.auprc),
            ("Brier score", scores.brier),
            ("ECE", scores.ece),
        )
    ]
    lines = [
        *leak,
        f"{_cell(words.whom(evaluation))} {_cell(words.judged(evaluation))} {_cell(words.acquaintance(evaluation))}",
        "",
        *table(["operating point", "threshold", "sensitivity", "specificity"], points),
        "",
        *table(["without a threshold", "figure"], figures),
        "",
        f"95 % intervals: {scores.auroc.method}; the page of the evaluation marks those made otherwise.",
        "",
        _cell(words.looks(evaluation)),
        "",
        *(f"- {_cell(limit)}" for limit in evaluation.limits),
    ]
    return [section(f"Results on {_cell(films.data_name)}, {_cell(films.part)}", lines)]


def _index(evaluations: Sequence[Evaluation]) -> list[dict[str, Any]]:
    """The header's `model-index`: figures on films that the model had not met; empty where there are none."""
    results = [_indexed(evaluation) for evaluation in evaluations if not evaluation.leaks]
    return [{"name": evaluations[0].model.name, "results": results}] if results else []


def _indexed(evaluation: Evaluation) -> dict[str, Any]:
    films, primary, scores = evaluation.films, evaluation.primary, evaluation.scores
    named = [
        ("roc_auc", "AUROC", scores.auroc),
        ("sensitivity", f"sensitivity at {primary.at.name}", primary.sensitivity),
        ("specificity", f"specificity at {primary.at.name}", primary.specificity),
        ("brier_score", "Brier score", scores.brier),
    ]
    return {
        "task": {"type": "image-classification", "name": "pneumonia on a chest film"},
        "dataset": {"type": films.data_name, "name": f"{films.data_name}, {films.part}", "split": films.part},
        "metrics": [_metric(*one) for one in named if one[2].value is not None],
    }


def _metric(kind: str, name: str, one: Estimate) -> dict[str, Any]:
    """A figure; the header has no place for an interval but the name."""
    return {"type": kind, "name": f"{name}, 95 % interval {words.decimal_interval(one)}", "value": one.value}


def _share(one: Estimate) -> str:
    return (
        words.percent(one.value) if one.value is None else f"{words.percent(one.value)} [{words.percent_interval(one)}]"
    )


def _cell(text: str) -> str:
    """Text from outside that cannot become markup."""
    return " ".join(text.replace("&", "&amp;").replace("<", "&lt;").split())
