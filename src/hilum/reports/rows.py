"""Rows of the reproduction as lines of a table: what terminal, page and results have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hilum.evaluation import Evaluation
from hilum.metrics import Estimate
from hilum.reports import words
from hilum.reproduction.claims import CLAIMS, PUBLISHED_ERROR_OF_PART, Claim, claim_of
from hilum.reproduction.parts import error_at_one_half, held_out_figures
from hilum.reproduction.record import PartFigures, RowRecord, RowResult
from hilum.reproduction.summary import Contrast, OverSeeds, over_seeds


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a protocol's table.

    Args:
        recipe: that it is about.
        which: of its seeds, in words; "" where it has one row only.
        auroc, error: figures with intervals; None where there are none yet.
        where: what stands in their place.
        says: what must be said beside the figures.
        record: of the row; None for a line over several seeds.
    """

    recipe: str
    which: str = ""
    auroc: Estimate | None = None
    error: Estimate | None = None
    where: str = ""
    says: str = ""
    record: RowRecord | None = None

    @property
    def name(self) -> str:
        """The recipe, and which of its seeds."""
        return f"{self.recipe}, {self.which}" if self.which else self.recipe

    @property
    def is_mean(self) -> bool:
        """True for figures over several seeds."""
        return self.record is None and self.auroc is not None

    @property
    def time(self) -> str:
        """How long its training took, from start to end; "" before it is done."""
        return time_in_words(self.record) if self.record and self.auroc else ""

    @property
    def memory(self) -> str:
        """The most that one process of its training had resident; "" before it is done."""
        return memory_in_words(self.record) if self.record and self.auroc else ""


@dataclass(frozen=True, slots=True)
class PartLine:
    """A model's error on one part of its data beside the published one.

    Args:
        recipe: that made the model.
        figures: measured.
        published: error rate; None where none was.
    """

    recipe: str
    figures: PartFigures
    published: float | None

    @property
    def says(self) -> str:
        """Whether the measured error is below the published one, in words."""
        if self.published is None:
            return "not published"
        is_better = self.figures.error.high is not None and self.figures.error.high < self.published
        return f"{self.published:.2f}: {'better' if is_better else 'not better'}"


def lines_of(protocol: str, results: Sequence[RowResult]) -> list[Line]:
    """The lines of one protocol: each recipe where its first row stands; several seeds under their mean."""
    lines: list[Line] = []
    for recipe, its_rows in _by_recipe(protocol, results):
        if len(its_rows) == 1:
            lines.append(_line(its_rows[0]))
        else:
            lines += _mean_lines(recipe, its_rows)
            lines += [_line(one, f"seed {one.record.seed}") for one in its_rows]
    return lines


def short_lines_of(protocol: str, results: Sequence[RowResult]) -> list[Line]:
    """The same for a terminal: of several seeds only their mean, and those without a figure by where they stand."""
    lines: list[Line] = []
    for recipe, its_rows in _by_recipe(protocol, results):
        if len(its_rows) == 1:
            lines.append(_line(its_rows[0]))
            continue
        lines += _mean_lines(recipe, its_rows)
        unfinished: dict[str, list[int]] = {}
        for one in its_rows:
            if one.evaluation is None:
                unfinished.setdefault(_short(one.record), []).append(one.record.seed)
        for where, seeds in unfinished.items():
            word = "seed" if len(seeds) == 1 else "seeds"
            lines.append(Line(recipe, f"{word} {' '.join(map(str, seeds))}", where=where))
    return lines


def time_in_words(record: RowRecord) -> str:
    """How long a row's training processes ran in all; with a mark where one was killed and its time is not known."""
    if not record.seconds:
        return ""
    mark = "" if record.begun == record.ended else "> "
    return mark + (f"{record.seconds / 60:.0f} min" if 100 <= record.seconds < 6000 else words.duration(record.seconds))


def memory_in_words(record: RowRecord) -> str:
    """The most that one process of a row's training had resident."""
    return words.gigabytes(record.peak_memory_bytes) if record.peak_memory_bytes else ""


def reasons(results: Iterable[RowResult]) -> list[str]:
    """Why rows have no figure, where there is more to say than where they stand; each reason once."""
    found: dict[str, list[str]] = {}
    for one in results:
        if one.evaluation is None and one.record.says:
            name = one.record.recipe if one.record.state == "no weights" else one.record.name
            found.setdefault(one.record.says, []).append(name)
    return [f"{', '.join(dict.fromkeys(names))}: {reason}" for reason, names in found.items()]


