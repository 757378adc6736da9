"""The OpenAPI description of one server: its routes with bodies, answers, problems and an example of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from hilum.web.access import OPEN
from hilum.web.bodies import MULTIPART, RAW_TYPES
from hilum.web.examples import EXAMPLES
from hilum.web.parts import FIELD
from hilum.web.problems import PROBLEM_TYPE
from hilum.web.schemas import schemas
from hilum.web.settings import LEAST_PREVALENCE, MOST_PREVALENCE, Settings

Document = dict[str, Any]

_ABOUT: Final = """Answers for chest films: calibrated probability of pneumonia, decision, map, report.

It assists a reader; it is not a medical device. A film that cannot be read or is no chest film is a row with its reason
in an answer of status 200; a request that is wrong itself gets a problem document (RFC 9457)."""

_BODY: Final = (400, 408, 413, 415, 422)
_EVERY: Final = (400, 403, 421)
_OF_TOKEN: Final = (401, 429)

_ANSWERS: Final[dict[tuple[str, str], tuple[int, str, str | None, Sequence[int]]]] = {
    ("get", "/healthz"): (200, "text/plain", None, ()),
    ("get", "/ready"): (200, "text/plain", None, (503,)),
    ("get", "/metrics"): (200, "text/plain", None, ()),
    ("get", "/api/v1/models"): (200, "application/json", "Models", ()),
    ("post", "/api/v1/predict"): (200, "application/json", "Answer", (*_BODY, 503)),
    ("post", "/api/v1/map"): (200, "image/png", None, (*_BODY, 404, 503)),
    ("post", "/api/v1/report"): (200, "text/html", None, (*_BODY, 501, 503)),
    ("post", "/api/v1/jobs"): (202, "application/json", "Job", (*_BODY, 404, 503, 507)),
    ("get", "/api/v1/jobs"): (200, "application/json", "Jobs", (404, 422, 500, 503)),
    ("get", "/api/v1/jobs/{job}"): (200, "application/json", "JobAnswer", (404, 422, 500, 503)),
    ("get", "/api/v1/jobs/{job}/events"): (200, "text/event-stream", None, (404, 422, 500, 503)),
    ("get", "/api/v1/jobs/{job}/report"): (200, "text/html", None, (404, 409, 422, 500, 501, 503)),
    ("delete", "/api/v1/jobs/{job}"): (204, "", None, (404, 422, 500)),
}
"""Of each route: status, type and schema of its answer, and the problems that it may have."""
_UNKNOWN: Final[tuple[int, str, str | None, Sequence[int]]] = (200, "application/json", None, ())


def described(app: FastAPI, settings: Settings) -> Document:
    """The description; made once, when it is first asked for.

    Args:
        settings: names models and operating points, and says whether a token is needed.
    """
    if app.openapi_schema is None:
        app.openapi_schema = _described(app, settings)
    return app.openapi_schema


def _described(app: FastAPI, settings: Settings) -> Document:
    made = get_openapi(title=app.title, version=app.version, description=_ABOUT, routes=app.routes)
    has_token = settings.access.token_digest is not None
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            needs_token = has_token and path not in OPEN
            operation["responses"] = _responses(method, path, needs_token)
            if method == "post":
                operation["requestBody"] = _body(_most_films(path, settings))
            if needs_token:
                operation["security"] = [{"token": []}]
            for parameter in operation.get("parameters", []):
                _name_values(parameter, settings)
    made["components"] = {"schemas": schemas()}
    if has_token:
        made["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    return made


def _most_films(path: str, settings: Settings) -> int:
    if path.endswith("/map"):
        return 1
    return settings.allowance.most_job_films if path.endswith("/jobs") else settings.allowance.most_films


def _responses(method: str, path: str, needs_token: bool) -> Document:
    status, kind, schema, problems = _ANSWERS.get((method, path), _UNKNOWN)
    every = sorted({*problems, *_EVERY, *(_OF_TOKEN if needs_token else ())})
    found = {str(status): _answer(kind, schema), **{str(one): _problem(one) for one in every}}
    if path.endswith("/report"):
        found[str(status)]["content"]["application/pdf"] = {"schema": {"type": "string", "format": "binary"}}
    return found


def _answer(kind: str, schema: str | None) -> Document:
    if not kind:
        return {"description": "Done."}
    if kind == "text/event-stream":
        return {"description": "An event for each film, in order, then one named 'done'.", "content": {kind: {}}}
    if schema is None:
        return {"description": "The answer.", "content": {kind: {"schema": {"type": "string"}}}}
    reference = {"$ref": f"#/components/schemas/{schema}"}
    return {"description": "The answer.", "content": {kind: {"schema": reference, "example": EXAMPLES[schema]}}}


def _problem(status: int) -> Document:
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": EXAMPLES["Problem"] | {"status": status}}
    found: Document = {"description": "A problem document.", "content": {PROBLEM_TYPE: content}}
    if status in (429, 503):
        seconds = {"description": "Seconds after which to ask again.", "schema": {"type": "integer", "minimum": 1}}
        found["headers"] = {"Retry-After": seconds}
    return found


def _body(most_films: int) -> Document:
    film = {"type": "string", "format": "binary", "minLength": 1}
    form = {
        "type": "object",
        "required": [FIELD],
        "additionalProperties": False,
        "properties": {FIELD: {"type": "array", "items": film, "minItems": 1, "maxItems": most_films}},
    }
    raw = {kind: {"schema": film} for kind in RAW_TYPES}
    return {"required": True, "content": {MULTIPART: {"schema": form}, **raw}}


def _name_values(parameter: Document, settings: Settings) -> None:
    """Say which models and operating points there are on this server."""
    models = settings.models.models
    points = [point.name for model in models for point in model.answering.predictor.manifest.operating_points]
    values = {"model": [model.name for model in models], "operating_point": list(dict.fromkeys(points))}
    if parameter["name"] in values:
        parameter["schema"] = {"type": "string", "enum": values[parameter["name"]]}
        parameter["example"] = parameter["schema"]["enum"][0]
    elif parameter["name"] == "prevalence":
        parameter["schema"] = {"type": "number", "minimum": LEAST_PREVALENCE, "maximum": MOST_PREVALENCE}
        parameter["example"] = 0.05
