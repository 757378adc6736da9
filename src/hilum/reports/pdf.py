"""A page of hilum as a PDF, from the same HTML: tagged for screen readers, and nothing is fetched for it."""

from __future__ import annotations

import threading
from functools import cache
from importlib import import_module
from importlib.resources import files
from types import ModuleType
from typing import Any, Final

from hilum.errors import HilumError, missing_extra

_ONE_AT_A_TIME: Final = threading.Lock()
"""The fonts are shared by all documents."""

_VARIANT: Final = "pdf/ua-1"  # ISO 14289-1: headings, tables and the words beside each figure can be read aloud


def require_pdf() -> None:
    """Refuse where no PDF can be written, before anything is made that needs it.

    Raises:
        HilumError: WeasyPrint is not installed, or the system has no Pango.
    """
    _weasyprint()


def pdf_of(page: str) -> bytes:
    """An HTML document as a PDF of A4 pages; same document, same bytes under the same libraries and fonts.

    Args:
        page: complete in itself, as hilum's pages are; whatever it may refer to outside itself is left out.

    Raises:
        HilumError: WeasyPrint is not installed, or the system has no Pango.
    """
    weasyprint = _weasyprint()
    fetcher = weasyprint.urls.URLFetcher(allowed_protocols=["data"])
    style = files("hilum.reports").joinpath("templates/paper.css").read_text("utf-8")
    with _ONE_AT_A_TIME:
        fonts = _fonts()
        on_paper = weasyprint.CSS(string=style, font_config=fonts)
        document = weasyprint.HTML(string=page, url_fetcher=fetcher)
        made: bytes = document.write_pdf(stylesheets=[on_paper], font_config=fonts, pdf_variant=_VARIANT)
    return made


@cache
def _fonts() -> Any:
    """The fonts, once for the process: WeasyPrint would find them for each document anew and Pango never lets go of
    them, 0.3 MB each time, so that a server would grow without end."""
    return import_module("weasyprint.text.fonts").FontConfiguration()


def _weasyprint() -> ModuleType:
    """The library; it opens Pango as it is imported."""
    try:
        return import_module("weasyprint")
    except ImportError as error:
        raise missing_extra("Writing a PDF", "pdf") from error
    except OSError as error:
        raise HilumError(
            f"WeasyPrint, which writes the PDF, found no Pango: {str(error).splitlines()[0]}.",
            expected="Pango, which lays out text and which pip cannot install",
            do="On Debian and Ubuntu run: apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
        ) from error
