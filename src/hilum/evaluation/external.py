"""From the films a model was made for to films of elsewhere, with every threshold as it was: the fall."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hilum.errors import HilumError
from hilum.evaluation.figures import Count, PointFigures
from hilum.metrics import Estimate
from hilum.metrics.means import difference

if TYPE_CHECKING:
    from hilum.evaluation.record import Evaluation


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


def with_fall(external: Evaluation, internal: Evaluation) -> Evaluation:
    """The external evaluation with its distance to the internal one, and no PPV at its own films' prevalence.

    The share of pneumonia among films that were gathered for a study says nothing about any place.

    Raises:
        HilumError: evaluations of different models, of the same data, or an internal one that leaks.
    """
    _require_pair(external, internal)
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
    return replace(external, fall=fall, points=tuple(map(_at_stated_prevalences, external.points)))


def _fall(internal: Estimate, external: Estimate) -> tuple[Estimate, Estimate]:
    return internal, difference(external, internal)


def _at_stated_prevalences(point: PointFigures) -> PointFigures:
    return replace(point, predictive_values=point.predictive_values[:-1])


def _require_pair(external: Evaluation, internal: Evaluation) -> None:
    if internal.model.model_hash != external.model.model_hash:
        problem = f"it is of the model '{internal.model.name}' ({internal.model.model_hash[:8]})"
    elif internal.films.data_name == external.films.data_name:
        problem = f"both are on '{internal.films.data_name}'"
    elif internal.leaks:
        problem = "it leaks"
    else:
        return
    raise HilumError(
        f"The internal evaluation cannot stand beside this one: {problem}.",
        expected=f"that of {external.model.name} ({external.model.model_hash[:8]}) on what its protocol held back",
        do="Make it first: hilum evaluate MODEL DATA",
    )
