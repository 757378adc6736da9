"""What stands on every page of a report: the model, the site, and when and with what it was made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hilum.metrics import Estimate, log_odds, negative_predictive_value, positive_predictive_value, wilson
from hilum.metrics.predictive_values import complement, predictive_value_interval
from hilum.modelfolder import Manifest, StoredOperatingPoint
from hilum.modelfolder.card import limits
from hilum.provenance import Provenance
from hilum.runtime import NO_GATE, Answering
from hilum.site import PrevalenceShift

PREVALENCES: Final = (0.01, 0.05, 0.10, 0.20)
"""For which PPV and NPV are shown where a site has not said how common pneumonia is."""


@dataclass(frozen=True, slots=True)
class PredictiveValues:
    """How often a call is right where so many films show pneumonia.

    Args:
        prevalence: share of the films with pneumonia.
        ppv: of calls of pneumonia.
        npv: of calls of normal.
    """

    prevalence: float
    ppv: Estimate
    npv: Estimate


@dataclass(frozen=True, slots=True)
class About:
    """What one model at one site says of itself beside every answer.

    Args:
        manifest: of the model.
        model_hash: SHA-256 that identifies the model and everything in its folder.
        point: the stored operating point that decides.
        sensitivity: of that point on the calibrate patients, with its interval.
        specificity: likewise.
        shift: to the prevalence of the site; None where none is stated.
        values: PPV and NPV at the site's prevalence, or at several where none is stated.
        limits: the sentences that stand wherever an answer is shown.
        met: salted hashes of the films that the model was made with.
        has_map: True where the graph gives a map of its own.
        has_cases: True where the model folder holds similar cases.
        made: who made the report, when and with what.
    """

    manifest: Manifest
    model_hash: str
    point: StoredOperatingPoint
    sensitivity: Estimate
    specificity: Estimate
    shift: PrevalenceShift | None
    values: tuple[PredictiveValues, ...]
    limits: tuple[str, ...]
    met: frozenset[str]
    has_map: bool
    has_cases: bool
    made: Provenance

    @property
    def site_threshold(self) -> float | None:
        """The threshold on the site's probability that makes the same decisions; None where no site is stated."""
        return self.shift.threshold(self.point.threshold) if self.shift else None


def about(answering: Answering, made: Provenance) -> About:
    """What a report says of the model and the site that answered.

    Args:
        answering: the model, the operating point that decides, and the prevalence of the site.
        made: the making of the report.
    """
    manifest = answering.predictor.manifest
    sensitivity, specificity = _rates(answering.point, manifest)
    prevalences = (answering.shift.stated,) if answering.shift else PREVALENCES
    return About(
        manifest=manifest,
        model_hash=answering.predictor.model_hash,
        point=answering.point,
        sensitivity=sensitivity,
        specificity=specificity,
        shift=answering.shift,
        values=tuple(predictive_values(sensitivity, specificity, one) for one in prevalences),
        limits=(*limits(manifest), *(() if manifest.gate else (NO_GATE,))),
        met=manifest.training.films,
        has_map=answering.has_map,
        has_cases=answering.has_cases,
        made=made,
    )


def predictive_values(sensitivity: Estimate, specificity: Estimate, prevalence: float) -> PredictiveValues:
    """PPV and NPV at a prevalence, with intervals where sensitivity and specificity have them.

    >>> found = predictive_values(Estimate(0.9, 0.8, 0.95, ""), Estimate(0.8, 0.7, 0.9, ""), 0.5)
    >>> found.ppv.text(), found.npv.text()
    ('0.818 [0.747, 0.900]', '0.889 [0.798, 0.942]')
    """
    rates = (sensitivity.value, specificity.value)
    log_odds(prevalence)  # refuses what is no prevalence
    ppv = positive_predictive_value(*rates, prevalence) if None not in rates else float("nan")  # type: ignore[arg-type]
    npv = negative_predictive_value(*rates, prevalence) if None not in rates else float("nan")  # type: ignore[arg-type]
    return PredictiveValues(
        prevalence,
        _estimate(float(ppv), sensitivity, complement(specificity), prevalence),
        _estimate(float(npv), specificity, complement(sensitivity), 1 - prevalence),
    )


def _estimate(value: float, right: Estimate, wrong: Estimate, prevalence: float) -> Estimate:
    if value != value:
        return Estimate(None, None, None, "no film would be called so")
    if None in (right.low, right.high, wrong.low, wrong.high):
        return Estimate(value, None, None, "sensitivity and specificity have no intervals")
    interval = predictive_value_interval(right, wrong, prevalence)
    return Estimate(value, interval.low, interval.high, interval.method)


def _rates(point: StoredOperatingPoint, manifest: Manifest) -> tuple[Estimate, Estimate]:
    """Sensitivity and specificity on the calibrate patients.

    Older folders store no intervals. Then Wilson's is shown as if each patient of the class had one film: films of one
    patient are alike, so that many of them tell little more than one.
    """
    stored = manifest.conformal
    patients = (stored.pneumonia_patients, stored.normal_patients) if stored else (0, 0)
    return (
        _rate(point.sensitivity, point.sensitivity_low, point.sensitivity_high, patients[0]),
        _rate(point.specificity, point.specificity_low, point.specificity_high, patients[1]),
    )


def _rate(value: float, low: float | None, high: float | None, patients: int) -> Estimate:
    if low is not None and high is not None:
        return Estimate(value, low, high, "over the calibrate patients")
    if not patients:
        return Estimate(value, None, None, "none is stored")
    interval = wilson(value * patients, patients)
    return Estimate(value, interval.low, interval.high, "Wilson, as if each patient had one film")
