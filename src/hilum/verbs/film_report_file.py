"""The report of a command as a file: tried before any film is looked at, written when all have an answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from hilum.files import write_atomically
from hilum.provenance import current
from hilum.reports.film_report import ReportedFilm, about, picture_px, report_page, reported
from hilum.reports.language import language_of
from hilum.reports.pdf import pdf_of, require_pdf
from hilum.runtime import Answering, FilmAnswer
from hilum.verbs.room import require_file

SUFFIXES: Final = (".html", ".pdf")


class ReportFile:
    """A report that grows with the answers; of each film it keeps small pictures only.

    Args:
        path: of the file; its ending says whether it becomes HTML or PDF.
        answering: what answers.
        language: of the report.
        films: how many will be answered for; the more there are, the smaller are their pictures.

    Raises:
        HilumError: see `require_report`.
    """

    def __init__(self, path: Path, answering: Answering, language: str, films: int) -> None:
        require_report(path, language)
        self._path, self._language = path, language
        self._about = about(answering, current("numpy", "onnxruntime", "pillow"))
        self._most_px = picture_px(films)
        self._films: list[ReportedFilm] = []

    def kept(self, answers: Iterable[FilmAnswer]) -> Iterator[FilmAnswer]:
        """The same answers, each kept for the report as it passes."""
        for answer in answers:
            self._films.append(reported(answer, self._about, self._most_px))
            yield answer

    def write(self) -> None:
        """Write the report on the answers that have passed.

        Raises:
            HilumError: the disc takes no file.
        """
        write_report(self._path, report_page(self._about, self._films, self._language))


def require_report(path: Path, language: str) -> None:
    """Refuse what cannot become a report, before any film is looked at.

    Raises:
        HilumError: hilum does not speak that language, the name ends otherwise than in .html or .pdf, the folder takes
            no file, or what writes a PDF is not installed.
    """
    language_of(language)
    require_file(path, "report", SUFFIXES)
    if path.suffix.lower() == ".pdf":
        require_pdf()


def write_report(path: Path, page: str) -> None:
    """The page as it is, or as a PDF where the name ends so; all or nothing.

    Raises:
        HilumError: the disc takes no file, or what writes a PDF is not installed.
    """
    content = pdf_of(page) if path.suffix.lower() == ".pdf" else page.encode("utf-8")
    write_atomically(path, lambda file: file.write(content))
