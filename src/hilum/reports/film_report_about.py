"""What stands on every page of a report: the model, the site, and when and with what it was made."""

from __future__ import annotations

from dataclasses import dataclass

from hilum.metrics import Estimate
from hilum.modelfolder import Manifest, StoredOperatingPoint
from hilum.provenance import Provenance
from hilum.runtime import Answering
from hilum.runtime.predictive import PredictiveValues, predictive_values_of, rates
from hilum.site import PrevalenceShift


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
    sensitivity, specificity = rates(answering.point, manifest)
    return About(
        manifest=manifest,
        model_hash=answering.predictor.model_hash,
        point=answering.point,
        sensitivity=sensitivity,
        specificity=specificity,
        shift=answering.shift,
        values=predictive_values_of(answering),
        limits=answering.limits,
        met=manifest.training.films,
        has_map=answering.has_map,
        has_cases=answering.has_cases,
        made=made,
    )
