"""A parameter of an address that its route does not have is refused: a misspelt setting is not left out in silence."""

from __future__ import annotations

from collections import Counter
from typing import Final

from fastapi import Request

from hilum.errors import nearest
from hilum.files import printable
from hilum.web.problems import wrong_value

_OF_FILMS: Final = ("model", "operating_point", "prevalence")
KNOWN: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("POST", "/api/v1/predict"): (*_OF_FILMS, "pictures"),
    ("POST", "/api/v1/map"): _OF_FILMS,
    ("POST", "/api/v1/report"): (*_OF_FILMS, "format", "language"),
    ("POST", "/api/v1/jobs"): _OF_FILMS,
    ("GET", "/api/v1/jobs"): ("skip",),
    ("GET", "/api/v1/jobs/{job}/report"): ("format", "language"),
}
"""By method and route; all others have none. A test holds this to the description."""


async def known_parameters(request: Request) -> None:
    """Refuse what the route does not know, and what is given twice.

    Raises:
        Problem: 422.
    """
    if request.scope["path"] == "/":
        return  # whoever links to the page may add what they like
    given = Counter(name for name, _ in request.query_params.multi_items())
    known = KNOWN.get((request.method, getattr(request.scope.get("route"), "path", "")), ())
    for name, times in given.items():
        if name not in known:
            raise wrong_value(
                f"There is no parameter '{printable(name[:80])}' here.",
                f"no others than {', '.join(known)}" if known else "none",
                nearest(name, list(known)) if known else "Leave it out.",
            )
        if times > 1:
            raise wrong_value(f"The parameter '{name}' is given {times} times.", "it once", "Leave the others out.")
