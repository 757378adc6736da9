"""The parts of a form as films in memory, cut as soon as one is too large or too many come."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from email.message import Message
from typing import Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser

from hilum.web.problems import Problem, wrong_value
from hilum.web.settings import MIB, Allowance

FIELD: Final = "film"
logging.getLogger("python_multipart").setLevel(logging.CRITICAL)  # it would write what a sender wrote into the log
_LONGEST_NAME: Final = 255
_LONGEST_HEADER: Final = 8192


@dataclass(frozen=True, slots=True)
class Upload:
    """One film of a request.

    Args:
        name: as its sender calls it.
        content: the bytes of the file.
    """

    name: str
    content: bytes


class FilmParts:
    """Reads a form piece by piece.

    Starlette's own reader puts files of more than 1 MiB into a temporary file, and a patient's film has no business
    on a disc that nobody named.

    Args:
        boundary: between the parts.
        allowance: the largest film, and how many may come.
    """

    def __init__(self, boundary: bytes, allowance: Allowance) -> None:
        self._allowance = allowance
        self._films: list[Upload] = []
        self._header_name, self._header_value = bytearray(), bytearray()
        self._disposition = ""
        self._chunks: list[bytes] = []
        self._bytes = 0
        self._is_ended = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._on_header_name,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers,
                "on_part_data": self._on_data,
                "on_part_end": self._on_end,
                "on_end": self._on_last,
            },
        )

    def feed(self, chunk: bytes) -> None:
        """Take the next piece.

        Raises:
            Problem: 400 where this is no form, 413 where a film is too large, 422 for other parts or too many.
        """
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise _damaged() from error

    def films(self) -> tuple[Upload, ...]:
        """The films, when all has come.

        Raises:
            Problem: the form is cut off, or holds no film.
        """
        if not self._is_ended:
            raise _damaged()
        if not self._films:
            raise wrong_value("The form holds no film.", f"at least one part named '{FIELD}'", "Choose a file.")
        return tuple(self._films)

    def _begin(self) -> None:
        self._header_name.clear()
        self._header_value.clear()
        self._disposition, self._bytes = "", 0
        self._chunks = []

    def _on_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]
        self._require_short()

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]
        self._require_short()

    def _require_short(self) -> None:
        """Refuse a header that would take long to take apart."""
        if len(self._header_name) + len(self._header_value) > _LONGEST_HEADER:
            raise _damaged()

    def _on_header_end(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            self._disposition = self._header_value.decode("utf-8", "replace")
        self._header_name.clear()
        self._header_value.clear()

    def _on_headers(self) -> None:
        name = _parameters(self._disposition).get("name")
        if name != FIELD:
            raise wrong_value(
                "The form has a part that is no film.",
                f"parts named '{FIELD}' and no others",
                "Give settings in the address, such as ?model=NAME.",
            )
        if len(self._films) == self._allowance.most_films:
            raise wrong_value(
                f"The form holds more than {self._allowance.most_films} films.",
                f"at most {self._allowance.most_films} in one request",
                "Send the others in another request.",
            )

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        self._bytes += end - start
        if self._bytes > self._allowance.film.bytes:
            raise Problem(
                413,
                "too-large",
                f"Film {len(self._films) + 1} is larger than {self._allowance.film.bytes / MIB:,.0f} MiB.",
                expected="a smaller file",
                do="Save it at a lower resolution.",
            )
        self._chunks.append(data[start:end])

    def _on_end(self) -> None:
        given = _parameters(self._disposition).get("filename", "")
        self._films.append(Upload(shown_name(given, len(self._films) + 1), b"".join(self._chunks)))
        self._chunks = []

    def _on_last(self) -> None:
        self._is_ended = True


def shown_name(given: str, number: int) -> str:
    """What a film is called in its answer; "film 3" where its sender did not say.

    >>> shown_name("", 3), shown_name("chest\\n.png", 1)
    ('film 3', 'chest.png')
    """
    name = "".join(sign for sign in given if sign.isprintable()).strip()[:_LONGEST_NAME]
    return name or f"film {number}"


def _parameters(disposition: str) -> dict[str, str]:
    """The parameters of a header such as `form-data; name="film"; filename="a.png"`."""
    message = Message()
    message["content-disposition"] = disposition.replace("\r", " ").replace("\n", " ")
    found = message.get_params(failobj=[], header="content-disposition") or []
    return {key.lower(): value if isinstance(value, str) else value[2] for key, value in found[1:]}


def _damaged() -> Problem:
    return Problem(
        400,
        "damaged-form",
        "The body is no complete multipart/form-data.",
        expected="a whole form",
        do="Send it again; leave the form to the library that sends it.",
    )
