"""What stands of a model beside its answers, as JSON values: REST and the page without a server say the same."""

from __future__ import annotations

from typing import Any

from msgspec.structs import asdict

from hilum.modelfolder.schema import faithfulness_in_words
from hilum.runtime.answering import Answering
from hilum.runtime.predictive import predictive_values_of


def described(answering: Answering) -> dict[str, Any]:
    """The model, the operating point that decides and what the site states; nothing of any patient is among it."""
    predictor, shift = answering.predictor, answering.shift
    manifest = predictor.manifest
    return {
        "name": manifest.name,
        "model_hash": predictor.model_hash,
        "is_leaky": manifest.training.is_leaky,
        "side": manifest.side,
        "geometry": manifest.geometry,
        "operating_point": answering.point.name,
        "operating_points": [asdict(point) for point in manifest.operating_points],
        "prevalence": manifest.calibration.prevalence,
        "site_prevalence": shift.stated if shift else None,
        "predictive_values": [row.as_json() for row in predictive_values_of(answering)],
        "limits": [*answering.limits],
        "population": manifest.population,
        "licence": manifest.licence,
        "trained_on": manifest.training.data_name,
        "protocol": manifest.training.protocol,
        "cross_fitted": manifest.training.cross_fitted,
        "created": manifest.created,
        "hilum_version": manifest.hilum_version,
        "has_map": answering.has_map,
        "map": {"in_words": manifest.activation_map, "worth": faithfulness_in_words(manifest.faithfulness)},
        "has_cases": answering.has_cases,
        "has_gate": manifest.gate is not None,
        "alpha": manifest.conformal.alpha if manifest.conformal else None,
    }
