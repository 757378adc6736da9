"""Evaluations and rows as a reproduction leaves them, without a trained network."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from hilum.evaluation import Evaluation, PointFigures, held_back
from hilum.metrics import Estimate
from hilum.reproduction.plan import Row
from hilum.reproduction.record import RowRecord, RowResult
from stand_ins import reference_evaluation


def evaluation_of(
    recipe: str,
    protocol: str,
    seed: int,
    error: float,
    *,
    part: str = "",
    created: str = "2025-01-01T00:00:00+00:00",
) -> Evaluation:
    """The reference evaluation as if of another row: its error at 0.5 is set, 0.01 wide to either side."""
    given = reference_evaluation()
    digest = hashlib.sha256(f"{recipe} {protocol} {seed} {created}".encode()).hexdigest()
    model = replace(
        given.model,
        name=recipe,
        recipe=recipe,
        protocol=protocol,
        seed=seed,
        is_leaky=protocol == "random20",
        created=created,
        model_hash=digest,
    )
    part = part or held_back(protocol)
    films = given.films if part == "test" else replace(given.films, part=part, films_hash=digest)
    points = tuple(_with_error(point, error) if point.at.name == "0.5" else point for point in given.points)
    return replace(given, model=model, films=films, points=points, made=replace(given.made, created=created))


def result_of(row: Row, error: float | None = None, **changes: object) -> RowResult:
    """A row that is done with that error, or one without figures."""
    record = RowRecord(row.name, row.recipe, row.protocol, row.seed, epochs=8)
    if error is None:
        return RowResult(replace(record, **changes))  # type: ignore[arg-type]
    done = replace(record, state="done", begun=1, ended=1, seconds=930.0, peak_memory_bytes=1_400_000_000)
    return RowResult(replace(done, **changes), evaluation_of(row.recipe, row.protocol, row.seed, error))  # type: ignore[arg-type]


def _with_error(point: PointFigures, error: float) -> PointFigures:
    return replace(point, accuracy=Estimate(1 - error, 1 - error - 0.01, 1 - error + 0.01, "set"))
