"""hilum predict: films in, calibrated answers out."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hilum.errors import HilumError
from hilum.files import explained, printable, spreadsheet_safe, write_atomically
from hilum.images import IMAGE_SUFFIXES, read_film, to_square
from hilum.images.walk import is_film, walk
from hilum.metrics import PRIMARY, PlattScaling, log_odds
from hilum.modelfolder.card import limits
from hilum.progress import on_stderr, track
from hilum.runtime import NO_GATE, Prediction, Predictor, draw_map
from hilum.site import PrevalenceShift, Site, site_settings

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True, slots=True)
class Predictions:
    """One row a film, with what is needed to read them.

    Args:
        prevalence: share of pneumonia among the films that calibrated the model.
        site_prevalence: that of the site, where one is stated; each row then has its probability too.
        site_threshold: the threshold on that probability, which makes the same decisions.
        site_file: the file with the site's settings, which may hold without being named; None for none.
        site_decided: the settings of that file that hold here; what the command line gave is not among them.
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

    Examples:
        hilum predict film.jpeg --model runs/cnn-scratch
        hilum predict ward/ --model runs/cnn-scratch --csv answers.csv
        hilum predict film.jpeg --model runs/cnn-scratch --maps maps/ --json
        hilum predict ward/ --model runs/cnn-scratch --prevalence 0.05
    """
    settings = site_settings(site)
    predictor = Predictor.open(model)
    point = predictor.operating_point(operating_point or settings.operating_point or PRIMARY)
    shift = _shift(predictor, settings.prevalence if prevalence is None else prevalence)
    paths = find_films(inputs)
    answers = track(on_stderr(), predictor.predict(paths, point.name), "Films", len(paths))
    rows = tuple(_at_site(row, predictor, shift) for row in answers)
    answer = Predictions(
        model=predictor.manifest.name,
        model_hash=predictor.model_hash,
        is_leaky=predictor.manifest.training.is_leaky,
        operating_point=point.name,
        threshold=point.threshold,
        prevalence=predictor.manifest.calibration.prevalence,
        site_prevalence=shift.stated if shift else None,
        site_threshold=shift.threshold(point.threshold) if shift else None,
        predictions=rows,
        limits=(*limits(predictor.manifest), *([] if predictor.manifest.gate else [NO_GATE])),
        site_file=printable(settings.path) if settings.path else None,
        site_decided=_decided(settings, operating_point, prevalence),
    )
    if csv_:
        write_csv(csv_, answer)
    if maps:
        write_maps(maps, predictor, paths, rows)
    return answer


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


def write_csv(path: Path, answer: Predictions) -> None:
    """The rows as CSV; the name of a model that was trained under a leaky protocol says so in every line."""
    text = io.StringIO()
    writer = csv.writer(text)
    columns = ["path", "status", "probability", "site_probability", "logit", "decision", "answers", "operating_point"]
    columns += ["threshold", "model", "distance", "warning", "problem", "notes"]
    writer.writerow(columns)
    model = f"{answer.model} (leaky)" if answer.is_leaky else answer.model
    for row in answer.predictions:
        said = [row.path, row.status, row.probability, row.site_probability, row.logit, row.decision, row.answer_set]
        cells = [*said, answer.operating_point, answer.threshold, model, row.distance, row.warning, row.problem]
        writer.writerow([spreadsheet_safe(cell) for cell in [*cells, "; ".join(row.notes)]])
    write_atomically(path, lambda file: file.write(text.getvalue().encode("utf-8")))


def write_maps(folder: Path, predictor: Predictor, paths: Sequence[Path], rows: Sequence[Prediction]) -> None:
    """A PNG for each assessed film, named after it; films of one name get a number."""
    used = set[str]()
    for path, row in track(on_stderr(), zip(paths, rows, strict=True), "Maps", len(paths)):
        if row.problem:
            continue
        pixels = read_film(path).pixels
        square = to_square(pixels, predictor.side, predictor.geometry)
        picture = draw_map(pixels, predictor.activation_map(square))
        target = folder / f"{_unused(printable(path.stem), used)}-map.png"
        write_atomically(target, lambda file, picture=picture: picture.save(file, "PNG"))  # type: ignore[misc]


def _decided(settings: Site, operating_point: str | None, prevalence: float | None) -> tuple[str, ...]:
    """The names of the site's settings that nothing on the command line goes before."""
    by_site = {
        "prevalence": prevalence is None and settings.prevalence is not None,
        "operating_point": not operating_point and bool(settings.operating_point),
    }
    return tuple(name for name, holds in by_site.items() if holds)


def _shift(predictor: Predictor, prevalence: float | None) -> PrevalenceShift | None:
    """From the model's prevalence to the stated one; None where none is stated."""
    if prevalence is None:
        return None
    log_odds(prevalence)  # refuses what is no prevalence, before any film is read
    return PrevalenceShift(predictor.manifest.calibration.prevalence, prevalence)


def _at_site(row: Prediction, predictor: Predictor, shift: PrevalenceShift | None) -> Prediction:
    """The row with its probability at the site's prevalence, where one is stated."""
    if shift is None or row.logit is None:
        return row
    calibration = predictor.manifest.calibration
    calibrated = PlattScaling(calibration.slope, calibration.intercept).logit(row.logit)
    return replace(row, site_probability=float(shift.probability(calibrated)))


def _unused(stem: str, used: set[str]) -> str:
    """The stem, or the first of stem-2, stem-3, ... that is free; `used` takes it up."""
    names = chain([stem], (f"{stem}-{number}" for number in count(2)))
    # Without regard to case, as some discs tell names apart.
    name = next(name for name in names if name.lower() not in used)
    used.add(name.lower())
    return name


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