def evaluations_of(results: Iterable[RowResult]) -> list[Evaluation]:
    """The evaluations of the rows that are done."""
    return [one.evaluation for one in results if one.evaluation is not None]


def part_lines(results: Iterable[RowResult]) -> list[PartLine]:
    """Every row that shows its parts: what it learned from, what chose its epoch, and what it had never met."""
    return [
        PartLine(one.record.recipe, figures, PUBLISHED_ERROR_OF_PART.get(figures.part))
        for one in results
        if one.evaluation is not None and one.record.parts
        for figures in (*one.record.parts, held_out_figures(one.evaluation))
    ]


def claims_of(recipes: Iterable[str]) -> list[Claim]:
    """The published figures that these recipes stand beside, each once."""
    found = {claim for recipe in recipes if (claim := claim_of(recipe)) is not None}
    return [claim for claim in CLAIMS.values() if claim in found]


def claim_in_words(claim: Claim) -> str:
    """A published figure in one sentence."""
    under = f", under {claim.protocol} (leaky)" if claim.protocol else ""
    return f"Project {claim.project}, published: {claim.in_words()}{under}."


def mean_in_words(one: OverSeeds) -> str:
    """A mean over seeds in one sentence, with how it was made."""
    values = ", ".join(f"{value:.4f}" for value in one.error.values)
    spread = "" if one.error.spread is None else f", standard deviation {one.error.spread:.4f}"
    leaky = " (leaky)" if one.leaks else ""
    beside = f" Beside the published figure {one.says}." if one.says else ""
    return (
        f"{one.recipe} under {one.protocol}{leaky}: error at 0.5 {one.error.mean.text(4)} over seeds "
        f"{', '.join(map(str, one.seeds))}; {values}{spread}. {one.error.mean.method}.{beside}"
    )


def contrast_in_words(one: Contrast) -> str:
    """What is subtracted from what.

    >>> none = Estimate(None, None, None, "")
    >>> contrast_in_words(Contrast("best", "leak premium", "random20", "grouped20", none, none, 5))
    'leak premium: random20 minus grouped20, 5 seeds'
    """
    seeds = f", {one.seeds} seeds" if one.seeds > 1 else ", 1 seed"
    return f"{one.name}: {one.first} minus {one.second}{seeds}"


def signed(one: Estimate, digits: int = 3) -> str:
    """A difference with its sign.

    >>> signed(Estimate(0.0123, -0.001, 0.025, "")), signed(Estimate(0.01, None, None, ""))
    ('+0.012 [-0.001, +0.025]', '+0.010 [no interval]')
    """
    if one.value is None:
        return "not defined"
    if one.low is None or one.high is None:
        return f"{one.value:+.{digits}f} [no interval]"
    return f"{one.value:+.{digits}f} [{one.low:+.{digits}f}, {one.high:+.{digits}f}]"


def _by_recipe(protocol: str, results: Sequence[RowResult]) -> list[tuple[str, list[RowResult]]]:
    """The rows of one protocol by recipe, in the order of their first."""
    found: dict[str, list[RowResult]] = {}
    for one in results:
        if one.record.protocol == protocol:
            found.setdefault(one.record.recipe, []).append(one)
    return list(found.items())


def _line(one: RowResult, which: str = "") -> Line:
    record, evaluation = one.record, one.evaluation
    if evaluation is None:
        return Line(record.recipe, which, where=_short(record), record=record)
    return Line(record.recipe, which, evaluation.scores.auroc, error_at_one_half(evaluation), record=record)


def _short(record: RowRecord) -> str:
    """What stands in the place of a figure; the whole reason stands under the table."""
    return record.where if record.state == "running" else record.state


def _mean_lines(recipe: str, results: Sequence[RowResult]) -> list[Line]:
    """The mean over the seeds that are done; nothing before the first."""
    return [
        Line(
            recipe,
            f"mean of {len(one.seeds)} seeds" if len(one.seeds) > 1 else f"seed {one.seeds[0]} alone",
            one.auroc.mean,
            one.error.mean,
            says=one.says,
        )
        for one in over_seeds(evaluations_of(results))
    ]
