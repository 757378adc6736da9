"""A page in another language: gettext catalogues of the package, and numbers and dates as people there write them."""

from __future__ import annotations

import gettext
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Final

from hilum.errors import HilumError, nearest
from hilum.files import printable
from hilum.site import LANGUAGES

__all__ = ["LANGUAGES", "MONTHS", "Language", "language_of", "message"]

_DOMAIN: Final = "hilum"
_NO_BREAK: Final = "\u00a0"
_THIN_NO_BREAK: Final = "\u202f"


def message(text: str) -> str:
    """The text itself, marked for the catalogues: it is translated where it is shown."""
    return text


MONTHS: Final = (
    message("January"),
    message("February"),
    message("March"),
    message("April"),
    message("May"),
    message("June"),
    message("July"),
    message("August"),
    message("September"),
    message("October"),
    message("November"),
    message("December"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """How a page speaks.

    Args:
        code: as in the attribute `lang` of HTML.
        catalogue: its translations; those of English are the messages themselves.
    """

    code: str
    catalogue: gettext.NullTranslations

    @property
    def is_source(self) -> bool:
        """True for English, in which every sentence was written."""
        return self.code == LANGUAGES[0]

    def say(self, text: str, **values: object) -> str:
        """The message in this language, its {names} filled in."""
        said = self.catalogue.gettext(text)
        return said.format(**values) if values else said

    def say_many(self, one: str, many: str, number: int, **values: object) -> str:
        """The message for so many things, as this language counts; {number} is filled in as it writes numbers."""
        return self.catalogue.ngettext(one, many, number).format(number=self.number(number), **values)

    def number(self, value: float, digits: int = 0) -> str:
        """A number with so many digits behind the point, thousands set apart.

        >>> language_of("en").number(5232), language_of("fr").number(1.5, 2)
        ('5,232', '1,50')
        """
        return self._as_written_here(f"{value:,.{digits}f}")

    def percent(self, value: float) -> str:
        """A fraction in per cent, with one digit behind the point, or two or three that keep it apart from 0 and 100 %.

        >>> language_of("en").percent(0.9153), language_of("en").percent(0.99971), language_of("fr").percent(0.05)
        ('91.5\\xa0%', '99.97\\xa0%', '5,0\\u202f%')
        >>> language_of("en").percent(1 - 1e-7)
        'over 99.9\\xa0%'
        """
        return self._end(value, self.per_cent)

    def nearly(self, value: float) -> str:
        """What is written of a fraction next to 0 or 100 %.

        >>> language_of("en").nearly(0.0004)
        'under 0.1\\xa0%'
        """
        return self._nearly(value, self.per_cent)

    def prevalence(self, value: float) -> str:
        """A prevalence in per cent, with three digits of it or of what it leaves, and none that says nothing.

        >>> [language_of("fr").prevalence(value) for value in (0.05, 0.746, 0.9996)]
        ['5\\u202f%', '74,6\\u202f%', '99,96\\u202f%']
        """
        share = Decimal(f"{100 * min(value, 1 - value):.3g}")
        return self.per_cent(f"{share if value <= 0.5 else 100 - share:f}")

    def percent_range(self, low: float, high: float) -> str:
        """Two ends of an interval in per cent.

        >>> language_of("en").percent_range(0.93, 0.968)
        '93.0 to 96.8\\xa0%'
        """
        return self.say(
            "{low} to {high}", low=self._end(low, self._as_written_here), high=self._end(high, self.per_cent)
        )

    def moment(self, created: str) -> str:
        """A time in ISO 8601 with its offset, in UTC.

        >>> language_of("en").moment("2026-11-22T10:05:00+00:00")
        '22 November 2026, 10:05 UTC'
        """
        time = datetime.fromisoformat(created).astimezone(UTC)
        return self.say(
            "{day} {month} {year}, {hour}:{minute} UTC",
            day=time.day,
            month=self.say(MONTHS[time.month - 1]),
            year=time.year,
            hour=f"{time.hour:02}",
            minute=f"{time.minute:02}",
        )

    def written(self, figure: str) -> str:
        """A figure that stands in an English sentence, as this language writes it."""
        return self._as_written_here(figure)

    def per_cent(self, figure: str) -> str:
        """A figure in hundredths, as Python writes it, with the sign."""
        return f"{self._as_written_here(figure)}{_NO_BREAK if self.is_source else _THIN_NO_BREAK}%"

    def _end(self, value: float, write: Callable[[str], str]) -> str:
        figure = _percent_digits(value)
        return self._nearly(value, write) if figure is None else write(figure)

    def _nearly(self, value: float, write: Callable[[str], str]) -> str:
        if value > 0.5:
            return self.say("over {figure}", figure=write("99.9"))
        return self.say("under {figure}", figure=write("0.1"))

    def _as_written_here(self, figure: str) -> str:
        """The figure with this language's signs for thousands and fractions."""
        if self.is_source:
            return figure
        return figure.replace(",", _THIN_NO_BREAK).replace(".", ",")


def _percent_digits(value: float) -> str | None:
    """A fraction in hundredths: one digit behind the point, or two or three that keep apart what is not 0 or 100 from
    it; None where these do not."""
    texts = [f"{100 * value:.{digits}f}" for digits in (1, 2, 3)]
    return next((text for text in texts if float(text) not in (0, 100) or value in (0, 1)), None)


@cache
def language_of(code: str) -> Language:
    """The language of that code.

    Raises:
        HilumError: hilum does not speak it.
    """
    if code not in LANGUAGES:
        raise HilumError(
            f"There is no report in the language '{printable(code)}'.",
            expected=f"one of {', '.join(LANGUAGES)}",
            do=nearest(code, list(LANGUAGES)),
        )
    if code == LANGUAGES[0]:
        return Language(code, gettext.NullTranslations())
    place = files("hilum.reports").joinpath(f"translations/{code}/LC_MESSAGES/{_DOMAIN}.mo")
    with place.open("rb") as file:
        return Language(code, gettext.GNUTranslations(file))
