"""Every error of a request as a problem document."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from hilum.errors import HilumError
from hilum.files import printable
from hilum.web import films, job_routes, plain
from hilum.web.guard import log_without_words, our_mistake
from hilum.web.problems import CLIENT_GONE, Problem, no_such_thing, wrong_value
from hilum.web.service import ClientGoneError

_ROUTES: Final = (*plain.router.routes, *films.router.routes, *job_routes.router.routes)


def add_handlers(app: FastAPI) -> None:
    """Let every error that a route may raise be answered."""
    for kind in (Problem, HilumError, HTTPException, RequestValidationError, ClientDisconnect, ClientGoneError):
        app.add_exception_handler(kind, _answer)


async def _answer(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.status_code == 405:
        return wrong_method(_methods(request)).response()
    return problem_of(error).response()


def wrong_method(methods: list[str]) -> Problem:
    """405, with the methods that the address takes."""
    return Problem(
        405,
        "wrong-method",
        "This address does not take that method.",
        expected=" or ".join(methods),
        do="GET /openapi.json lists what there is.",
        headers={"Allow": ", ".join(methods)},
    )


def _methods(request: Request) -> list[str]:
    """Those of every route of this path; the router itself names those of the first alone."""
    found = [route for route in _ROUTES if isinstance(route, Route) and route.path_regex.match(request.scope["path"])]
    return sorted({method for route in found for method in route.methods or ()}) or ["GET", "HEAD"]


def problem_of(error: Exception) -> Problem:
    """The problem that an error of a route stands for."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, HilumError):  # whoever knows that its words name no place on this machine makes it a Problem
        log_without_words(error)
        return our_mistake()
    if isinstance(error, RequestValidationError):
        return _of_validation(error)
    if isinstance(error, HTTPException):
        return _of_http(error)
    return Problem(CLIENT_GONE, "client-gone", "The client has left.")


def _of_validation(error: RequestValidationError) -> Problem:
    first = error.errors()[0]
    name = printable(str(first["loc"][-1]))
    return wrong_value(
        f"The parameter '{name}' has a wrong value: {first['msg'][:200]}.",
        "what the description of the interface says",
        "GET /openapi.json describes every parameter.",
    )


def _of_http(error: HTTPException) -> Problem:
    if error.status_code == 404:
        return no_such_thing("There is no such address.")
    return Problem(error.status_code, "refused", str(error.detail), headers=dict(error.headers or {}))
