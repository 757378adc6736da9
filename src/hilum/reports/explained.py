"""Films looked into with one or several models: answers, the evidence of each method, and which film comes first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from hilum.datasets.found import class_of
from hilum.errors import HilumError
from hilum.files import printable
from hilum.images import to_square
from hilum.modelfolder import StoredOperatingPoint, salted_film_hash
from hilum.progress import Progress, track
from hilum.runtime import Answering, Prediction, Predictor
from hilum.runtime.mapping import Pixels, full_colour_at, in_patches, strength_of
from hilum.runtime.neighbours import SIMILAR, SimilarCase

if TYPE_CHECKING:
    from hilum.explaining.methods import Explained, Method

OWN: Final = "map"
"""The method whose map comes with the answer."""
BY_PIXEL: Final = "integrated-gradients"
"""The method whose evidence is that of single pixels; it is drawn as sums over patches."""

MOST_KEPT: Final = 64 * 64
"""Places of a map that is kept, 16 kB; a finer one (200 kB at 224 px) is asked for again when it is drawn."""


@dataclass(frozen=True, slots=True)
class Explainer:
    """A model that is asked, the operating point that decides, and the methods that look into it.

    Args:
        name: of the model, unlike that of any other that is asked at once.
        answering: the model and the operating point that decides.
        methods: perhaps none, where only answers are wanted.
    """

    name: str
    answering: Answering
    methods: tuple[Method, ...]

    @property
    def predictor(self) -> Predictor:
        """The model."""
        return self.answering.predictor

    @property
    def point(self) -> StoredOperatingPoint:
        """The stored operating point that decides."""
        return self.answering.point

    def square(self, pixels: Pixels) -> Pixels:
        """(side, side) uint8, the film as the model takes it."""
        return to_square(pixels, self.predictor.side, self.predictor.geometry)


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What is kept of one map, of which there may be thousands.

    Args:
        strength: what it adds to the scale of all films.
        found: the map as it is drawn; None where it has more than `MOST_KEPT` places, or came with the answer.
    """

    strength: float
    found: Explained | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """What one model says of one film.

    Args:
        prediction: the answer, or why there is none.
        explained: what is kept of each method's map; empty where there is no answer.
        similar: the nearest training films; None where the model folder has none, or there is no answer.
        has_met: True where the model was made with this very file.
    """

    prediction: Prediction
    explained: tuple[Seen, ...] = ()
    similar: tuple[SimilarCase, ...] | None = None
    has_met: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ExplainedFilm:
    """One film with what each model says of it, in the order of the models.

    Args:
        path: of the file.
        label: "pneumonia" or "normal" where the film's folder says so, else "".
        answers: one a model.
    """

    path: Path
    label: str
    answers: tuple[Answered, ...]

    @property
    def is_assessed(self) -> bool:
        """True where any model has an answer."""
        return any(not answer.prediction.problem for answer in self.answers)

    def unread(self, error: HilumError) -> ExplainedFilm:
        """The same film where it can no longer be read: that is then what every model has to say."""
        return replace(self, answers=tuple(_unread(self.path, error) for _ in self.answers))


def label_of(path: Path) -> str:
    """The class that the folder right above the film names, its kinds of pneumonia included; "" where it names none.

    Folders further up are not asked: they may be named after a project, or a person's collection.

    >>> label_of(Path("chest/PNEUMONIA/bacteria/a.png")), label_of(Path("pneumonia/ward/a.png"))
    ('pneumonia', '')
    """
    meaning = class_of(path.absolute().parent.name)
    return meaning[0] if meaning else ""


def look_into(explainers: Sequence[Explainer], paths: Sequence[Path], progress: Progress) -> tuple[ExplainedFilm, ...]:
    """Ask each model about each film: answer, maps, similar cases. Films keep their order.

    A film that cannot be read, or that a model's gate refuses, has its reason for an answer and no map. Of each film,
    model and method only `Seen` is kept, and no pixel of the film: at most 16 kB, a few bytes for the maps of the graph
    and Grad-CAM.
    """
    columns = [list(_asked(one, paths, progress)) for one in explainers]
    rows = zip(*columns, strict=True)
    return tuple(ExplainedFilm(path, label_of(path), answers) for path, answers in zip(paths, rows, strict=True))


