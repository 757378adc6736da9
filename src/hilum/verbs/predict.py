"""hilum predict: films in, calibrated answers out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hilum.errors import HilumError
from hilum.files import explained, printable
from hilum.images import IMAGE_SUFFIXES
from hilum.images.walk import is_film, walk
from hilum.progress import on_stderr, track
from hilum.runtime import Answering, Prediction, Predictor
from hilum.runtime.neighbours import SIMILAR
from hilum.site import LANGUAGES, Site, site_settings
from hilum.verbs.predict_files import maps_in_words, require_apart, write_csv, write_maps

if TYPE_CHECKING:
    from rich.console import RenderableType

    from hilum.verbs.film_report_file import ReportFile


@dataclass(frozen=True, slots=True)
class Predictions:
    """One row a film, with what is needed to read them.

    Args:
        prevalence: share of pneumonia among the films that calibrated the model.
        site_prevalence: that of the site, where one is stated; each row then has its probability too.
        site_threshold: the threshold on that probability, which makes the same decisions.
        site_file: the file with the site's settings, which may hold without being named; None for none.
        site_decided: the settings of that file that hold here; what the command line gave is not among them.
        maps: what is to be said of the maps that were drawn; empty where none were.
        written: report, table and folder of maps, where they were asked for.
    """

    model: str
    model_hash: str
    is_leaky: bool
    operating_point: str
    threshold: float
    prevalence: float
    site_prevalence: float | None
    site_threshold: float | None
    predictions: tuple[Prediction, ...]
    limits: tuple[str, ...]
    site_file: str | None = None
    site_decided: tuple[str, ...] = ()
    maps: tuple[str, ...] = ()
    written: tuple[str, ...] = ()

    @property
    def exit_status(self) -> int:
        """1 where a film was not assessed or could not be read."""
        return int(any(row.problem for row in self.predictions))

    def __rich__(self) -> RenderableType:
        from hilum.verbs.tables import predictions_table

        return predictions_table(self)

    def as_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return asdict(self)


def predict(
    inputs: Sequence[Path],
    *,
    model: Path,
    operating_point: str | None = None,
    prevalence: float | None = None,
    site: Path | None = None,
    csv_: Path | None = None,
    maps: Path | None = None,
    report: Path | None = None,
    language: str | None = None,
) -> Predictions:
    """Answer for films with a trained model: calibrated probability and decision, one row a film.

    A film that cannot be read, or that is no chest film, is a row with its reason; the others go on, and the exit
    status is 1. A film unlike the training films is answered with a warning. Where a film leaves both answers open,
    or none, the model does not know, and says so.

    Args:
        inputs: Films, folders (searched for films, subfolders too) or patterns such as 'ward/*.png'.
        model: Model folder, or the run that holds one.
        operating_point: Name of the stored threshold that decides; the site's, or sensitivity>=0.95, if not given.
        prevalence: Share of films with pneumonia where these come from, 0 to 1; probabilities are given for it too.
        site: File hilum.toml with the site's settings, or its folder; searched from here upwards if not given.
        csv_: Also write the rows to this CSV file.
        maps: Also write a PNG with the activation map over each film into this folder.
        report: Also write a report for people to this file, ending in .html or .pdf: a page a film.
        language: Of the report, en or fr; the site's, or en, if not given.

    Examples:
        hilum predict film.jpeg --model runs/cnn-scratch
        hilum predict ward/ --model runs/cnn-scratch --csv answers.csv
        hilum predict film.jpeg --model runs/cnn-scratch --maps maps/ --json
        hilum predict ward/ --model runs/cnn-scratch --prevalence 0.05
        hilum predict film.jpeg --model runs/cnn-scratch --report film.pdf --language fr
    """
    settings = site_settings(site)
    predictor = Predictor.open(model)
    answering = Answering.at_site(predictor, settings, operating_point, prevalence)
    paths = find_films(inputs)
    require_apart(inputs, paths, csv_, maps, report)
    paper = _report_file(report, answering, language, settings, len(paths))
    answers = (answering.of(path, with_map=bool(maps or paper), similar=SIMILAR if paper else 0) for path in paths)
    drawn = write_maps(maps, answering, answers) if maps else answers
    kept = paper.kept(drawn) if paper else drawn
    rows = tuple(one.prediction for one in track(on_stderr(), kept, "Films", len(paths)))
    answer = gathered(
        answering,
        rows,
        site_file=settings.path,
        site_decided=decided_by_site(settings, operating_point, prevalence, language if report else ""),
        maps=maps_in_words(predictor) if maps else (),
        written=tuple(printable(path) for path in (report, csv_, maps) if path),
    )
    if paper:
        paper.write()
    if csv_:
        write_csv(csv_, answer)
    return answer


def gathered(
    answering: Answering,
    rows: Sequence[Prediction],
    *,
    site_file: Path | None = None,
    site_decided: tuple[str, ...] = (),
    maps: tuple[str, ...] = (),
    written: tuple[str, ...] = (),
) -> Predictions:
    """The answers with what is needed to read them: what `hilum predict --json` prints, and REST sends.

    Args:
        answering: what gave them.
        rows: one a film.
        site_file: the file with the site's settings, where one was read.
        site_decided: the settings of that file that hold here.
        maps: what is to be said of the maps that were drawn.
        written: files and folders that were written beside.
    """
    predictor, point, shift = answering.predictor, answering.point, answering.shift
    return Predictions(
        model=predictor.manifest.name,
        model_hash=predictor.model_hash,
        is_leaky=predictor.manifest.training.is_leaky,
        operating_point=point.name,
        threshold=point.threshold,
        prevalence=predictor.manifest.calibration.prevalence,
        site_prevalence=shift.stated if shift else None,
        site_threshold=shift.threshold(point.threshold) if shift else None,
        predictions=tuple(rows),
        limits=answering.limits,
        site_file=printable(site_file) if site_file else None,
        site_decided=site_decided,
        maps=maps,
        written=written,
    )


def find_films(inputs: Sequence[Path]) -> list[Path]:
    """Every film that the inputs name: files as they are, folders and patterns searched, sorted by path.

    Raises:
        HilumError: an input names nothing, or a folder holds no film or cannot be searched.
    """
    films: list[Path] = []
    for entry in inputs:
        found = _films_of(Path(entry))
        if not found:
            raise HilumError(
                f"'{printable(entry)}' names no film.",
                expected=f"a file, or a folder or pattern with files ending in {', '.join(sorted(IMAGE_SUFFIXES))}",
                do="Check the spelling of the path.",
            )
        films += found
    return list(dict.fromkeys(films))


def decided_by_site(
    settings: Site, operating_point: str | None, prevalence: float | None, language: str | None = ""
) -> tuple[str, ...]:
    """The names of the site's settings that nothing on the command line goes before.

    Args:
        settings: of the site.
        operating_point: as given on the command line; None for not given.
        prevalence: likewise.
        language: likewise; "" where no report is written, so that it says nothing.
    """
    by_site = {
        "prevalence": prevalence is None and settings.prevalence is not None,
        "operating_point": not operating_point and bool(settings.operating_point),
        "language": language is None and bool(settings.language),
    }
    return tuple(name for name, holds in by_site.items() if holds)


def _report_file(
    path: Path | None, answering: Answering, language: str | None, settings: Site, films: int
) -> ReportFile | None:
    """The report that is asked for; what it is made with is imported only then.

    Raises:
        HilumError: it cannot be written, or a language is asked for without it.
    """
    if path is None:
        if language is not None:
            raise HilumError(
                f"There is a language ('{printable(language)}') but no report.",
                expected="a report to write in it",
                do="Name one with --report report.html, or leave --language out.",
            )
        return None
    from hilum.verbs.film_report_file import ReportFile

    chosen = language if language is not None else settings.language or LANGUAGES[0]
    return ReportFile(path, answering, chosen, films)


def _films_of(entry: Path) -> list[Path]:
    """The films behind one input; a path that exists is never read as a pattern."""
    with explained(entry, "read"):
        if entry.is_dir():
            return sorted(filter(is_film, walk(entry).files))
        if entry.exists() or entry.is_symlink():
            return [entry]
    if not any(sign in str(entry) for sign in "*?["):
        raise HilumError(
            f"There is no '{printable(entry)}'.", expected="a file or folder", do="Check the spelling of the path."
        )
    start = Path(entry.anchor) if entry.is_absolute() else Path()
    try:
        found = start.glob(str(entry.relative_to(entry.anchor)))
        return sorted(path for path in found if not path.is_dir() and not path.name.startswith("."))
    except ValueError:  # such as 'ward/**x', which has no meaning
        return []
