"""The reader game: a person answers held-out films that a model was judged on, and both are judged alike."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from hilum.datasets.catalogue import FOLDERS, LABELS, Catalogue
from hilum.datasets.draws import Group, shuffled
from hilum.errors import HilumError, nearest
from hilum.evaluation.figures import Count
from hilum.evaluation.runs import JudgedRun
from hilum.files import printable, read_text, spreadsheet_safe
from hilum.metrics import Estimate, share_over_patients
from hilum.metrics.arrays import Booleans
from hilum.metrics.comparison import PairedTest, clustered_mcnemar

COLUMNS: Final = ("number", "film", "answer")
"""Of a file of answers: place in the game, code of the film, "pneumonia" or "normal"."""

PARTS: Final = (*FOLDERS, "all")
_WORDS: Final = {"p": LABELS[0], "n": LABELS[1]} | {label: label for label in LABELS}
_CODE: Final = 16


@dataclass(frozen=True, slots=True)
class Judgement:
    """How often one reader, a person or a model, was right on the answered films."""

    name: str
    sensitivity: Estimate
    specificity: Estimate


@dataclass(frozen=True, slots=True)
class Reading:
    """A person's answers judged, beside a model's on the same films.

    Args:
        data_name, part: of the films.
        asked: films of the game.
        answered: with their patients; the figures count these alone.
        pneumonia, normal: the answered ones of each class.
        reader: the person.
        model: on the same films; None where no run was named.
        sensitivity_test, specificity_test: whether person and model may be equally good; None likewise.
        point: operating point of the model; "" likewise.
    """

    data_name: str
    part: str
    asked: int
    answered: Count
    pneumonia: Count
    normal: Count
    reader: Judgement
    model: Judgement | None
    sensitivity_test: PairedTest | None
    specificity_test: PairedTest | None
    point: str

    def as_json(self) -> dict[str, Any]:
        """The reading as JSON values."""
        return asdict(self)


def choose_films(catalogue: Catalogue, part: str, films: int, seed: int) -> Catalogue:
    """Films for a game in the order in which they are shown: half of each class, drawn by seed, one a patient.

    Args:
        catalogue: the data set.
        part: the folder they came in ("test", "train", "val"), or "all".
        films: how many; fewer where a class has not so many patients.
        seed: fixes films and order.

    Raises:
        HilumError: an unknown part, a number below 2, or a class without a film.
    """
    if part not in PARTS:
        raise HilumError(f"There is no part '{part}'.", expected=", ".join(PARTS), do=nearest(part, list(PARTS)))
    if films < 2:
        raise HilumError(f"Got {films} films to read.", expected="2 or more", do="The usual number is 40.")
    usable = catalogue.usable
    chosen: list[Group] = []
    for label, of_class in _one_a_patient(usable, part, seed).items():
        if not of_class:
            raise HilumError(
                f"There is no {label} film in the part '{part}' of '{catalogue.name}' with one film a patient.",
                expected="films of both classes, of different patients",
                do="Name another part with --split, such as --split all.",
            )
        chosen += shuffled(of_class, seed, "read")[: films // 2]
    return usable.select(group.rows[0] for group in shuffled(chosen, seed, "read order"))


def _one_a_patient(usable: Catalogue, part: str, seed: int) -> dict[str, list[Group]]:
    """By label, one film of each patient of the part; a patient of both classes goes to the one with fewer."""
    names = usable.group_names()
    one_each: dict[str, dict[str, Group]] = {}
    for label in LABELS:
        of_class = [
            Group(film.path, label, film.subtype, (row,))
            for row, film in enumerate(usable.films)
            if film.label == label and part in (film.split, "all")
        ]
        one_each[label] = {names[group.rows[0]]: group for group in reversed(shuffled(of_class, seed, "read"))}
    first, second = one_each.values()
    for name in [one for one in first if one in second]:
        del max(first, second, key=len)[name]
    return {label: list(groups.values()) for label, groups in one_each.items()}


def codes_of(films: Catalogue) -> tuple[str, ...]:
    """What a film goes by in a game: the start of its hash, because its path tells the answer."""
    return tuple(film.sha256[:_CODE] for film in films.films)


def answer_of(word: str) -> str:
    """The label that a word of an answer means, "p" or "n" or in full; "" for any other.

    >>> answer_of("P"), answer_of("normal"), answer_of("?")
    ('pneumonia', 'normal', '')
    """
    return _WORDS.get(word.strip().lower(), "")


def read_answers(path: Path, films: Catalogue) -> dict[str, str]:
    """The label answered for each film by code; of several answers to a film the last counts.

    Raises:
        HilumError: no such file, not a file of answers, or answers to films of another game.
    """
    table = csv.DictReader(io.StringIO(read_text(path)))
    rows, codes, answers = list(table), set(codes_of(films)), dict[str, str]()
    if not set(COLUMNS) <= set(table.fieldnames or ()):
        raise _no_answers(path, f"has the columns '{', '.join(table.fieldnames or ())}'")
    for row in rows:
        if not (label := answer_of(row["answer"] or "")):
            raise _no_answers(path, f"has the answer '{row['answer']}' to film {row['number']}")
        if row["film"] not in codes:
            raise HilumError(
                f"'{printable(path)}' answers film {printable(row['number'])} of another game.",
                expected="answers to the films that these data, number and seed give",
                do="Give DATA, --films, --seed and --split as when the game was made, or another --output.",
            )
        answers[row["film"]] = label
    return answers


def judge_reading(
    films: Catalogue, part: str, answers: Mapping[str, str], run: JudgedRun | None = None, point: str = ""
) -> Reading:
    """Sensitivity and specificity of the answers, and of a judged model on the same films.

    Args:
        films: of the game.
        part: that they are of.
        answers: label by code.
        run: the model's evaluation.
        point: the model's operating point.

    Raises:
        HilumError: nothing is answered, or the model was not judged on these films.
    """
    rows = [row for row, code in enumerate(codes_of(films)) if code in answers]
    if not rows:
        raise HilumError(
            "No film is answered yet.", expected="one answer or more", do="Open the page of the game and answer."
        )
    answered = films.select(rows)
    truth, group = answered.is_pneumonia, answered.resampling_groups()
    called = np.array([answers[code] == LABELS[0] for code in codes_of(answered)])
    of_model = None if run is None else _calls_of(run, answered, point)
    tests = [
        None if of_model is None else _test(called == truth, of_model == truth, part_of, group)
        for part_of in (truth, ~truth)
    ]
    return Reading(
        data_name=films.name,
        part=part,
        asked=len(films.films),
        answered=_count(answered, np.ones_like(truth)),
        pneumonia=_count(answered, truth),
        normal=_count(answered, ~truth),
        reader=_judgement("you", called, truth, group),
        model=None if run is None or of_model is None else _judgement(run.name, of_model, truth, group),
        sensitivity_test=tests[0],
        specificity_test=tests[1],
        point=point if run else "",
    )


def _calls_of(run: JudgedRun, films: Catalogue, point: str) -> Booleans:
    """(n,) what the model called pneumonia, from the table of its evaluation."""
    row_of = {(film.path, film.label): row for row, film in enumerate(run.films)}
    rows = [row_of.get((str(spreadsheet_safe(printable(film.path))), film.label)) for film in films.films]
    if missing := sum(row is None for row in rows):
        raise HilumError(
            f"{missing} of these {len(rows)} films are not among those that '{printable(run.folder)}' was judged on.",
            expected="a run that was evaluated on the same part of the same data",
            do="Evaluate it there first, or name another with --model.",
        )
    return run.called(point)[np.array(rows, dtype=np.intp)]


def _judgement(name: str, called: Booleans, truth: Booleans, group: np.ndarray) -> Judgement:
    none = "no {} film is answered"
    return Judgement(
        name,
        share_over_patients(called[truth], group[truth], none.format("pneumonia")),
        share_over_patients(~called[~truth], group[~truth], none.format("normal")),
    )


def _test(right: Booleans, right_of_model: Booleans, rows: Booleans, group: np.ndarray) -> PairedTest:
    if not rows.any():
        return PairedTest(None, None, "no test: no such film is answered")
    return clustered_mcnemar(right[rows], right_of_model[rows], group[rows])


def _count(films: Catalogue, rows: Booleans) -> Count:
    return Count(int(rows.sum()), len(set(np.array(films.patients)[rows].tolist())))


def _no_answers(path: Path, what: str) -> HilumError:
    return HilumError(
        f"'{printable(path)}' {printable(what)}.",
        expected=f"a file of answers with the columns {', '.join(COLUMNS)}, each answer pneumonia or normal",
        do="Take the file that the page of the game saved.",
    )
