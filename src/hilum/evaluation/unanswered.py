"""Films without an answer: what the gate refuses, where the model says "I do not know", and the worst case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hilum.datasets.catalogue import Catalogue
from hilum.evaluation.figures import LeftOut, Point
from hilum.evaluation.predictions import PredictionTable
from hilum.metrics import Estimate, Resampling, share_over_patients
from hilum.metrics.arrays import Booleans
from hilum.progress import Progress, Silent, track
from hilum.runtime import Assessment, Predictor


@dataclass(frozen=True, slots=True)
class ByClass:
    """A share of the films with pneumonia, and of the normal ones."""

    pneumonia: Estimate
    normal: Estimate


@dataclass(frozen=True, slots=True)
class Unanswered:
    """What stands between a film and an answer.

    Args:
        refused: shares that are taken for no chest film.
        warned: shares that are answered, as unlike the training films.
        abstained: shares of the others whose answer set is not one answer.
        covered: shares whose answer set holds the truth; promised for patients like the calibrate patients alone.
        alpha: chance of a set without the truth that was promised.
        unreadable: files that could not be judged at all.
        point: operating point of the worst case.
        sensitivity: at it, where every film that is unreadable, refused or left open counts as an error.
        specificity: likewise.
    """

    refused: ByClass
    warned: ByClass
    abstained: ByClass
    covered: ByClass
    alpha: float
    unreadable: int
    point: str
    sensitivity: Estimate
    specificity: Estimate


def assess_films(predictor: Predictor, films: Catalogue, progress: Progress = Silent()) -> tuple[Assessment, ...]:
    """What gate and checks say of each file as it lies on disc; nothing for a model without gate or answer sets."""
    if predictor.manifest.gate is None or predictor.sets is None:
        return ()
    paths = [films.root / film.path for film in films.films]
    return tuple(track(progress, predictor.assess(paths), "Gate", len(paths)))


def judge_unanswered(
    predictions: PredictionTable,
    assessments: Sequence[Assessment],
    predictor: Predictor,
    point: Point,
    left_out: Sequence[LeftOut],
    resampling: Resampling,
) -> Unanswered | None:
    """Refusals, warnings and abstentions by class, and the worst case.

    Args:
        predictions: of the judged films.
        assessments: of `assess_films`, in their order; none gives None.
        predictor: whose answer sets are asked.
        point: operating point of the worst case.
        left_out: films that could not be judged; each is taken for a patient of its own.
        resampling: of the patients.
    """
    if predictor.sets is None or not assessments:
        return None
    truth, answers = predictions.is_pneumonia, [predictor.sets.answers(float(one)) for one in predictions.logit]
    is_refused = np.array([bool(one.reasons) for one in assessments])
    is_open = np.array([len(one) != 1 for one in answers])
    is_right = (predictions.probability >= point.threshold) == truth
    is_covered = np.array([("normal", "pneumonia")[int(one)] in kept for one, kept in zip(truth, answers, strict=True)])

    of_class, unit = (truth, ~truth), resampling.unit

    def shares(is_counted: Booleans) -> ByClass:
        return _by_class([is_counted[rows] for rows in of_class], [resampling.group[rows] for rows in of_class], unit)

    # A file may have become unreadable since its pixels were kept.
    is_answered = np.array([one.status == "answered" for one in assessments])
    right = _with_left_out(is_right & is_answered & ~is_open, truth, resampling, left_out)
    return Unanswered(
        refused=shares(is_refused),
        warned=shares(np.array([bool(one.warning) for one in assessments])),
        abstained=shares(is_open & ~is_refused),
        covered=shares(is_covered),
        alpha=predictor.sets.alpha,
        unreadable=len(left_out) + sum(one.status == "unreadable" for one in assessments),
        point=point.name,
        sensitivity=right.pneumonia,
        specificity=right.normal,
    )


def _with_left_out(is_right: Booleans, truth: Booleans, resampling: Resampling, left_out: Sequence[LeftOut]) -> ByClass:
    """Shares of right answers, where films that were left out are wrong ones of patients of their own."""
    right, group = [], []
    for label, rows in (("pneumonia", truth), ("normal", ~truth)):
        missing = sum(one.label == label for one in left_out)
        right.append(np.r_[is_right[rows], np.zeros(missing, dtype=bool)])
        group.append(np.r_[resampling.group[rows], len(resampling.stratum) + np.arange(missing)])
    return _by_class(right, group, resampling.unit)


def _by_class(is_counted: Sequence[Booleans], group: Sequence[np.ndarray], unit: str) -> ByClass:
    """The share among the films with pneumonia, first, and among the normal ones."""
    none = ("no film with pneumonia", "no normal film")
    return ByClass(*(share_over_patients(*one, unit) for one in zip(is_counted, group, none, strict=True)))
