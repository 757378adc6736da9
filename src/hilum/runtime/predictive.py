"""How often a call is right: PPV and NPV of the operating point that decides, where so many films show pneumonia."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from hilum.metrics import Estimate, log_odds, negative_predictive_value, positive_predictive_value, wilson
from hilum.metrics.predictive_values import complement, predictive_value_interval
from hilum.modelfolder import Manifest, StoredOperatingPoint
from hilum.runtime.answering import Answering

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

    def as_json(self) -> dict[str, Any]:
        """The same as JSON values: a call that no film would get, and an end that is not known, are null."""
        row: dict[str, Any] = {"prevalence": self.prevalence}
        for name, one in (("ppv", self.ppv), ("npv", self.npv)):
            row |= {name: one.value, f"{name}_low": one.low, f"{name}_high": one.high}
        return row


def predictive_values_of(answering: Answering) -> tuple[PredictiveValues, ...]:
    """PPV and NPV at the prevalence of the site, or at several where none is stated."""
    sensitivity, specificity = rates(answering.point, answering.predictor.manifest)
    prevalences = (answering.shift.stated,) if answering.shift else PREVALENCES
    return tuple(predictive_values(sensitivity, specificity, one) for one in prevalences)


def predictive_values(sensitivity: Estimate, specificity: Estimate, prevalence: float) -> PredictiveValues:
    """PPV and NPV at a prevalence, with intervals where sensitivity and specificity have them.

    >>> found = predictive_values(Estimate(0.9, 0.8, 0.95, ""), Estimate(0.8, 0.7, 0.9, ""), 0.5)
    >>> found.ppv.text(), found.npv.text()
    ('0.818 [0.747, 0.900]', '0.889 [0.798, 0.942]')
    """
    stated = (sensitivity.value, specificity.value)
    log_odds(prevalence)  # refuses what is no prevalence
    known = None not in stated
    ppv = positive_predictive_value(*stated, prevalence) if known else float("nan")  # type: ignore[arg-type]
    npv = negative_predictive_value(*stated, prevalence) if known else float("nan")  # type: ignore[arg-type]
    return PredictiveValues(
        prevalence,
        _estimate(float(ppv), sensitivity, complement(specificity), prevalence),
        _estimate(float(npv), specificity, complement(sensitivity), 1 - prevalence),
    )


def rates(point: StoredOperatingPoint, manifest: Manifest) -> tuple[Estimate, Estimate]:
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


def _estimate(value: float, right: Estimate, wrong: Estimate, prevalence: float) -> Estimate:
    if value != value:
        return Estimate(None, None, None, "no film would be called so")
    if None in (right.low, right.high, wrong.low, wrong.high):
        return Estimate(value, None, None, "sensitivity and specificity have no intervals")
    interval = predictive_value_interval(right, wrong, prevalence)
    return Estimate(value, interval.low, interval.high, interval.method)


def _rate(value: float, low: float | None, high: float | None, patients: int) -> Estimate:
    if low is not None and high is not None:
        return Estimate(value, low, high, "over the calibrate patients")
    if not patients:
        return Estimate(value, None, None, "none is stored")
    interval = wilson(value * patients, patients)
    return Estimate(value, interval.low, interval.high, "Wilson, as if each patient had one film")
