"""hilum reproduce: the five projects, row by row, beside what they published."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hilum.datasets import WORKSPACE, resolve_catalogue
from hilum.errors import TRAINING_HALF, HilumError, require_installed
from hilum.evaluation import read_looks
from hilum.files import explained, printable, write_together
from hilum.interrupts import stop_on_interrupt
from hilum.json_files import as_json
from hilum.progress import on_stderr
from hilum.reports.reproduction import reproduction_page, reproduction_table
from hilum.reports.svg import require_drawing
from hilum.reproduction.child import Interrupted
from hilum.reproduction.plan import SEEDS, Row, chosen_rows
from hilum.reproduction.publish import publish as publish_rows
from hilum.reproduction.record import RowResult, read_result
from hilum.reproduction.row import Means, RowFolder, look, run_row

if TYPE_CHECKING:
    from rich.console import RenderableType

_PAGE: Final = "index.html"
_JSON: Final = "rows.json"


@dataclass(frozen=True, slots=True)
class Reproduction:
    """Every row with its figures or where it stands, and the page."""

    rows: tuple[RowResult, ...]
    page: Path
    json: Path
    published: tuple[Path, ...]
    note: str

    @property
    def exit_status(self) -> int:
        """1 where a row failed."""
        return int(any(one.record.state in ("failed", "stale") for one in self.rows))

    def __rich__(self) -> RenderableType:
        return reproduction_table(self.rows, self.page, self.note)

    def as_json(self) -> dict[str, Any]:
        """Rows with their evaluations as JSON values, with the paths of the files."""
        return {
            "rows": [one.as_json() for one in self.rows],
            "files": {"page": printable(self.page), "json": printable(self.json)},
            "published": [printable(path) for path in self.published],
            "note": self.note,
        }


def reproduce(
    data: Path,
    *,
    weights: Path | None = None,
    only: Sequence[str] = (),
    protocol: Sequence[str] = (),
    seeds: Sequence[int] = SEEDS,
    minutes: float | None = None,
    output: Path = Path("runs/reproduce"),
    publish: Path | None = None,
    set_: Sequence[str] = (),
    device: str = "auto",
    threads: int = 0,
    workers: int = -1,
    workspace: Path = WORKSPACE,
) -> Reproduction:
    """Run the five published projects on your data, row by row, and set them beside the published figures.

    A row is a recipe under a protocol with a seed. Finished rows are not run again and their test films not looked at
    again; a row that was stopped goes on where it was. Ctrl-C saves. Nothing is estimated: a row without figures says
    where it stands. random20 leaks, and says so wherever it is shown.

    Args:
        data: Folder of class folders, or a catalogue file.
        weights: Folder of safetensors files with ImageNet weights; else the Hub.
        only: Rows of this recipe, or the row of this name; may be given several times.
        protocol: Rows under this protocol: official, block, random20, grouped20; may be given several times.
        seeds: Seeds of the rows under random20 and grouped20; may be given several times.
        minutes: Stop after so many minutes, at the next state that can be gone on from; 0 shows what there is.
        output: Folder of the rows, of index.html and of rows.json.
        publish: Copy what is done to this folder, from which `make results` makes its page: docs/results.
        set_: Change a key of every recipe, for a trial; may be given several times.
        device: auto, cpu, cuda, cuda:N or mps.
        threads: Threads of torch; 0 takes every usable core.
        workers: Processes that augment films; -1 chooses.
        workspace: Folder of catalogues and pixel caches.

    Examples:
        hilum reproduce data/chest_xray --weights weights/
        hilum reproduce data/chest_xray --weights weights/ --minutes 60
        hilum reproduce data/chest_xray --only best --protocol official
        hilum reproduce data/chest_xray --minutes 0 --publish docs/results
    """
    rows = chosen_rows(only, protocol, seeds)
    means = Means(data, weights, tuple(set_), options_of(device, threads, workers), workspace)
    is_over = timer(minutes)
    _require_sense(rows, means, publish)
    require_installed(TRAINING_HALF, "Training", "train")
    require_drawing()
    with explained(data, "read"):
        data.stat()
    with stop_on_interrupt() as is_interrupted:
        for number, row in enumerate(rows, start=1):
            if is_interrupted() or is_over():
                break
            _say(f"Row {number} of {len(rows)}: {row.name}")
            run_row(row, RowFolder(output / row.name), means, lambda: is_interrupted() or is_over(), on_stderr())
        results = tuple(_result(row, output, means) for row in rows)
        page, json = output / _PAGE, output / _JSON
        write_together(
            {
                page: reproduction_page(means.data_name, results),
                json: as_json([one.as_json() for one in results]),
            }
        )
        published = _publish(publish, results, means) if publish else ()
        if is_interrupted():
            raise _stopped(results)
    return Reproduction(results, page, json, published, _note(results, minutes))


def options_of(device: str, threads: int, workers: int) -> tuple[str, ...]:
    """The words of `hilum train` for what is not as usual."""
    words: list[str] = []
    words += ["--device", device] if device != "auto" else []
    words += ["--threads", str(threads)] if threads else []
    words += ["--workers", str(workers)] if workers >= 0 else []
    return tuple(words)


def _require_sense(rows: Sequence[Row], means: Means, publish: Path | None) -> None:
    """Refuse, before any row is run, a change that no recipe takes, and weights that are not there."""
    if means.changes and publish:
        raise HilumError(
            "Got both --set and --publish.",
            expected="the recipes as they are: a trial with changed ones is no result of the project",
            do="Leave one of them out.",
        )
    for row in rows:
        row.plan(means.changes)
    if means.weights is not None:
        with explained(means.weights, "read"):
            means.weights.stat()


def timer(minutes: float | None) -> Callable[[], bool]:
    """A question whether the time is up.

    Raises:
        HilumError: a time below zero.
    """
    if minutes is None:
        return lambda: False
    if not minutes >= 0:
        raise HilumError(f"Got {minutes} minutes.", expected="0 or more", do="0 shows what there is.")
    end = time.monotonic() + 60 * minutes
    return lambda: time.monotonic() >= end


def _result(row: Row, output: Path, means: Means) -> RowResult:
    folder = RowFolder(output / row.name)
    return read_result(look(row, folder, means), folder.evaluation)


def _publish(directory: Path, results: Sequence[RowResult], means: Means) -> tuple[Path, ...]:
    _, place = resolve_catalogue(means.data, means.workspace, on_stderr())
    return publish_rows(directory, results, read_looks(place)[0])


def _note(results: Sequence[RowResult], minutes: float | None) -> str:
    """How many rows are done, and how to go on."""
    done = sum(one.record.state == "done" for one in results)
    left = [one.record for one in results if one.record.state in ("running", "not begun")]
    note = f"{done} of {len(results)} rows done."
    if not left:
        return note
    why = " The time is up." if minutes else ""
    return f"{note}{why} Run the same command again to go on with '{left[0].name}'."


def _stopped(results: Sequence[RowResult]) -> Interrupted:
    done = sum(one.record.state == "done" for one in results)
    return Interrupted(
        f"Stopped by Ctrl-C with {done} of {len(results)} rows done; what was begun is saved.",
        expected="all rows to end",
        do="Run the same command again to go on.",
    )


def _say(line: str) -> None:
    """Announce a row; the commands it runs show their own progress."""
    sys.stderr.write(f"\n{line}\n")
    sys.stderr.flush()
