"""JSON schemas of what is sent, made from the values themselves where there are such."""

from __future__ import annotations

from typing import Any, Final

from pydantic import TypeAdapter

from hilum.verbs.predict import Predictions

Document = dict[str, Any]

_TEXT: Final[Document] = {"type": "string"}
_NUMBER: Final[Document] = {"type": "number"}
_COUNT: Final[Document] = {"type": "integer", "minimum": 0}
_YES: Final[Document] = {"type": "boolean"}
_TEXTS: Final[Document] = {"type": "array", "items": _TEXT}
_ADDRESS: Final[Document] = {"type": "string", "pattern": "^data:image/"}


def schemas() -> Document:
    """Every schema that the description names."""
    answer = TypeAdapter(Predictions).json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    row = answer.pop("$defs")["Prediction"]
    row["title"], row["description"] = "Row", "What is said of one film, or why nothing is."
    row["properties"] |= {
        "sha256": _TEXT | {"description": "Of the file; empty where it could not be read."},
        "pictures": _or_none({"$ref": "#/components/schemas/Pictures"}),
        "similar": _or_none({"type": "array", "items": {"$ref": "#/components/schemas/SimilarCase"}}),
    }
    row["required"] = [*row["required"], "sha256"]
    answer["title"], answer["description"] = "Answer", "One row a film, with what is needed to read them."
    answer["properties"]["predictions"] = {"type": "array", "items": {"$ref": "#/components/schemas/Prediction"}}
    return {
        "Answer": answer,
        "Prediction": row,
        "Pictures": _object(film=_ADDRESS, map=_or_none(_ADDRESS)),
        "SimilarCase": _object(
            label={"type": "string", "enum": ["pneumonia", "normal"]},
            distance=_NUMBER,
            times_usual=_NUMBER,
            farther_than=_NUMBER,
            thumbnail=_or_none(_ADDRESS),
        ),
        "Models": _models(),
        "Job": _object(**_job()),
        "Jobs": _object(jobs={"type": "array", "items": {"$ref": "#/components/schemas/Job"}}, total=_COUNT),
        "JobAnswer": _object(("answer",), **_job(), answer={"$ref": "#/components/schemas/Answer"}),
        "Problem": _object(type=_TEXT, title=_TEXT, status=_COUNT, detail=_TEXT, expected=_TEXT, do=_TEXT),
    }


def _job() -> Document:
    return {
        "id": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        "created": _TEXT,
        "model": _TEXT,
        "model_hash": _TEXT,
        "operating_point": _TEXT,
        "prevalence": _or_none(_NUMBER),
        "films": _COUNT,
        "done": _COUNT,
        "state": {"type": "string", "enum": ["waiting", "running", "done", "stopped"]},
    }


def _models() -> Document:
    point = _object(
        name=_TEXT,
        threshold=_NUMBER,
        goal=_TEXT,
        sensitivity=_NUMBER,
        specificity=_NUMBER,
        is_reached=_YES,
        **{f"{name}_{end}": _or_none(_NUMBER) for name in ("sensitivity", "specificity") for end in ("low", "high")},
    )
    values = _object(
        prevalence=_NUMBER,
        **{f"{name}{end}": _or_none(_NUMBER) for name in ("ppv", "npv") for end in ("", "_low", "_high")},
    )
    texts = ("name", "model_hash", "geometry", "operating_point", "population", "licence", "trained_on", "protocol")
    flags = ("is_leaky", "has_map", "has_cases", "has_gate")
    model = _object(
        **dict.fromkeys((*texts, "created", "hilum_version"), _TEXT),
        **dict.fromkeys(flags, _YES),
        side=_COUNT,
        operating_points={"type": "array", "items": point},
        prevalence=_NUMBER,
        site_prevalence=_or_none(_NUMBER),
        predictive_values={"type": "array", "items": values},
        cross_fitted=_COUNT,
        limits=_TEXTS,
        map=_object(in_words=_TEXT, worth=_TEXT),
        alpha=_or_none(_NUMBER),
    )
    return _object(
        models={"type": "array", "items": model},
        hilum_version=_TEXT,
        warning=_TEXT,
        languages=_TEXTS,
        language=_TEXT,
        **dict.fromkeys(("has_store", "has_pdf", "is_insecure"), _YES),
        **dict.fromkeys(("largest_bytes", "largest_pixels", "most_films"), _COUNT),
    )


def _object(optional: tuple[str, ...] = (), /, **properties: Document) -> Document:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _or_none(schema: Document) -> Document:
    return {"anyOf": [schema, {"type": "null"}]}
