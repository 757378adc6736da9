"""What went wrong with a request, as a problem document (RFC 9457) in the three parts of every error of hilum."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from starlette.responses import Response

from hilum.errors import HilumError

PROBLEM_TYPE: Final = "application/problem+json"
CLIENT_GONE: Final = 499
"""For the count alone, as nginx has it: nobody is left to read the answer."""


class Problem(Exception):
    """A request that is not answered, and why.

    Args:
        status: of HTTP.
        kind: names the problem for programs, such as "queue-full".
        happened: a full sentence.
        expected: what would have been right, without a full stop; "" where nothing is to be said.
        do: the next step as a full sentence; likewise.
        headers: further headers of the answer.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        happened: str,
        *,
        expected: str = "",
        do: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(happened)
        self.status, self.kind, self.happened, self.expected, self.do = status, kind, happened, expected, do
        self.headers = dict(headers or {})

    @classmethod
    def of(cls, error: HilumError, status: int = 422, kind: str = "wrong-value") -> Problem:
        """The same sentences as a problem document."""
        return cls(status, kind, error.happened, expected=error.expected, do=error.do)

    def as_json(self) -> dict[str, Any]:
        """The document."""
        return {
            "type": f"urn:hilum:problem:{self.kind}",
            "title": "Client Closed Request" if self.status == CLIENT_GONE else HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.happened,
            "expected": self.expected,
            "do": self.do,
        }

    def response(self) -> Response:
        """The document as an answer."""
        content = json.dumps(self.as_json()).encode()
        return Response(content, self.status, self.headers, PROBLEM_TYPE)


def no_such_thing(happened: str, do: str = "GET /openapi.json lists what there is.") -> Problem:
    """404."""
    return Problem(404, "not-found", happened, expected="an address that this server has", do=do)


def wrong_value(happened: str, expected: str, do: str) -> Problem:
    """422."""
    return Problem(422, "wrong-value", happened, expected=expected, do=do)


def busy(happened: str, retry_after_s: int, kind: str = "queue-full") -> Problem:
    """503; the number of seconds after which to ask again is a guess from the work that waits."""
    return Problem(
        503,
        kind,
        happened,
        expected="fewer requests at once",
        do=f"Send it again in {retry_after_s} s.",
        headers={"Retry-After": str(retry_after_s)},
    )
