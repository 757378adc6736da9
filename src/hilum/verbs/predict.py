"""hilum predict: films in, calibrated answers out."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hilum.errors import HilumError
from hilum.files import explained, printable, spreadsheet_safe, write_atomically
from hilum.images import IMAGE_SUFFIXES, read_film, to_square
from hilum.images.walk import is_film, walk
from hilum.metrics import PRIMARY
from hilum.modelfolder.card import limits
from hilum.progress import on_stderr, track
from hilum.runtime import Prediction, Predictor, draw_map

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True, slots=True)
class Predictions:
    """One row a film, with what is needed to read them."""

    model: str
    model_hash: str
    is_leaky: bool
    operating_point: str
    threshold: float
    prevalence: float
    predictions: tuple[Prediction, ...]
    limits: tuple[str, ...]

    @property
    def exit_status(self) -> int:
        """1 where a film was not assessed."""
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
    operating_point: str = PRIMARY,
    csv_: Path | None = None,
    maps: Path | None = None,
) -> Predictions:
    """Answer for films with a trained model: calibrated probability and decision, one row a film.

    A film that cannot be read is a row with its reason; the others go on, and the exit status is 1.

    Args:
        inputs: Films, folders (searched for films, subfolders too) or patterns such as 'ward/*.png'.
        model: Model folder, or the run that holds one.
        operating_point: Name of the stored threshold that decides.
        csv_: Also write the rows to this CSV file.
        maps: Also write a PNG with the activation map over each film into this folder.

    Examples:
        hilum predict film.jpeg --model runs/cnn-scratch
        hilum predict ward/ --model runs/cnn-scratch --csv answers.csv
        hilum predict film.jpeg --model runs/cnn-scratch --maps maps/ --json
    """
    predictor = Predictor.open(model)
    point = predictor.operating_point(operating_point)
    paths = find_films(inputs)
    rows = tuple(track(on_stderr(), predictor.predict(paths, operating_point), "Films", len(paths)))
    answer = Predictions(
        model=predictor.manifest.name,
        model_hash=predictor.model_hash,
        is_leaky=predictor.manifest.training.is_leaky,
        operating_point=point.name,
        threshold=point.threshold,
        prevalence=predictor.manifest.calibration.prevalence,
        predictions=rows,
        limits=limits(predictor.manifest),
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
    columns = ["path", "probability", "logit", "decision", "operating_point", "threshold", "model", "problem", "notes"]
    writer.writerow(columns)
    model = f"{answer.model} (leaky)" if answer.is_leaky else answer.model
    for row in answer.predictions:
        cells = [row.path, row.probability, row.logit, row.decision, answer.operating_point, answer.threshold, model]
        writer.writerow([spreadsheet_safe(cell) for cell in [*cells, row.problem, "; ".join(row.notes)]])
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
