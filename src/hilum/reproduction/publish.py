"""Finished rows as results of the project: their evaluations, a line a row, and every look that was ever taken."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from hilum.errors import HilumError
from hilum.evaluation import Evaluation, Look, read_evaluation
from hilum.files import explained, printable, write_together
from hilum.json_files import as_json, read_json
from hilum.reproduction.record import RowRecord, RowResult, parse_record

ROWS: Final = Path("beside") / "rows.json"
LOOKS: Final = Path("beside") / "looks.json"


def publish(directory: Path, results: Sequence[RowResult], looks: Iterable[Look]) -> tuple[Path, ...]:
    """Write what `make results` reads; the files of finished rows come back.

    Rows published before and not among `results` stay. So does every look at the official test films: an evaluation
    that another takes the place of leaves its look behind.

    Args:
        directory: such as docs/results.
        results: rows of this reproduction, whatever their state; trials with a changed recipe are refused.
        looks: as counted beside the catalogue.

    Raises:
        HilumError: a row is a trial, or a file cannot be read or written.
    """
    if trials := [one.record for one in results if one.record.changes]:
        raise HilumError(
            f"The row '{trials[0].name}' was made with a changed recipe ({' '.join(trials[0].changes)}).",
            expected="rows as the recipes have them",
            do="Leave --publish out, or --set.",
        )
    done = {one.record.name: _portable(one.evaluation) for one in results if one.evaluation is not None}
    records = {record.name: record for record in published_rows(directory)} | {
        one.record.name: one.record for one in results
    }
    files = {directory / f"{name}.json": evaluation for name, evaluation in done.items()}
    seen = _official(looks, done.values()) + _replaced(files)
    known = {(look.time, look.model_hash): look for look in (*published_looks(directory), *seen)}
    write_together(
        {
            **{path: as_json(evaluation.as_json()) for path, evaluation in files.items()},
            directory / ROWS: as_json([asdict(record) for record in records.values()]),
            directory / LOOKS: as_json(
                [asdict(replace(known[key], command=portable_command(known[key].command))) for key in sorted(known)]
            ),
        }
    )
    return tuple(files)


def portable_command(command: str) -> str:
    """A command as others type it: the folders above a path of this machine mean nothing to them.

    >>> portable_command("__main__.py train best /mnt/films/kermany-224 --weights weights")
    'hilum train best kermany-224 --weights weights'
    """
    program, *words = shlex.split(command) or [""]
    words = [Path(word).name if Path(word).is_absolute() else word for word in words]
    return shlex.join(["hilum" if program == "__main__.py" else program, *words])


def _portable(evaluation: Evaluation) -> Evaluation:
    model = replace(evaluation.model, command=portable_command(evaluation.model.command))
    return replace(
        evaluation, model=model, made=replace(evaluation.made, command=portable_command(evaluation.made.command))
    )


def published_rows(directory: Path) -> list[RowRecord]:
    """The rows of the results in `directory`, in the order in which they were published; none without a list."""
    return [parse_record(values, directory / ROWS) for values in _list(directory / ROWS)]


def published_looks(directory: Path) -> list[Look]:
    """The looks at the official test films that stand beside the results."""
    try:
        return [Look(**values) for values in _list(directory / LOOKS)]
    except TypeError as error:
        raise HilumError(
            f"'{printable(directory / LOOKS)}' is no list of looks: {error}.",
            expected="looks as hilum wrote them",
            do="Restore the file.",
        ) from error


def _official(looks: Iterable[Look], evaluations: Iterable[Evaluation]) -> list[Look]:
    """The looks at the very test films on which a finished row was judged."""
    films = {one.films.films_hash for one in evaluations if one.films.part == "test"}
    return [look for look in looks if look.films_hash in films]


def _replaced(files: dict[Path, Evaluation]) -> list[Look]:
    """The looks of evaluations of test films that are about to be replaced by others of another model."""
    found = []
    for path, evaluation in files.items():
        with explained(path, "read"):
            is_there = path.exists()
        earlier = read_evaluation(path) if is_there else evaluation
        if earlier.model.model_hash != evaluation.model.model_hash and earlier.films.part == "test":
            found.append(look_of(earlier))
    return found


def look_of(evaluation: Evaluation) -> Look:
    """The look that an evaluation was."""
    films, model, made = evaluation.films, evaluation.model, evaluation.made
    return Look(
        time=made.created,
        model=model.name,
        model_hash=model.model_hash,
        recipe=model.recipe,
        part=films.part,
        films=films.every.films,
        films_hash=films.films_hash,
        command=made.command,
    )


def _list(path: Path) -> list[dict[str, Any]]:
    with explained(path, "read"):
        if not path.exists():
            return []
    values = read_json(path)
    if not isinstance(values, list):
        raise HilumError(f"'{printable(path)}' is no JSON list.", expected="a list", do="Restore the file.")
    return values
