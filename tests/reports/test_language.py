"""Languages of a report: catalogues that are complete and compiled, numbers and dates as people write them."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

import hilum.reports
from hilum.errors import HilumError
from hilum.reports.language import LANGUAGES, language_of

REPORTS = Path(hilum.reports.__file__).parent
KEYWORDS = {"_": None, "say": None, "say_many": (1, 2), "message": None}
METHODS = [("templates/film_report.html.j2", "jinja2.ext:babel_extract"), ("*.py", "python")]


def catalogue(code: str) -> Catalog:
    with (REPORTS / "translations" / code / "LC_MESSAGES" / "hilum.po").open("rb") as file:
        return read_po(file, locale=code)


def messages(catalogue: Catalog) -> list[Message]:
    return [one for one in catalogue if one.id]


def names(text: str) -> set[str]:
    """What is filled in: {name} and %(name)s."""
    return set(re.findall(r"\{[a-z_]+\}|%\([a-z_]+\)s", text))


def both(one: Message) -> list[tuple[str, str]]:
    """The message and each form of its translation."""
    if isinstance(one.id, str):
        return [(one.id, str(one.string))]
    return [(one.id[-1], text) for text in one.string or ()]


@pytest.mark.parametrize("code", LANGUAGES[1:])
def test_every_message_of_the_report_is_translated_and_none_is_left_over(code: str) -> None:
    found = {
        said[0] if isinstance(said, tuple) else said
        for _, _, said, _, _ in extract_from_dir(REPORTS, METHODS, {}, KEYWORDS, directory_filter=lambda _: True)
    }
    known = {one.id if isinstance(one.id, str) else one.id[0]: one for one in messages(catalogue(code))}
    assert len(found) > 100 and found == set(known)
    assert [one.id for one in known.values() if one.fuzzy or not all(text for _, text in both(one))] == []


@pytest.mark.parametrize("code", LANGUAGES[1:])
def test_compiled_catalogue_is_that_of_the_source(code: str) -> None:
    made = io.BytesIO()
    write_mo(made, catalogue(code))
    stored = (REPORTS / "translations" / code / "LC_MESSAGES" / "hilum.mo").read_bytes()
    assert stored == made.getvalue(), "run: pybabel compile -D hilum -d src/hilum/reports/translations"


@pytest.mark.parametrize("code", LANGUAGES[1:])
def test_translations_fill_in_what_their_message_does(code: str) -> None:
    odd = [pair for one in messages(catalogue(code)) for pair in both(one) if names(pair[0]) != names(pair[1])]
    assert odd == []


def test_french_counts_nothing_as_one_and_english_as_many() -> None:
    one, many = "Report on {number} chest film", "Report on {number} chest films"
    english, french = language_of("en"), language_of("fr")
    said = [english.say_many(one, many, number) for number in (0, 1, 2)]
    assert said == ["Report on 0 chest films", "Report on 1 chest film", "Report on 2 chest films"]
    assert french.say_many(one, many, 0).endswith("0 cliché thoracique")
    assert french.say_many(one, many, 1200).endswith("1\u202f200 clichés thoraciques")


def test_numbers_and_times_are_written_as_the_language_does() -> None:
    french = language_of("fr")
    assert french.number(1234.5, 2) == "1\u202f234,50"
    assert french.percent_range(0.93, 0.968) == "93,0 à 96,8\u202f%"
    assert french.moment("2026-08-01T23:30:00-02:00") == "2 août 2026 à 01\u00a0h\u00a030 UTC"
    assert language_of("en").moment("2026-08-01T23:30:00-02:00") == "2 August 2026, 01:30 UTC"


@pytest.mark.parametrize(
    ("value", "english", "french"),
    [
        (0.9153, "91.5 %", "91,5 %"),
        (0.99971, "99.97 %", "99,97 %"),
        (0.999999, "over 99.9 %", "plus de 99,9 %"),
        (1e-6, "under 0.1 %", "moins de 0,1 %"),
        (0.0, "0.0 %", "0,0 %"),
        (1.0, "100.0 %", "100,0 %"),
    ],
)
def test_share_that_is_not_certain_is_never_written_as_certain(value: float, english: str, french: str) -> None:
    assert language_of("en").percent(value) == english.replace(" %", "\xa0%")
    assert language_of("fr").percent(value) == french.replace(" %", "\u202f%")


def test_ends_of_an_interval_are_never_written_as_certain() -> None:
    assert language_of("en").percent_range(0.97, 1 - 1e-7) == "97.0 to over 99.9\xa0%"
    assert language_of("fr").percent_range(1e-7, 0.02) == "moins de 0,1 à 2,0\u202f%"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0.0004, "0.04"),
        (0.0125, "1.25"),
        (0.9996, "99.96"),
        (0.9875, "98.75"),
        (0.05, "5"),
        (0.95, "95"),
        (0.74312, "74.3"),
        (1e-7, "0.00001"),
        (0.5, "50"),
    ],
)
def test_prevalence_has_the_digits_that_say_something(value: float, told: str) -> None:
    assert language_of("en").prevalence(value) == f"{told}\xa0%"


@pytest.mark.parametrize(
    ("code", "told"), [("fre", "Did you mean 'fr'?"), ("FR", "Choose one of: en, fr"), ("", "one of en, fr")]
)
def test_unknown_language_is_one_sentence(code: str, told: str) -> None:
    with pytest.raises(HilumError, match="no report in the language") as error:
        language_of(code)
    assert told in str(error.value)
