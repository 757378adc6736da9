"""From the films a model was made for to films of elsewhere, with every threshold as it was: the fall."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hilum.errors import HilumError
from hilum.evaluation.figures import Count, PointFigures
from hilum.metrics import Estimate
from hilum.metrics.means import difference

if TYPE_CHECKING:
    from hilum.evaluation.record import Evaluation

_NOT_STATED: Final = Estimate(None, None, None, "not stated: the films' own share of pneumonia is that of no place")


@dataclass(frozen=True, slots=True)
class Fall:
    """External minus internal; below 0 the model does worse elsewhere.

    Args:
        data_name, part, count: of the internal films.
        point: operating point of sensitivity and specificity.
        auroc, sensitivity, specificity: internal figure first, then the difference.
    """

    data_name: str
    part: str
    count: Count
    point: str
    auroc: tuple[Estimate, Estimate]
    sensitivity: tuple[Estimate, Estimate]
    specificity: tuple[Estimate, Estimate]


def require_internal(internal: Evaluation, model_hash: str, data_name: str) -> None:
    """Refuse an evaluation that external figures cannot be set beside, before the external films are looked at.

    Raises:
        HilumError: it is of another model, on the same data, not on what the protocol held back, or it leaks.
    """
    if internal.model.model_hash != model_hash:
        problem = f"it is of another model, '{internal.model.name}' ({internal.model.model_hash[:8]})"
    elif internal.films.data_name == data_name:
        problem = f"both are on '{data_name}'"
    elif internal.leaks:
        problem = "it leaks"
    elif internal.judged_under != internal.model.protocol:
        problem = f"its films are not those that the protocol '{internal.model.protocol}' held back"
    else:
        return
    raise HilumError(
        f"The internal evaluation cannot stand beside this one: {problem}.",
        expected=f"that of the same model ({model_hash[:8]}) on what its protocol held back",
        do="Make it first: hilum evaluate MODEL DATA",
    )


def with_fall(external: Evaluation, internal: Evaluation) -> Evaluation:
    """The external evaluation with its distance to the internal one, and without PPV at its own films' prevalence.

    The share of pneumonia among films that were gathered for a study says nothing about any place: precision and F1,
    which hold for that share alone, are not stated either.

    Raises:
        HilumError: as `require_internal`.
    """
    require_internal(internal, external.model.model_hash, external.films.data_name)
    at = {point.at.name: point for point in internal.points}[external.primary.at.name]
    fall = Fall(
        data_name=internal.films.data_name,
        part=internal.films.part,
        count=internal.films.every,
        point=at.at.name,
        auroc=_fall(internal.scores.auroc, external.scores.auroc),
        sensitivity=_fall(at.sensitivity, external.primary.sensitivity),
        specificity=_fall(at.specificity, external.primary.specificity),
    )
    patients = external.per_patient
    return replace(
        external,
        fall=fall,
        points=tuple(map(_at_stated_prevalences, external.points)),
        per_patient=patients and replace(patients, points=tuple(map(_at_stated_prevalences, patients.points))),
    )


def _fall(internal: Estimate, external: Estimate) -> tuple[Estimate, Estimate]:
    return internal, difference(external, internal)


def _at_stated_prevalences(point: PointFigures) -> PointFigures:
    return replace(point, predictive_values=point.predictive_values[:-1], precision=_NOT_STATED, f1=_NOT_STATED)
