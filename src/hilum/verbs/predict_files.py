"""What `hilum predict` writes beside its answer: a table, and maps; and that nothing of it is written over a film."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hilum.errors import HilumError
from hilum.files import printable, spreadsheet_safe, write_atomically
from hilum.modelfolder.maps import ONE_LOGIT
from hilum.modelfolder.schema import faithfulness_in_words
from hilum.runtime import Answering, FilmAnswer, Predictor, draw_map
from hilum.runtime.mapping import PNG_LEVEL
from hilum.verbs.room import free_name, require_file

if TYPE_CHECKING:
    from hilum.verbs.predict import Predictions


def require_apart(
    inputs: Sequence[Path], films: Sequence[Path], table: Path | None, maps: Path | None, report: Path | None
) -> None:
    """Refuse to write over a film, or maps where they would be taken for films the next time, before any is read.

    Args:
        inputs: as they were named.
        films: found in them.
        table: the CSV file, also refused where it cannot become one.

    Raises:
        HilumError: one of these.
    """
    is_film = {os.path.realpath(path) for path in films}
    for path in filter(None, (table, report)):
        if os.path.realpath(path) in is_film:
            raise HilumError(
                f"'{printable(path)}' is one of the films.", expected="another file to write", do="Name another file."
            )
    if table:
        require_file(table, "table", (".csv",))
    searched = [Path(os.path.realpath(entry)) for entry in inputs if Path(entry).is_dir()]
    if maps and any(Path(os.path.realpath(maps)).is_relative_to(folder) for folder in searched):
        raise HilumError(
            f"The folder '{printable(maps)}' lies among the films, where its maps would be taken for films next time.",
            expected="a folder beside them",
            do="Name another folder with --maps.",
        )


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


def write_maps(folder: Path, answering: Answering, answers: Iterable[FilmAnswer]) -> Iterator[FilmAnswer]:
    """The answers; with each a PNG of its film and map, named after the film. Films of one name get a number.

    Raises:
        HilumError: the model has no map.
    """
    predictor = answering.predictor
    if not answering.has_map:
        raise HilumError(
            f"The model '{printable(predictor.manifest.name)}' has no map of its own: "
            f"{predictor.manifest.activation_map}.",
            expected="a model whose graph gives one",
            do="Leave --maps out, or ask: hilum explain --method gradcam.",
        )
    used, worth = set[str](), faithfulness_in_words(predictor.manifest.faithfulness)
    caption = f"Worth of the map: {worth.partition(':')[0]}"  # without the reasons, which take lines
    for answer in answers:
        if answer.film is not None and answer.evidence is not None:
            picture = draw_map(answer.film.pixels, answer.evidence, None, predictor.geometry, (caption,))
            target = folder / f"{free_name(Path(answer.prediction.path).stem, used)}-map.png"
            write_atomically(target, lambda file, picture=picture: picture.save(file, "PNG", compress_level=PNG_LEVEL))  # type: ignore[misc]
        yield answer


def maps_in_words(predictor: Predictor) -> tuple[str, ...]:
    """How the model's maps are made, how far they may be taken for its reasons, and what they leave out."""
    manifest = predictor.manifest
    return (
        f"Map: {manifest.activation_map}.",
        f"Worth of the map: {faithfulness_in_words(manifest.faithfulness)}.",
        ONE_LOGIT,
    )
