"""The description of the interface, and the interface held to it by schemathesis."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import checks
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks as openapi_checks
from starlette.testclient import TestClient

from hilum.web.examples import EXAMPLES
from hilum.web.parameters import KNOWN
from hilum.web.settings import Access
from hilum.web.tokens import digest
from web_client import TOKEN, client, parts, served

_CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_headers_conformance,
    openapi_checks.response_schema_conformance,
]
ROUTES = {
    "/healthz": {"get"},
    "/ready": {"get"},
    "/metrics": {"get"},
    "/api/v1/models": {"get"},
    "/api/v1/predict": {"post"},
    "/api/v1/map": {"post"},
    "/api/v1/report": {"post"},
    "/api/v1/jobs": {"get", "post"},
    "/api/v1/jobs/{job}": {"get", "delete"},
    "/api/v1/jobs/{job}/events": {"get"},
    "/api/v1/jobs/{job}/report": {"get"},
}


@pytest.fixture(scope="module")
def rest(phantom_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client of a server that keeps jobs."""
    with client(served(phantom_run), store=tmp_path_factory.mktemp("jobs")) as opened:
        yield opened


@pytest.fixture(scope="module")
def description(rest: TestClient) -> dict[str, Any]:
    """What /openapi.json says."""
    found: dict[str, Any] = rest.get("/openapi.json").json()
    return found


def _valid(value: Any, schema: dict[str, Any], description: dict[str, Any]) -> None:
    jsonschema_rs.validate(schema | {"components": description["components"]}, value)


def test_every_route_is_described(description: dict[str, Any]) -> None:
    assert {path: set(operations) for path, operations in description["paths"].items()} == ROUTES


def test_every_example_is_what_its_schema_says(description: dict[str, Any]) -> None:
    for name, example in EXAMPLES.items():
        _valid(example, {"$ref": f"#/components/schemas/{name}"}, description)


def test_every_document_is_what_its_schema_says(
    rest: TestClient, description: dict[str, Any], films: list[Path]
) -> None:
    for query in ("", "?pictures=true&prevalence=0.1"):
        said = rest.post(f"/api/v1/predict{query}", files=parts(films[0], ("x", b"no film"))).json()
        _valid(said, {"$ref": "#/components/schemas/Answer"}, description)
    _valid(rest.get("/api/v1/models").json(), {"$ref": "#/components/schemas/Models"}, description)
    made = rest.post("/api/v1/jobs", files=parts(films[0]))
    _valid(made.json(), {"$ref": "#/components/schemas/Job"}, description)
    job = rest.get(made.headers["location"]).json()
    _valid(job, {"$ref": "#/components/schemas/JobAnswer"}, description)
    _valid(rest.get("/api/v1/jobs").json(), {"$ref": "#/components/schemas/Jobs"}, description)
    _valid(rest.get("/nowhere").json(), {"$ref": "#/components/schemas/Problem"}, description)


def test_description_names_models_and_points_of_this_server(rest: TestClient, description: dict[str, Any]) -> None:
    told = rest.get("/api/v1/models").json()["models"][0]
    given = {one["name"]: one["schema"] for one in description["paths"]["/api/v1/predict"]["post"]["parameters"]}
    assert given["model"]["enum"] == [told["name"]]
    assert given["operating_point"]["enum"] == [point["name"] for point in told["operating_points"]]


def test_description_says_where_a_token_is_needed(phantom_run: Path) -> None:
    with client(served(phantom_run), Access(digest(TOKEN), is_local=False)) as opened:
        described = opened.get("/openapi.json", headers={"Authorization": f"Bearer {TOKEN}"}).json()
    open_ones = {
        path
        for path, operations in described["paths"].items()
        if not any("security" in operation for operation in operations.values())
    }
    assert open_ones == {"/healthz", "/ready"}


_SERVER = """
import sys
from pathlib import Path
from hilum.web.app import make_app
from hilum.web.listening import bound_socket, listen
from hilum.web.settings import Allowance, Settings
from web_client import served

async def mistaken(prevalence: float = 0.5):
    raise ZeroDivisionError(prevalence)

app = make_app(Settings(served(Path(sys.argv[1])), allowance=Allowance(refusal_s=0), store=Path(sys.argv[2])))
if sys.argv[3] == "planted":
    app.add_api_route("/api/v1/mistake", mistaken, methods=["GET"])
on = bound_socket("127.0.0.1", 0)
told = lambda: print(on.getsockname()[1], flush=True)
listen(app, on, when_listening=told, when_ending=app.state.service.end)
"""


@contextmanager
def _serving(run: Path, store: Path, how: str) -> Iterator[str]:
    """The address of a server, "planted" with a mistake or not."""
    server = subprocess.Popen(
        [sys.executable, "-c", _SERVER, run, store, how],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(__file__).parents[1],
    )
    assert server.stdout is not None
    yield f"http://127.0.0.1:{int(server.stdout.readline())}"
    server.terminate()
    assert server.wait(60) == 0


def _complaints(address: str, examples: int) -> list[str]:
    """What schemathesis finds against the description; an answer of 503 with Retry-After is nothing."""
    schema = schemathesis.openapi.from_url(f"{address}/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    return [words for operation in operations for words in _of_operation(operation, examples)]


def _of_operation(operation: Any, examples: int) -> list[str]:
    found: list[str] = []

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def run(case: Any) -> None:
        answer = case.call(timeout=30)
        if answer.status_code == 503 and int(answer.headers["retry-after"][0]) > 0:
            return
        try:
            case.validate_response(answer, checks=_CHECKS)
        except (Failure, FailureGroup) as error:
            found.append(f"{operation.label}: {answer.status_code} {error} {getattr(error, 'exceptions', ())}")

    run()
    return found


@pytest.mark.slow
def test_schemathesis_finds_a_planted_mistake_and_then_nothing(phantom_run: Path, tmp_path: Path) -> None:
    with _serving(phantom_run, tmp_path / "planted", "planted") as address:
        planted = _complaints(address, 2)
    assert [words for words in planted if "/api/v1/mistake" in words and "500" in words]
    assert not [words for words in planted if "/api/v1/mistake" not in words]
    with _serving(phantom_run, tmp_path / "jobs", "as it is") as address:
        assert _complaints(address, 15) == []


def test_parameters_that_are_described_are_the_known_ones(description: dict[str, Any]) -> None:
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            named = [one["name"] for one in operation.get("parameters", []) if one["in"] == "query"]
            assert sorted(named) == sorted(KNOWN.get((method.upper(), path), ()))
    assert set(KNOWN) < {(method.upper(), path) for path, methods in ROUTES.items() for method in methods}


@pytest.mark.parametrize(
    ("query", "do"), [("modle=x", "Did you mean 'model'?"), ("model=a&model=a", "Leave the others out.")]
)
def test_misspelt_and_doubled_parameters_are_refused(rest: TestClient, query: str, do: str) -> None:
    answer = rest.post(f"/api/v1/predict?{query}", files=parts(("a", b"x")))
    assert (answer.status_code, answer.json()["do"]) == (422, do)


@pytest.mark.parametrize(
    ("path", "methods"),
    [(f"/api/v1/jobs/{'0' * 32}", "DELETE, GET"), ("/api/v1/predict", "POST"), ("/static/page.js", "GET, HEAD")],
)
def test_wrong_method_names_the_right_ones(rest: TestClient, path: str, methods: str) -> None:
    answer = rest.put(path)
    assert (answer.status_code, answer.headers["allow"]) == (405, methods)
