"""hilum predict: films in, calibrated answers out."""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hilum.errors import HilumError
from hilum.files import explained, printable, write_atomically
from hilum.images import IMAGE_SUFFIXES, read_film, to_square
from hilum.modelfolder.card import limits
from hilum.progress import on_stderr, track
from hilum.runtime import Prediction, Predictor, draw_map

if TYPE_CHECKING:
    from rich.console import RenderableType

DEFAULT_OPERATING_POINT = "sensitivity>=0.95"


@dataclass(frozen=True, slots=True)
class Predictions:
    """One row a film, with what is needed to read them."""

    model: str
    model_hash: str
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
    operating_point: str = DEFAULT_OPERATING_POINT,
    csv_file: Path | None = None,
    maps: Path | None = None,
) -> Predictions:
    """Answer for films with a trained model: calibrated probability and decision, one row a film.

    A film that cannot be read is a row with its reason; the others go on, and the exit status is 1.

    Args:
        inputs: Films, folders (searched for films, subfolders too) or patterns such as 'ward/*.png'.
        model: Model folder, or the run that holds one.
        operating_point: Name of the stored threshold that decides.
        csv_file: Also write the rows to this CSV file.
        maps: Also write a PNG with the activation map over each film into this folder.

    Examples:
        hilum predict film.jpeg --model runs/cnn-scratch
        hilum predict ward/ --model runs/cnn-scratch --csv-file answers.csv
        hilum predict film.jpeg --model runs/cnn-scratch --maps maps/ --json
    """
    predictor = Predictor.open(model)
    point = predictor.operating_point(operating_point)
    paths = find_films(inputs)
    rows = tuple(track(on_stderr(), predictor.predict(paths, operating_point), "Films", len(paths)))
    answer = Predictions(
        model=predictor.manifest.name,
        model_hash=predictor.model_hash,
        operating_point=point.name,
        threshold=point.threshold,
        prevalence=predictor.manifest.calibration.prevalence,
        predictions=rows,
        limits=limits(predictor.manifest.population),
    )
    if csv_file:
        write_csv(csv_file, answer)
    if maps:
        write_maps(maps, predictor, paths, rows)
    return answer


def find_films(inputs: Sequence[Path]) -> list[Path]:
    """Every film that the inputs name: files as they are, folders and patterns searched, in natural order.

    Raises:
        HilumError: an input names nothing, or a folder holds no film.
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
    """The rows as CSV. A cell that a spreadsheet would run as a formula gets a quote in front."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["path", "probability", "logit", "decision", "operating_point", "threshold", "problem", "notes"])
    for row in answer.predictions:
        cells = [row.path, row.probability, row.logit, row.decision, answer.operating_point, answer.threshold]
        writer.writerow([_harmless(cell) for cell in [*cells, row.problem, "; ".join(row.notes)]])
    write_atomically(path, lambda file: file.write(text.getvalue().encode("utf-8")))


def write_maps(folder: Path, predictor: Predictor, paths: Sequence[Path], rows: Sequence[Prediction]) -> None:
    """A PNG for each assessed film, named after it; films of one name get a number."""
    used: Counter[str] = Counter()
    for path, row in track(on_stderr(), zip(paths, rows, strict=True), "Maps", len(paths)):
        if row.problem:
            continue
        pixels = read_film(path).pixels
        square = to_square(pixels, predictor.side, predictor.geometry)
        picture = draw_map(pixels, predictor.activation_map(square))
        stem = printable(path.stem)
        used[stem] += 1
        number = f"-{used[stem]}" if used[stem] > 1 else ""
        write_atomically(folder / f"{stem}{number}-map.png", lambda file, picture=picture: picture.save(file, "PNG"))  # type: ignore[misc]


def _films_of(entry: Path) -> list[Path]:
    """The films behind one input; a path that exists is never read as a pattern."""
    with explained(entry, "look at"):
        if entry.is_dir():
            return sorted(path for path in _walk(entry) if path.suffix.lower() in IMAGE_SUFFIXES)
        if entry.exists() or entry.is_symlink():
            return [entry]
    if not any(sign in str(entry) for sign in "*?["):
        raise HilumError(
            f"There is no '{printable(entry)}'.", expected="a file or folder", do="Check the spelling of the path."
        )
    start = Path(entry.anchor) if entry.is_absolute() else Path()
    return sorted(path for path in start.glob(str(entry.relative_to(entry.anchor))) if path.is_file())


def _walk(folder: Path) -> list[Path]:
    """Everything below a folder that is not a folder; links to folders are not followed, so none leads in a circle."""
    return [Path(root, name) for root, _, names in os.walk(folder) for name in names]


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
