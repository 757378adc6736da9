"""The figures of an evaluation as values: over films or over patients, with and without a threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hilum.metrics import PRIMARY, Estimate


@dataclass(frozen=True, slots=True)
class Count:
    """So many films of so many patients."""

    films: int
    patients: int


@dataclass(frozen=True, slots=True)
class SubtypeCount:
    """How many films and patients of one kind of pneumonia."""

    name: str
    count: Count


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A film that could not be judged, why, and what it shows; "" in a record of format 1."""

    path: str
    reason: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Scores:
    """Figures that need no threshold; AUROC and AUPRC judge the order, Brier and ECE the stated probabilities."""

    auroc: Estimate
    auprc: Estimate
    brier: Estimate
    ece: Estimate


@dataclass(frozen=True, slots=True)
class PredictiveValues:
    """PPV and NPV where this share of the films has pneumonia."""

    prevalence: float
    ppv: Estimate
    npv: Estimate


@dataclass(frozen=True, slots=True)
class SubtypeSensitivity:
    """Sensitivity for one kind of pneumonia."""

    name: str
    count: Count
    sensitivity: Estimate


@dataclass(frozen=True, slots=True)
class Choice:
    """What a threshold did on the calibrate patients, where it was chosen; the distance to the figures is the shift.

    The ends of the 95 % intervals there are None for models made before they were kept.
    """

    sensitivity: float
    specificity: float
    is_reached: bool
    sensitivity_low: float | None = None
    sensitivity_high: float | None = None
    specificity_low: float | None = None
    specificity_high: float | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """A threshold on the calibrated probability and what it was chosen for, before these films were seen."""

    name: str
    threshold: float
    goal: str
    choice: Choice | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many films were called what."""

    true_positives: int
    false_negatives: int
    false_positives: int
    true_negatives: int


@dataclass(frozen=True, slots=True)
class PointFigures:
    """Figures at one operating point.

    Args:
        at: the operating point.
        counts: the confusion matrix in films.
        sensitivity: share of pneumonia found (recall).
        specificity: share of normal films cleared.
        precision: share of the calls that are right at the prevalence of these films.
        f1: harmonic mean of precision and sensitivity.
        balanced_accuracy: mean of sensitivity and specificity.
        accuracy: share of all films called right; depends on the prevalence of these films.
        predictive_values: at the stated prevalences, and last at that of these films.
        subtypes: sensitivity by kind of pneumonia.
    """

    at: Point
    counts: Counts
    sensitivity: Estimate
    specificity: Estimate
    precision: Estimate
    f1: Estimate
    balanced_accuracy: Estimate
    accuracy: Estimate
    predictive_values: tuple[PredictiveValues, ...]
    subtypes: tuple[SubtypeSensitivity, ...]


def primary_of(points: Sequence[PointFigures]) -> PointFigures:
    """The figures at the primary operating point, or at the first where that is not among them."""
    return next((point for point in points if point.at.name == PRIMARY), points[0])
