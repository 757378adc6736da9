"""hilum watch: a folder that films come into, a folder that their reports appear in."""

from __future__ import annotations

import hashlib
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from hilum.errors import HilumError
from hilum.files import explained, printable
from hilum.interrupts import stop_on_interrupt
from hilum.json_files import as_json
from hilum.progress import on_stderr
from hilum.provenance import Provenance, current
from hilum.reports.film_report import about, report_page, reported
from hilum.reports.language import LANGUAGES, language_of
from hilum.reports.pdf import pdf_of, require_pdf
from hilum.runtime import Answering, FilmAnswer, Predictor
from hilum.runtime.neighbours import SIMILAR
from hilum.site import Site, site_settings
from hilum.verbs.predict import decided_by_site, gathered
from hilum.verbs.room import room_in
from hilum.watching import INDEX, Arrivals, Desk, Outbox, Surroundings

if TYPE_CHECKING:
    from rich.console import RenderableType

ReportKind = Literal["html", "pdf", "none"]

_ANSWER: Final = ".json"
_SLICE_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Watched:
    """What a watch did from its start to its end.

    Attributes:
        folder: that films came into.
        output: that holds the reports.
        model: its name.
        model_hash: of the model and everything in its folder.
        operating_point: that decided.
        answered: films with an answer.
        not_assessed: films that were refused; each has its report.
        unreadable: files that hold no readable film; each has its report.
        already_answered: films that had their report before.
        of_another_name: those of them whose report names another film, the first that came with this very content.
        waiting: films without a report: still coming in, or withheld by the disc.
        passed_over: files that by their names are no films.
        closed: folders that could not be read at the last look.
        is_once: True where the watch was to end when no film waited.
    """

    folder: str
    output: str
    model: str
    model_hash: str
    operating_point: str
    answered: int
    not_assessed: int
    unreadable: int
    already_answered: int
    of_another_name: int
    waiting: int
    passed_over: int
    closed: int
    is_once: bool

    @property
    def exit_status(self) -> int:
        """1 where the watch was to end by itself and a film has no answer; a watch that was stopped did its work."""
        return int(self.is_once and any((self.not_assessed, self.unreadable, self.waiting, self.closed)))

    def __rich__(self) -> RenderableType:
        from rich.text import Text

        lines = [
            f"{self.answered:,} answered, {self.not_assessed:,} not assessed, {self.unreadable:,} unreadable; "
            f"{self.already_answered:,} had their report before.",
            f"Reports    {self.output}",
            f"Model      {self.model} at {self.operating_point}",
        ]
        left = [
            (self.of_another_name, f"Films with the content of another name, which their report bears (see {INDEX})"),
            (self.waiting, "Films without a report, still coming in or withheld by the disc"),
            (self.passed_over, "Files passed over, because by their names they are no films"),
            (self.closed, "Folders that cannot be read"),
        ]
        return Text("\n".join([*lines, *(f"{words}: {count:,}." for count, words in left if count)]))

    def as_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Papers:
    """What is written of each answer.

    Attributes:
        answering: what gives them.
        report: kind of report beside the JSON document.
        language: of the report; the JSON document's is English.
        site_file: the file with the site's settings, where one was read.
        site_decided: the settings of that file that hold here.
    """

    answering: Answering
    report: ReportKind
    language: str
    site_file: Path | None
    site_decided: tuple[str, ...]

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Of the files that each film gets."""
        return (_ANSWER,) if self.report == "none" else (_ANSWER, f".{self.report}")

    @property
    def asked(self) -> str:
        """Twelve hexadecimal digits for all that these files depend on beside the film."""
        stated = self.answering.shift.stated if self.answering.shift else None
        model, point = self.answering.predictor.model_hash, self.answering.point.name
        return hashlib.sha256("\0".join((model, point, repr(stated), self.language)).encode()).hexdigest()[:12]

    def answer(self, source: Path | bytes, name: str) -> FilmAnswer:
        """The answer for a film, with what its report shows."""
        has_report = self.report != "none"
        return self.answering.of(source, name=name, with_map=has_report, similar=SIMILAR if has_report else 0)

    def written(self, answer: FilmAnswer, made: Provenance) -> dict[str, str | bytes]:
        """The text or bytes of each file, by suffix.

        Args:
            answer: of one film.
            made: of what is written.
        """
        said = gathered(
            self.answering, [answer.prediction], site_file=self.site_file, site_decided=self.site_decided
        ).as_json()
        said["predictions"] = [row | {"sha256": answer.sha256} for row in said["predictions"]]
        files: dict[str, str | bytes] = {_ANSWER: as_json(said | {"made": asdict(made)})}
        if self.report != "none":
            model = about(self.answering, made)
            page = report_page(model, [reported(answer, model)], self.language)
            files[f".{self.report}"] = pdf_of(page) if self.report == "pdf" else page
        return files


def watch(
    folder: Path,
    output: Path,
    *,
    model: Path,
    report: ReportKind = "html",
    language: str | None = None,
    operating_point: str | None = None,
    prevalence: float | None = None,
    site: Path | None = None,
    settle: float = 4.0,
    once: bool = False,
) -> Watched:
    """Answer every film that comes into a folder, with a report and a JSON file each, until it is stopped.

    A film is taken when it is complete: its size and time have stayed the same for some seconds, or it was renamed
    from a name that is no film's. Films are only read. What is written is named by the film's content, so that a film
    that comes twice, and a watch that was killed, leave one report. A film that cannot be read or assessed has its
    report too, with the reason. Ctrl-C and SIGTERM let the film at hand be finished.

    Args:
        folder: Folder that films come into, subfolders too.
        output: Folder that gets the reports; not the first one or one inside it.
        model: Model folder, or the run that holds one.
        report: Kind of report beside the JSON file of each film.
        language: Of the report, en or fr; the site's, or en, if not given.
        operating_point: Name of the stored threshold that decides; the site's, or sensitivity>=0.95, if not given.
        prevalence: Share of films with pneumonia where these come from, 0 to 1; probabilities are given for it too.
        site: File hilum.toml with the site's settings, or its folder; searched from here upwards if not given.
        settle: Seconds for which a film's size and time must stay the same.
        once: End when every film that has come has its report.

    Examples:
        hilum watch incoming/ reports/ --model runs/cnn-scratch
        hilum watch incoming/ reports/ --model runs/cnn-scratch --report pdf --language fr
        hilum watch incoming/ reports/ --model runs/cnn-scratch --once --settle 1
    """
    _require_places(folder, output, settle)
    if report == "pdf":
        require_pdf()
    settings = site_settings(site)
    answering = Answering.at_site(Predictor.open(model), settings, operating_point, prevalence)
    _ = answering.predictor.engine  # a damaged model is refused now, not taken for trouble of the disc with each film
    papers = Papers(
        answering,
        report,
        _language(report, language, settings),
        settings.path,
        decided_by_site(settings, operating_point, prevalence, "" if report == "none" else language),
    )
    outbox = Outbox(room_in(output, (), lambda: True, "reports"), papers.asked, papers.suffixes)
    made = current("onnxruntime", "numpy", "pillow")
    with outbox.kept_alone(), _surroundings() as world:
        arrivals = Arrivals(folder, settle)
        desk = Desk(arrivals, outbox, papers.answer, lambda answer: papers.written(answer, _now(made)), world)
        world.say(f"Watching '{printable(folder)}'; reports go to '{printable(output)}'. Ctrl-C ends it.")
        desk.watch(settle, once)
    return _watched(desk, answering, (printable(folder), printable(output)), once)


def _require_places(folder: Path, output: Path, settle: float) -> None:
    with explained(folder, "read"):
        if not folder.is_dir():
            raise HilumError(
                f"'{printable(folder)}' is no folder.",
                expected="the folder that films come into",
                do="Check the spelling of the path.",
            )
        is_inside = output.resolve().is_relative_to(folder.resolve())
    if is_inside:
        raise HilumError(
            f"'{printable(output)}' lies inside the folder that is watched.",
            expected="a folder of its own for the reports, because films' folders are only read",
            do="Name a folder beside the watched one.",
        )
    if not 0 < settle < float("inf"):
        raise HilumError(
            f"Got {settle:g} seconds to settle.",
            expected="more than 0, because a film that is still being written changes meanwhile",
            do="Leave --settle out, or try --settle 4",
        )


def _language(report: ReportKind, asked: str | None, settings: Site) -> str:
    """The language of the reports; English where there are none, so that a site's decides nothing then.

    Raises:
        HilumError: hilum does not speak it, or one is asked for without a report.
    """
    if report == "none":
        if asked is not None:
            raise HilumError(
                f"There is a language ('{printable(asked)}') but no report.",
                expected="a report to write in it",
                do="Ask for one with --report html, or leave --language out.",
            )
        return LANGUAGES[0]
    return language_of(asked if asked is not None else settings.language or LANGUAGES[0]).code


def _now(made: Provenance) -> Provenance:
    return replace(made, created=datetime.now(UTC).isoformat(timespec="seconds"))


@contextmanager
def _surroundings() -> Iterator[Surroundings]:
    """The real clock, signals and standard error."""
    with stop_on_interrupt(signal.SIGTERM) as is_stopped:
        yield Surroundings(time.monotonic, is_stopped, _resting(is_stopped), _say, on_stderr())


def _resting(is_stopped: Callable[[], bool]) -> Callable[[float], None]:
    """Sleep in slices: a signal does not end a sleep by itself."""

    def rest(seconds: float) -> None:
        end_s = time.monotonic() + seconds
        while not is_stopped() and (left_s := end_s - time.monotonic()) > 0:
            time.sleep(min(left_s, _SLICE_S))

    return rest


def _say(line: str) -> None:
    with suppress(OSError):  # a full log disc must not stop the work
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def _watched(desk: Desk, answering: Answering, places: tuple[str, str], is_once: bool) -> Watched:
    return Watched(
        *places,
        model=printable(answering.predictor.manifest.name),
        model_hash=answering.predictor.model_hash,
        operating_point=answering.point.name,
        answered=desk.counts["answered"],
        not_assessed=desk.counts["not assessed"],
        unreadable=desk.counts["unreadable"],
        already_answered=desk.counts["already answered"],
        of_another_name=desk.of_another_name,
        waiting=desk.arrivals.waiting,
        passed_over=desk.arrivals.passed_over,
        closed=desk.arrivals.closed,
        is_once=is_once,
    )
