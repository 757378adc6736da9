"""An evaluation in plain words: the sentences of its page and of the results."""

from __future__ import annotations

from typing import Final

from hilum.evaluation import OTHER_DATA, Count, Evaluation, PointFigures, held_back
from hilum.metrics import Estimate
from hilum.modelfolder.card import UNKNOWN_FILMS

PROTOCOLS: Final = {
    "official": "the data's own test folder, whose patients served nothing before",
    "grouped": "one of five folds by patient; no patient stands on both sides",
    "grouped20": "a random fifth of the patients; no patient stands on both sides",
    "random20": "a random fifth of the films, drawn film by film: patients stand on both sides",
    "block": "a block of consecutive patients held out; no patient stands on both sides",
}


def percent(value: float | None) -> str:
    """A fraction in per cent.

    >>> percent(0.9153), percent(0.99971), percent(1.0)
    ('91.5 %', '99.97 %', '100.0 %')
    """
    return "not defined" if value is None else f"{_in_hundred(value)} %"


def _in_hundred(value: float) -> str:
    """One digit behind the point, or as many as it takes to keep apart what is not 0 or 100 from it."""
    texts = [f"{100 * value:.{digits}f}" for digits in (1, 2, 3)]
    return next((text for text in texts if float(text) not in (0, 100) or value in (0, 1)), texts[-1])


def prevalence(value: float) -> str:
    """A prevalence in per cent, without digits that say nothing.

    >>> prevalence(0.05), prevalence(0.625), prevalence(0.6250001)
    ('5 %', '62.5 %', '62.5 %')
    """
    return f"{100 * value:.3g} %"


def percent_interval(one: Estimate) -> str:
    """The ends of an interval in per cent, or "no interval"."""
    if one.low is None or one.high is None:
        return "no interval"
    return f"{_in_hundred(one.low)} to {_in_hundred(one.high)}"


def films_of(count: Count) -> str:
    """So many films of so many patients.

    >>> films_of(Count(1, 1)), films_of(Count(5856, 4097))
    ('1 film of 1 patient', '5,856 films of 4,097 patients')
    """
    films = "1 film" if count.films == 1 else f"{count.films:,} films"
    return f"{films} of 1 patient" if count.patients == 1 else f"{films} of {count.patients:,} patients"


def whom(evaluation: Evaluation) -> str:
    """On whom the model was judged, in one sentence."""
    films = evaluation.films
    return (
        f"{films_of(films.every)}: {films.pneumonia.films:,} with pneumonia ({films.pneumonia.patients:,} patients) "
        f"and {films.normal.films:,} normal ({films.normal.patients:,} patients)."
    )


def acquaintance(evaluation: Evaluation) -> str:
    """Whether the model had met the films, in one sentence."""
    contact = evaluation.contact
    if not evaluation.model.are_films_known:
        return UNKNOWN_FILMS
    if not contact.are_patients_compared:
        known = f"{contact.files_met:,} of these {contact.films:,} films" if contact.met else "None of these films"
        return f"{known} served the model before; patients could not be compared: the data go by another name."
    if not contact.met:
        return "None of these films, and none of these patients, served the model before."
    return (
        f"The model had met {contact.met:,} of these {contact.films:,} films ({percent(contact.share)}): it was made "
        f"from films of {contact.patients_met:,} of their patients, and from {contact.files_met:,} of the very files."
    )


def judged(evaluation: Evaluation) -> str:
    """What the films are to the model, in one sentence."""
    model, films, under = evaluation.model, evaluation.films, evaluation.judged_under
    if not model.are_films_known:
        return f"Part '{films.part}' of '{films.data_name}'; calibrated on '{model.trained_on}', trained elsewhere."
    if under == OTHER_DATA:
        return f"Other data: '{films.data_name}'; the model was made from '{model.trained_on}'."
    if under == model.protocol:
        return f"Protocol '{under}': {PROTOCOLS[under]}." if under in PROTOCOLS else f"Protocol '{under}'."
    return (
        f"Another part of the data that the model was made from: its protocol '{model.protocol}' held back "
        f"'{held_back(model.protocol)}', and these are '{films.part}'."
    )


def errors(point: PointFigures) -> str:
    """What went wrong at an operating point, in films."""
    counts = point.counts
    pneumonia, normal = counts.true_positives + counts.false_negatives, counts.true_negatives + counts.false_positives
    return (
        f"It missed {counts.false_negatives:,} of {pneumonia:,} films with pneumonia and raised a false alarm on "
        f"{counts.false_positives:,} of {normal:,} normal ones."
    )


def choice(point: PointFigures) -> str:
    """Where the threshold came from and what it did there, in one sentence."""
    if point.at.choice is None:
        return f"The threshold is {point.at.goal.removeprefix('the ')}."
    chosen = point.at.choice
    reached = "" if chosen.is_reached else " No threshold reached that goal."
    return (
        f"The threshold was set for {point.at.goal}, on patients kept apart during training; there it gave a "
        f"sensitivity of {_with_ends(chosen.sensitivity, chosen.sensitivity_low, chosen.sensitivity_high)} and a "
        f"specificity of {_with_ends(chosen.specificity, chosen.specificity_low, chosen.specificity_high)}.{reached}"
    )


def _with_ends(value: float, low: float | None, high: float | None) -> str:
    ends = "" if low is None or high is None else f" ({100 * low:.1f} to {100 * high:.1f})"
    return percent(value) + ends


def looks(evaluation: Evaluation) -> str:
    """How often the films have been looked at, in one or two sentences."""
    count = evaluation.looks
    models = "One model has" if count.models == 1 else f"{count.models} models have"
    looks_on_record = "one look" if count.looks == 1 else f"{count.looks} looks"
    damaged = f" {count.unreadable} damaged lines of the list may have been further looks." if count.unreadable else ""
    return f"{models} been judged on exactly these films, in {looks_on_record} on record, this one included.{damaged}"


def decimal(one: Estimate) -> str:
    """A score with its interval, three digits."""
    return one.text(3)


def decimal_interval(one: Estimate) -> str:
    """The ends of a score's interval, or "no interval"."""
    return "no interval" if one.low is None or one.high is None else f"{one.low:.3f} to {one.high:.3f}"


def duration(seconds: float) -> str:
    """A time that a person can picture.

    >>> duration(42), duration(372), duration(8000)
    ('42 s', '6.2 min', '2.2 h')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def moment(created: str) -> str:
    """A time in ISO 8601 as people write it.

    >>> moment("2025-01-02T03:04:05+00:00")
    '2025-01-02 03:04 UTC'
    """
    return f"{created[:10]} {created[11:16]} UTC" if created.endswith("+00:00") else created


def gigabytes(size: int) -> str:
    """A size in memory or on disc.

    >>> gigabytes(1_234_000_000), gigabytes(56_000_000)
    ('1.2 GB', '56 MB')
    """
    return f"{size / 1e9:.1f} GB" if size >= 1e8 * 9.5 else f"{size / 1e6:.0f} MB"
