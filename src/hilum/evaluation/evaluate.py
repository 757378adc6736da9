"""From a model and a catalogue to an evaluation: the one way, so that no look goes uncounted."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np

from hilum.datasets.catalogue import Catalogue
from hilum.evaluation.contact import Contact, find_contact, refuse_contact
from hilum.evaluation.figures import Choice, LeftOut, Point, SubtypeCount, primary_of
from hilum.evaluation.looks import LookCount, count_looks, hash_of_films, look_at, read_looks, record_look, sets_seen
from hilum.evaluation.parts import films_to_judge, require_part
from hilum.evaluation.per_patient import judge_patients
from hilum.evaluation.predictions import PredictionTable, predict_films
from hilum.evaluation.probabilities import judge_probabilities
from hilum.evaluation.record import Evaluation, JudgedFilms, model_facts
from hilum.evaluation.scores import count_of, figures_at, resample, score, subtypes_of
from hilum.evaluation.unanswered import assess_films, judge_unanswered
from hilum.evaluation.usefulness import judge_usefulness
from hilum.metrics import DRAWS, log_odds, reliability_bins
from hilum.metrics.resampling import require_draws
from hilum.modelfolder import Manifest, StoredOperatingPoint
from hilum.modelfolder.card import limits as limits_of
from hilum.progress import Progress, Silent
from hilum.provenance import Provenance
from hilum.runtime import Assessment, Predictor

PREVALENCES: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75)
_ONE_HALF: Final = Point(name="0.5", threshold=0.5, goal="the fixed threshold 0.5", choice=None)


@dataclass(frozen=True, slots=True)
class Settings:
    """How an evaluation is made.

    Args:
        part: of the data that is judged: "test", "validation", "all", or another folder.
        prevalences: fractions at which PPV and NPV are stated.
        draws: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        HilumError: an unknown part, a prevalence that is not strictly between 0 and 1, no draw, or a negative seed: all
            told here, before any film is looked at.
    """

    part: str = "test"
    prevalences: tuple[float, ...] = PREVALENCES
    draws: int = DRAWS
    seed: int = 0

    def __post_init__(self) -> None:
        require_part(self.part)
        for prevalence in self.prevalences:
            log_odds(prevalence)
        require_draws(self.draws, self.seed)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What an evaluation says beside its figures.

    Args:
        contact: what the model had met of the films.
        looks: how often the films have been looked at.
        left_out: films that could not be judged.
        made: command, commit, version, time.
        assessments: of gate and checks, in the order of the films; none for a model without gate.
    """

    contact: Contact
    looks: LookCount
    left_out: tuple[LeftOut, ...]
    made: Provenance
    assessments: tuple[Assessment, ...] = ()


def evaluate_model(
    predictor: Predictor,
    catalogue: Catalogue,
    directory: Path,
    settings: Settings,
    made: Provenance,
    progress: Progress = Silent(),
) -> tuple[Evaluation, PredictionTable]:
    """Judge a model on one part of a catalogue, and write the look down before any figure is made.

    Args:
        predictor: the opened model folder.
        catalogue: the data set.
        directory: where the catalogue lies; its pixel cache and `looks.jsonl` are kept there.
        settings: which part, and how.
        made: by which command, when.
        progress: where the bars are shown.

    Raises:
        HilumError: no such films, the model has met them, or the look cannot be written down.
    """
    training = predictor.manifest.training
    films, left_out = films_to_judge(catalogue, settings.part, predictor.manifest)
    contact = find_contact(training, films)
    refuse_contact(contact, training)
    predictions = predict_films(predictor, films, directory / "pixels", progress)
    looks = _look(predictor, films, settings.part, directory, made)
    circumstances = Circumstances(contact, looks, left_out, made, assess_films(predictor, films, progress))
    return evaluate_predictions(predictions, predictor, settings, circumstances), predictions


def evaluate_predictions(
    predictions: PredictionTable, predictor: Predictor, settings: Settings, circumstances: Circumstances
) -> Evaluation:
    """All figures of one model on one set of films; a function of its arguments alone."""
    resampling = resample(predictions, settings.draws, settings.seed)
    calibrated_at, points = predictor.manifest.calibration.prevalence, _points(predictor.manifest)
    figures = tuple(figures_at(point, predictions, resampling, settings.prevalences) for point in points)
    primary = primary_of(figures).at
    return Evaluation(
        films=_judged_films(predictions, settings.part, circumstances.left_out),
        model=model_facts(predictor.manifest, predictor.model_hash),
        scores=score(predictions, resampling),
        points=figures,
        reliability=reliability_bins(predictions.probability, predictions.is_pneumonia),
        contact=circumstances.contact,
        looks=circumstances.looks,
        limits=_limits(predictor.manifest, circumstances),
        made=circumstances.made,
        draws=settings.draws,
        seed=settings.seed,
        probabilities=judge_probabilities(predictions, calibrated_at, resampling, settings.seed),
        usefulness=judge_usefulness(predictions, primary, resampling),
        per_patient=judge_patients(predictions, points, settings.draws, settings.seed),
        unanswered=judge_unanswered(
            predictions, circumstances.assessments, predictor, primary, circumstances.left_out, resampling
        ),
    )


def _points(manifest: Manifest) -> tuple[Point, ...]:
    """The stored operating points, and 0.5 where it is not among them."""
    stored = tuple(Point(one.name, one.threshold, one.goal, _choice(one)) for one in manifest.operating_points)
    return stored if any(point.name == _ONE_HALF.name for point in stored) else (*stored, _ONE_HALF)


def _choice(point: StoredOperatingPoint) -> Choice:
    return Choice(**{field.name: getattr(point, field.name) for field in fields(Choice)})


def _look(predictor: Predictor, films: Catalogue, part: str, directory: Path, made: Provenance) -> LookCount:
    """Write this look down, as one at every set of films that it shows, and count those at the judged films."""
    for name, seen in sets_seen(films, part).items():
        record_look(directory, look_at(predictor.manifest, predictor.model_hash, seen, name, made))
    return count_looks(*read_looks(directory), hash_of_films(films))


def _judged_films(predictions: PredictionTable, part: str, left_out: tuple[LeftOut, ...]) -> JudgedFilms:
    truth = predictions.is_pneumonia
    return JudgedFilms(
        data_name=predictions.films.name,
        part=part,
        every=count_of(predictions, np.ones_like(truth)),
        pneumonia=count_of(predictions, truth),
        normal=count_of(predictions, ~truth),
        subtypes=tuple(SubtypeCount(name, count_of(predictions, rows)) for name, rows in subtypes_of(predictions)),
        left_out=left_out,
        fingerprint=predictions.films.fingerprint,
        films_hash=hash_of_films(predictions.films),
    )


def _limits(manifest: Manifest, circumstances: Circumstances) -> tuple[str, ...]:
    """What the figures do not say, most important first."""
    contact, looks, left_out = circumstances.contact, circumstances.looks, circumstances.left_out
    limits = [*limits_of(manifest)]
    if contact.met:
        limits.append(
            f"{contact.share:.0%} of these films, or films of their patients, are known to the model: the figures say "
            "nothing about new patients."
        )
    if left_out:
        limits.append(f"{len(left_out)} films could not be judged and are part of no figure.")
    if looks.models > 1:
        limits.append(
            f"{looks.models} models have been judged on these films; one chosen among them looks better than it is."
        )
    limits.append("PPV and NPV at a stated prevalence hold where the films of each class look like these.")
    return tuple(limits)