def _asked(explainer: Explainer, paths: Sequence[Path], progress: Progress) -> list[Answered]:
    """One model's answers to all films."""
    label = f"Answers{' and maps' if explainer.methods else ''} of {explainer.name}"
    met = explainer.predictor.manifest.training.films
    return [_looked_into(explainer, path, met) for path in track(progress, paths, label, len(paths))]


def _looked_into(explainer: Explainer, path: Path, met: frozenset[str]) -> Answered:
    """The answer, with the model's own map from the same pass of the graph where it is asked for, then other maps.

    Args:
        met: salted hashes of the films that the model was made with; another copy of a picture is not known again.
    """
    salt = explainer.predictor.manifest.training.salt
    asks_own = any(method.name == OWN for method in explainer.methods)
    answer = explainer.answering.of(path, with_map=asks_own, similar=SIMILAR)
    has_met = bool(answer.sha256) and salted_film_hash(salt, answer.sha256) in met
    if answer.prediction.problem or answer.film is None:
        return Answered(answer.prediction, has_met=has_met)
    seen, square = list[Seen](), explainer.square(answer.film.pixels)
    for method in explainer.methods:
        if method.name == OWN and answer.evidence is not None:
            seen.append(Seen(strength_of(answer.evidence)))
        else:
            found = for_eyes(method, square)
            seen.append(Seen(strength_of(found.evidence), found if found.evidence.size <= MOST_KEPT else None))
    return Answered(answer.prediction, tuple(seen), answer.similar, has_met)


def _unread(path: Path, error: HilumError) -> Answered:
    return Answered(Prediction(printable(path), "unreadable", problem=str(error)))


def drawn_in_words(method: Method) -> str:
    """How the method makes a map, and what is done to it before it is drawn."""
    return f"{method.in_words} Drawn as sums over patches." if method.name == BY_PIXEL else method.in_words


def for_eyes(method: Method, square: Pixels) -> Explained:
    """The evidence of a (side, side) square as it is drawn."""
    found = method.explained(square)
    return replace(found, evidence=in_patches(found.evidence)) if method.name == BY_PIXEL else found


def scales_of(films: Sequence[ExplainedFilm], model: int, methods: int) -> tuple[float, ...]:
    """For each method of a model, the evidence that is drawn in full colour on all of these films.

    Args:
        films: that are shown beside each other.
        model: its place.
        methods: how many it was asked by.
    """
    answered = [film.answers[model].explained for film in films if film.answers[model].explained]
    return tuple(full_colour_at(seen[method].strength for seen in answered) for method in range(methods))


def error_of(label: str, prediction: Prediction, threshold: float) -> float | None:
    """How far a wrong answer lies on its side of the threshold, in log-odds; None where it is right or nobody knows."""
    if not label or prediction.probability is None or prediction.decision == label:
        return None
    return abs(_log_odds(prediction.probability) - _log_odds(threshold))


def worst_first(films: Sequence[ExplainedFilm], explainers: Sequence[Explainer]) -> tuple[ExplainedFilm, ...]:
    """Films that a model calls wrong, the farthest from its threshold first; then the others as they came.

    Films that no model assesses come last.
    """

    def place(film: ExplainedFilm) -> tuple[int, float]:
        pairs = zip(film.answers, explainers, strict=True)
        errors = [error_of(film.label, answer.prediction, one.point.threshold) for answer, one in pairs]
        wrong = [error for error in errors if error is not None]
        return (0, -max(wrong)) if wrong else (1 if film.is_assessed else 2, 0.0)

    return tuple(sorted(films, key=place))


def _log_odds(probability: float) -> float:
    """Finite also for 0 and 1, which a threshold or a saturated answer can be."""
    inside = np.clip(probability, 1e-15, 1 - 1e-15)
    return float(np.log(inside / (1 - inside)))
