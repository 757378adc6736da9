"""What the rows of `hilum reproduce` add to the results page: means over seeds, gaps, rows without figures."""

from __future__ import annotations

from collections.abc import Sequence

from hilum.reports import rows
from hilum.reports.markdown import section, table
from hilum.reproduction.record import RowResult
from hilum.reproduction.summary import contrasts, over_seeds


def seeds_lines(protocol: str, results: Sequence[RowResult]) -> list[str]:
    """The means over the seeds of a protocol as a table, and how they stand to the published figure."""
    found = [one for one in over_seeds(rows.evaluations_of(results)) if one.protocol == protocol]
    if not found:
        return []
    cells = [
        [
            one.recipe,
            ", ".join(map(str, one.seeds)),
            one.error.mean.text(4),
            "" if one.error.spread is None else f"{one.error.spread:.4f}",
            one.auroc.mean.text(4),
            one.says or "another protocol",
        ]
        for one in found
    ]
    headers = (
        "recipe",
        "seeds",
        "error at 0.5, mean",
        "its standard deviation",
        "AUROC, mean",
        "beside the published error",
    )
    methods = dict.fromkeys(one.error.mean.method for one in found)
    return ["", *table(headers, cells), "", f"Intervals of the means: {'; '.join(methods)}."]


def waiting_lines(protocol: str, results: Sequence[RowResult]) -> list[str]:
    """The rows of a protocol that have no figures, and why."""
    waiting = [one.record for one in results if one.record.protocol == protocol and one.evaluation is None]
    cells = [[record.name, record.where] for record in waiting]
    return ["", *table(("no figure", "why"), cells)] if cells else []


def claims_section(results: Sequence[RowResult]) -> str:
    """What the projects published."""
    claims = rows.claims_of(one.record.recipe for one in results)
    return section("What the five projects published", [f"- {rows.claim_in_words(claim)}" for claim in claims])


def parts_section(results: Sequence[RowResult]) -> str:
    """The error on the films that made a model beside that on films it had never met."""
    cells = [
        [
            one.recipe,
            one.figures.part,
            f"{one.figures.films:,}",
            one.figures.error.text(),
            one.figures.auroc.text(),
            one.says,
        ]
        for one in rows.part_lines(results)
    ]
    if not cells:
        return ""
    headers = ("recipe", "part", "films", "error at 0.5", "AUROC", "published error")
    examples = [
        [f"`{film.path}`", one.record.recipe, film.label, f"{film.probability:.4f}"]
        for one in results
        if one.evaluation is not None
        for film in one.record.examples
    ]
    shown = ["", *table(("held-out film", "recipe", "truth", "probability of pneumonia"), examples)] if examples else []
    meaning = (
        "Fit films taught the weights, select films chose the epoch, test films served nothing; all through the "
        "exported graph. Published: accuracy 89 % in training, 87 % in validation."
    )
    return section("From training to the test", [meaning, "", *table(headers, cells), *shown])


def contrasts_section(results: Sequence[RowResult]) -> str:
    """The leak premium and the shift gaps."""
    found = contrasts(rows.evaluations_of(results))
    cells = [
        [one.recipe, rows.contrast_in_words(one), rows.signed(one.auroc), rows.signed(one.error), one.error.method]
        for one in found
    ]
    if not cells:
        return ""
    meaning = (
        "The leak premium is what a split by film flatters; the shift gap is what films like those of development "
        "promise beyond the official test. An AUROC above 0 and an error below 0 mean that the first looks better."
    )
    headers = ("recipe", "difference", "AUROC", "error at 0.5", "interval")
    return section("What a leak adds, what the shift takes", [meaning, "", *table(headers, cells)])


def memory_of(name: str, results: Sequence[RowResult]) -> str:
    """The peak memory of a row's training, "" where it was not measured."""
    return next((rows.memory_in_words(one.record) for one in results if one.record.name == name), "")


def time_of(name: str, results: Sequence[RowResult]) -> str:
    """How long a row's training processes ran from start to end, "" where it was not measured."""
    return next((rows.time_in_words(one.record) for one in results if one.record.name == name), "")
