"""hilum compare: judged runs in, who is better on the same films out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hilum import provenance
from hilum.errors import HilumError
from hilum.evaluation.compare import compare_runs
from hilum.evaluation.comparison import MARGIN, CompareSettings, Comparison, read_comparison
from hilum.evaluation.runs import read_runs
from hilum.files import printable, write_together
from hilum.json_files import as_json
from hilum.metrics import DRAWS, PRIMARY
from hilum.reports.comparison import comparison_page, comparison_table
from hilum.verbs.room import room_in

if TYPE_CHECKING:
    from rich.console import RenderableType

_PAGE: Final = "index.html"
_JSON: Final = "comparison.json"


@dataclass(frozen=True, slots=True)
class Compared:
    """The comparison, and where it was written."""

    comparison: Comparison
    page: Path
    json: Path

    def __rich__(self) -> RenderableType:
        return comparison_table(self.comparison, self.page)

    def as_json(self) -> dict[str, Any]:
        """The comparison as JSON values, with the paths of its files."""
        return {
            "comparison": self.comparison.as_json(),
            "files": {"page": printable(self.page), "json": printable(self.json)},
        }


def compare(
    runs: Sequence[Path],
    *,
    seeds: bool = False,
    against_first: bool = False,
    operating_point: str = PRIMARY,
    margin: float = MARGIN,
    output: Path | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Compared:
    """Say which of several judged models is better on the same films, or how many patients it would take to tell.

    Paired over patients: AUROC by placement values, sensitivity and specificity by McNemar's test, differences with
    bootstrap intervals, p values corrected for all comparisons. Reads what was written: no film is looked at anew.
    Writes index.html and comparison.json.

    Args:
        runs: Folders that `hilum evaluate` wrote, or rows of `hilum reproduce`, all of the same films.
        seeds: Take runs of one recipe that differ by their seed for one, by their mean.
        against_first: Compare the others with the first run alone, so that fewer tests are corrected for.
        operating_point: Name of the stored threshold of each model.
        margin: How far below another a model may lie and still be called not worse; 0.02 is 2 points.
        output: Folder for both files; under runs/comparisons if not given.
        draws: Samples of the bootstrap.
        seed: Fixes the samples.

    Examples:
        hilum compare runs/evaluations/best runs/evaluations/cnn-scratch
        hilum compare runs/reproduce/*-official --output comparison
        hilum compare runs/evaluations/* --seeds
    """
    settings = CompareSettings(operating_point, margin, seeds, against_first, draws, seed)
    judged = read_runs(runs)
    comparison = compare_runs(judged, settings, provenance.current("numpy"))
    folder, models = output or _usual_place(comparison), set(comparison.model_hashes)
    room_in(folder, (_JSON, _PAGE), lambda: _compared_in(folder) == models, "an earlier comparison of the same models")
    compared = Compared(comparison, folder / _PAGE, folder / _JSON)
    write_together({compared.page: comparison_page(comparison), compared.json: as_json(comparison.as_json())})
    return compared


def _usual_place(comparison: Comparison) -> Path:
    """The first contestant's name, how many others, the films, and a hash of the models."""
    models = hashlib.sha256("".join(comparison.model_hashes).encode()).hexdigest()[:8]
    others = [one.name for one in comparison.contestants[1:]]
    against = others[0] if len(others) == 1 else f"{len(others)}-others"
    words = f"{comparison.contestants[0].name}-and-{against}-{comparison.data_name}-{comparison.part}-{models}"
    return Path("runs/comparisons") / re.sub(r"[^\w.-]+", "-", words)


def _compared_in(folder: Path) -> set[str] | None:
    """The models of the comparison that a folder holds; None where it holds none."""
    try:
        return set(read_comparison(folder / _JSON).model_hashes)
    except HilumError:
        return None
