"""One example of each document that a server sends; a test holds them to their schemas."""

from __future__ import annotations

from typing import Any, Final

_HASH: Final = "c713c82e27758877389c19ca8f485f01f30c3e9be092adc696e1e47f1901e374"
_LIMITS: Final = (
    "It assists a reader; it is not a medical device.",
    "The model knows only films like those it was made from: children of 1 to 5 years, one hospital.",
)

_ANSWERED: Final = {
    "path": "film.jpeg",
    "status": "answered",
    "probability": 0.91,
    "logit": 2.4,
    "decision": "pneumonia",
    "answers": ["pneumonia"],
    "warning": "",
    "distance": 0.91,
    "notes": [],
    "problem": "",
    "reasons": [],
    "site_probability": None,
    "sha256": "293cc03c0335561514862781b1872b4cde6f687abaf3233a5ed2d6e588caa116",
}
_REFUSED: Final = _ANSWERED | {
    "path": "holiday.png",
    "status": "not assessed",
    "probability": None,
    "logit": None,
    "decision": "not assessed",
    "answers": None,
    "distance": 4.2,
    "problem": "'holiday.png': It is a colour picture.",
    "reasons": ["It is a colour picture."],
}
_ANSWER: Final = {
    "model": "cnn-scratch",
    "model_hash": _HASH,
    "is_leaky": False,
    "operating_point": "sensitivity>=0.95",
    "threshold": 0.64,
    "prevalence": 0.75,
    "site_prevalence": None,
    "site_threshold": None,
    "predictions": [_ANSWERED, _REFUSED],
    "limits": list(_LIMITS),
    "site_file": None,
    "site_decided": [],
    "maps": [],
}
_POINT: Final = {
    "name": "sensitivity>=0.95",
    "threshold": 0.64,
    "goal": "the highest specificity with a sensitivity of at least 0.95",
    "sensitivity": 0.952,
    "specificity": 0.953,
    "is_reached": True,
    "sensitivity_low": 0.92,
    "sensitivity_high": 0.97,
    "specificity_low": 0.9,
    "specificity_high": 0.98,
}
_MODEL: Final = {
    "name": "cnn-scratch",
    "model_hash": _HASH,
    "is_leaky": False,
    "side": 160,
    "geometry": "squash",
    "operating_point": "sensitivity>=0.95",
    "operating_points": [_POINT],
    "prevalence": 0.75,
    "site_prevalence": None,
    "predictive_values": [
        {
            "prevalence": 0.05,
            "ppv": 0.45,
            "ppv_low": 0.33,
            "ppv_high": 0.7,
            "npv": 0.997,
            "npv_low": 0.995,
            "npv_high": 0.998,
        }
    ],
    "limits": list(_LIMITS),
    "population": "children of 1 to 5 years, one hospital",
    "licence": "CC-BY-4.0",
    "trained_on": "kermany",
    "protocol": "grouped",
    "cross_fitted": 0,
    "created": "2026-11-21T17:27:47+00:00",
    "hilum_version": "0.1.0",
    "has_map": True,
    "map": {
        "in_words": "the head's weights over the last feature maps",
        "worth": "passes the tests of 64 select films",
    },
    "has_cases": False,
    "has_gate": True,
    "alpha": 0.05,
}
_JOB: Final = {
    "id": "ced580397d41c19ad8431cd8030abaee",
    "created": "2026-11-22T02:00:47+00:00",
    "model": "cnn-scratch",
    "model_hash": _HASH,
    "operating_point": "sensitivity>=0.95",
    "prevalence": None,
    "films": 2,
    "done": 0,
    "state": "waiting",
}

EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "Answer": _ANSWER,
    "Models": {
        "models": [_MODEL],
        "hilum_version": "0.1.0",
        "has_store": False,
        "largest_bytes": 67108864,
        "largest_pixels": 64000000,
        "most_films": 64,
        "languages": ["en", "fr"],
        "language": "en",
        "has_pdf": True,
        "is_insecure": False,
        "warning": "",
    },
    "Job": _JOB,
    "Jobs": {"jobs": [_JOB], "total": 1},
    "JobAnswer": _JOB | {"done": 2, "state": "done", "answer": _ANSWER},
    "Problem": {
        "type": "urn:hilum:problem:wrong-value",
        "title": "Unprocessable Entity",
        "status": 422,
        "detail": "No model named 'cnn' is served here.",
        "expected": "one that GET /api/v1/models lists",
        "do": "Did you mean 'cnn-scratch'?",
    },
}
"""By the name of the schema."""
