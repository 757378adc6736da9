"""The report on films: what a model says of each, in plain words, as one self-contained HTML document."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files as package_files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from hilum.reports.embedded import data_uri, script_hash
from hilum.reports.film_report_about import About, about
from hilum.reports.film_report_card import card, leak, map_worth, rates, technical, whose_prevalence
from hilum.reports.film_report_film import LARGEST_PX, ReportedFilm, picture_px, reported
from hilum.reports.film_report_list import groups, summary, whose_site
from hilum.reports.film_report_words import Words
from hilum.reports.language import LANGUAGES, Language, language_of

__all__ = [
    "LANGUAGES",
    "LARGEST_PX",
    "About",
    "ReportedFilm",
    "about",
    "picture_px",
    "report_page",
    "reported",
]


def report_page(about: About, films: Sequence[ReportedFilm], language: str = "en") -> str:
    """The report as one HTML document that needs nothing else and runs no script.

    Args:
        about: of the model that answered.
        films: one gives its page; of several a list in three groups comes first, then a page a film.
        language: one of `LANGUAGES`.

    Raises:
        HilumError: hilum does not speak that language.
    """
    speaks = language_of(language)
    words, style = Words(about, speaks), _style() + _page_numbers(speaks)
    return (
        _templates(speaks)
        .get_template("film_report.html.j2")
        .render(
            about=about,
            films=films,
            groups=groups(films, words),
            is_one=len(films) == 1,
            has_folders=len({words.folder(film) for film in films}) > 1,
            title=_title(films, words),
            summary=summary(films, words),
            whose_site=whose_site(words),
            words=words,
            language=speaks,
            card=card(words),
            rates=rates(words),
            whose_prevalence=whose_prevalence(words),
            worth=map_worth(words),
            making=technical(words),
            leak=leak(words),
            style=Markup(style),
            style_hash=script_hash(style),
            jpeg=data_uri,
        )
    )


def _title(films: Sequence[ReportedFilm], words: Words) -> str:
    if len(films) == 1:
        return words.language.say("Report on {film}", film=words.name(films[0]))
    return words.language.say_many("Report on {number} chest film", "Report on {number} chest films", len(films))


def _page_numbers(language: Language) -> str:
    """The rule for the foot of each page on paper, in the language of the page."""
    between = language.say("of")
    return f'@page {{ @bottom-right {{ content: counter(page) " {between} " counter(pages); }} }}\n'


@cache
def _style() -> str:
    """All rules of the page; the page allows them by their hash, and nothing else."""
    folder = package_files("hilum.reports").joinpath("templates")
    return "".join(folder.joinpath(name).read_text("utf-8") for name in ("page.css", "dark.css", "film_report.css"))


def _templates(language: Language) -> Environment:
    environment = Environment(
        loader=PackageLoader("hilum.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        extensions=["jinja2.ext.i18n"],
    )
    catalogue = language.catalogue
    environment.install_gettext_callables(catalogue.gettext, catalogue.ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.filters["capitalised"] = lambda text: text[:1].upper() + text[1:]
    return environment
