"""The explanation of films for people: the page that shows maps beside each other, and a table for 80 columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from hilum.modelfolder.maps import ONE_LOGIT
from hilum.reports import words
from hilum.reports.embedded import data_uri
from hilum.reports.explanation_record import (
    TITLES,
    Explanation,
    ShownAnswer,
    ShownFilm,
    UsedModel,
    is_unlike_all,
)
from hilum.reports.page import templates
from hilum.runtime.mapping import two_digits

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True, slots=True)
class Pictures:
    """The pictures of the page as data URIs.

    Args:
        films: by their place.
        maps: by the file that holds them at the film's own resolution.
    """

    films: Mapping[int, Markup]
    maps: Mapping[str, Markup]


def explanation_page(explanation: Explanation, pictures: Pictures) -> str:
    """The page as one self-contained HTML document that runs no script; it links to the maps beside it."""
    numbered = list(enumerate(explanation.films))
    groups = (
        ("Called wrong", [pair for pair in numbered if pair[1].is_wrong]),
        ("Films", [pair for pair in numbered if pair[1].is_assessed and not pair[1].is_wrong]),
        ("Without an answer", [pair for pair in numbered if not pair[1].is_assessed]),
    )
    return (
        templates()
        .get_template("explanation.html.j2")
        .render(
            explanation=explanation,
            pictures=pictures,
            groups=[group for group in groups if group[1]],
            headline=headline(explanation),
            doubts=doubts(explanation),
            limits=limits_of(explanation.models),
            patients=patients_shown(explanation),
            calibrated_for=calibrated_for(explanation.models),
            is_unlike_all=is_unlike_all,
            one_logit=ONE_LOGIT,
            titles=TITLES,
            words=words,
            jpeg=data_uri,
            two_digits=two_digits,
        )
    )


def explanation_table(explanation: Explanation, page: Path) -> RenderableType:
    """One line a film and model, worst errors first; then reasons, methods and limits."""
    from rich.console import Group
    from rich.text import Text

    from hilum.terminal import plain_table

    names = [model.name for model in explanation.models]
    table = plain_table("film", "labelled", *names, is_tight=True)
    for column in table.columns[1:]:
        column.min_width = 9  # a word such as pneumonia stays whole; paths are folded
    for film in explanation.films:
        table.add_row(*map(Text, [film.path, film.label, *map(_cell, film.answers)]))
    lines = [f"\n{headline(explanation)}"]
    if any(not answer.prediction.is_known for film in explanation.films for answer in film.answers):
        lines.append("?: the model does not know; the answers that it leaves open are both, or none.")
    lines += _remarks(explanation.films)
    lines += _similar(explanation.films)
    for model in explanation.models:
        lines += [f"{model.name}, {method.title}: {method.trust.says}." for method in model.methods]
    lines += [calibrated_for(explanation.models), ONE_LOGIT, " ".join(limits_of(explanation.models))]
    return Group(table, *map(Text, lines), Text(f"\nPage  {page}", no_wrap=True))


def headline(explanation: Explanation) -> str:
    """How many films there are, and how many of them are called wrong, in a sentence or two."""
    films = explanation.films
    labelled = [film for film in films if film.label and film.is_assessed]
    wrong = sum(film.is_wrong for film in labelled)
    without = sum(not film.is_assessed for film in films)
    is_one, whose = len(explanation.models) == 1, "whose folder names the class"
    if not labelled:
        parts = [f"{_films(len(films) - without)}; no folder names a class, so that errors are not known."]
    elif not wrong:
        all_of_them = f"{_films(len(labelled))} {whose} {'is' if len(labelled) == 1 else 'are'}"
        parts = [f"{all_of_them} called right{'' if is_one else ' by every model that answers'}."]
    else:
        some = f"{wrong} of {_films(len(labelled))} {whose} {'is' if wrong == 1 else 'are'}"
        by = "" if is_one else " by at least one model"
        parts = [f"{some} called wrong{by}; {'it comes' if wrong == 1 else 'they come'} first."]
    parts += [f"{_films(without)} {'has' if without == 1 else 'have'} no answer."] if without else []
    if met := sum(any(answer.has_met for answer in film.answers) for film in films):
        parts.append(f"A model was made with {_films(met)} of these: calling them right says nothing of new ones.")
    return " ".join(parts)


def calibrated_for(models: Sequence[UsedModel]) -> str:
    """For which share of pneumonia the probabilities hold."""
    shares = [f"{model.prevalence:.0%}" + (f" ({model.name})" if len(models) > 1 else "") for model in models]
    return f"Probabilities are as where {', '.join(shares)} of the films show pneumonia."


def patients_shown(explanation: Explanation) -> str:
    """Whose films the page shows, so that nobody passes it on unaware."""
    films, cases = sum(film.is_assessed for film in explanation.films), explanation.thumbnails
    if not films:
        return ""
    shown = f"{_films(films)} of patients" + (f", and {_films(cases)} of training patients in small" if cases else "")
    return f"This page shows {shown}. Whoever gets it sees them: pass it on only as you may pass on the films."


def doubts(explanation: Explanation) -> tuple[str, ...]:
    """A sentence for each method whose maps fail as an explanation of their model."""
    return tuple(
        f"{model.name}, {method.title}: {method.trust.says}."
        for model in explanation.models
        for method in model.methods
        if method.trust.standing == "fails"
    )


def limits_of(models: Sequence[UsedModel]) -> tuple[str, ...]:
    """The limits of all models, each sentence once."""
    return tuple(dict.fromkeys(limit for model in models for limit in model.limits))


def _cell(answer: ShownAnswer) -> str:
    """One model's answer in a narrow column."""
    said = answer.prediction
    if said.probability is None:
        return said.status
    return (
        f"{said.probability:.4f} {said.decision}{'' if said.is_known else ' ?'}{', wrong' if answer.is_wrong else ''}"
    )


def _remarks(films: Sequence[ShownFilm]) -> list[str]:
    """Why films have no answer, and how others are unlike the training films."""
    lines = [problem for film in films for problem in film.problems]
    return lines + [
        f"Warning: '{film.path}', {answer.model}: {answer.prediction.warning}"
        for film in films
        for answer in film.answers
        if answer.prediction.warning
    ]


def _similar(films: Sequence[ShownFilm]) -> list[str]:
    """Of each answer, how the nearest training films are labelled, and how far the nearest is."""
    lines = []
    for film in films:
        for answer in film.answers:
            if answer.similar:
                nearest, same = answer.similar[0], sum(one.label == answer.similar[0].label for one in answer.similar)
                far = f"{nearest.distance:.2f} ({nearest.times_usual:.1f} times the usual"
                unlike = "; unlike all training films" if is_unlike_all(answer.similar) else ""
                lines.append(
                    f"Nearest to '{film.path}', {answer.model}: {nearest.label} at {far}, farther than "
                    f"{nearest.farther_than:.0%}{unlike}); {same} of {len(answer.similar)} are {nearest.label}."
                )
    return lines


def _films(number: int) -> str:
    return f"{number:,} film{'' if number == 1 else 's'}"
