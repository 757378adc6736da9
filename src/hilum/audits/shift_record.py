"""The shift audit as a value and as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from hilum.audits.series import SeriesResult
from hilum.evaluation import Count
from hilum.metrics import Estimate
from hilum.provenance import Provenance


@dataclass(frozen=True, slots=True)
class DomainResult:
    """How well the films of one class are told from the training films of that class.

    Args:
        against: the evaluation set.
        label: the class.
        view: what was looked at: model features, grey levels or file traits.
        films: of the evaluation set.
        reference: of the training films.
        auroc: evaluation set against training films, by a probe that had not met the patient; None with too few.
        control: the same for contiguous blocks of the training films against the others.
        telling: the columns that tell most by themselves, with their AUROC.
        verdict: a line.
    """

    against: str
    label: str
    view: str
    films: Count
    reference: Count
    auroc: Estimate | None
    control: tuple[float, ...]
    telling: tuple[tuple[str, float], ...]
    verdict: str


@dataclass(frozen=True, slots=True)
class DistanceResult:
    """How well a distance from the fit films tells an evaluation set from the select and calibrate films.

    Args:
        against: the evaluation set.
        label: the class.
        method: Mahalanobis, nearest neighbours or energy.
        auroc: chance that a film of the set is further than a film held back.
    """

    against: str
    label: str
    method: str
    auroc: Estimate


@dataclass(frozen=True, slots=True)
class SeriesCount:
    """Films of one series of names in one set."""

    against: str
    label: str
    series: str
    films: Count


@dataclass(frozen=True, slots=True)
class ShiftAudit:
    """What differs between the training films and each evaluation set.

    Args:
        data_name: of the training films.
        reference: films and patients.
        sets: evaluation sets by name with films and patients.
        domains: by set, class and view.
        distances: by set, class and method; empty where no model was named or it was made from other films.
        series: where the films' names come from.
        specificity: of a model by file series, or None.
        model: name of the model whose features were used, or "".
        model_hash: of its folder, or "".
        notes: what could not be looked at, and why.
        fingerprint: of the training films.
        seed: of folds and bootstrap.
        made: by which command, when.
    """

    data_name: str
    reference: Count
    sets: tuple[tuple[str, Count], ...]
    domains: tuple[DomainResult, ...]
    distances: tuple[DistanceResult, ...]
    series: tuple[SeriesCount, ...]
    specificity: SeriesResult | None
    model: str
    model_hash: str
    notes: tuple[str, ...]
    fingerprint: str
    seed: int
    made: Provenance

    def as_json(self) -> dict[str, Any]:
        """The audit as JSON values."""
        return {"kind": "shift", **asdict(self)}
