"""The list that a report on several films begins with: three groups, and counts that add up to the films given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hilum.reports.film_report_film import ReportedFilm
from hilum.reports.film_report_words import Words


@dataclass(frozen=True, slots=True)
class Group:
    """Films of one kind.

    Args:
        name: of the group, as a heading.
        meaning: what its films have in common and how they are ordered.
        films: each with its place in the report, from 1 on.
        kind: "not-assessed", "uncertain" or "assessed".
    """

    name: str
    meaning: str
    films: tuple[tuple[int, ReportedFilm], ...]
    kind: str


def groups(films: Sequence[ReportedFilm], words: Words) -> tuple[Group, Group, Group]:
    """Not assessed, uncertain, assessed by calibrated probability; every film is in one of them, with its place.

    Places count in the order of the list, which is that of the pages.
    """
    without = [film for film in films if film.prediction.problem]
    unknown = _by_probability(film for film in films if not film.prediction.problem and not film.prediction.is_known)
    known = _by_probability(film for film in films if not film.prediction.problem and film.prediction.is_known)
    say, first, second = words.language.say, 1 + len(without), 1 + len(without) + len(unknown)
    return (
        Group(
            say("Not assessed"),
            say("No chest film that the model could assess, or no film that could be read; each with its reason."),
            tuple(enumerate(without, 1)),
            "not-assessed",
        ),
        Group(say("Uncertain"), _uncertain(words), tuple(enumerate(unknown, first)), "uncertain"),
        Group(
            say("Assessed"),
            say("By calibrated probability, the highest first."),
            tuple(enumerate(known, second)),
            "assessed",
        ),
    )


def summary(films: Sequence[ReportedFilm], words: Words) -> str:
    """How many of the assessed films show signs, and how many do not."""
    assessed = [film for film in films if not film.prediction.problem]
    signs = sum(film.prediction.decision == "pneumonia" for film in assessed)
    return words.language.say(
        "Of the films that have an answer, uncertain ones included, {signs} show signs of pneumonia to this model and "
        "{others} do not, at the operating point {point}.",
        signs=words.language.number(signs),
        others=words.language.number(len(assessed) - signs),
        point=words.about.point.name,
    )


def whose_site(words: Words) -> str:
    """Where the prior-shifted probabilities of a site stand; empty where none is stated."""
    if words.about.shift is None:
        return ""
    return words.language.say(
        "The prior-shifted probability, for a site where {share} of the films show pneumonia, stands on each film's "
        "page; the order is the same.",
        share=words.language.prevalence(words.about.shift.stated),
    )


def _uncertain(words: Words) -> str:
    if words.about.manifest.conformal is None:
        return words.language.say("This model keeps no answer sets, so it cannot say “I do not know”.")
    return words.language.say(
        "The model does not know: it leaves both answers open, or none. What was found beside it is by the threshold."
    )


def _by_probability(films: Iterable[ReportedFilm]) -> list[ReportedFilm]:
    return sorted(films, key=lambda film: -(film.prediction.probability or 0.0))
