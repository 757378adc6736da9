"""A comparison of models as a value: every figure, every difference with its interval and test, and who is better."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

from hilum.evaluation.figures import Count
from hilum.files import printable
from hilum.json_files import read_json, typed
from hilum.metrics import DRAWS, PRIMARY, Estimate
from hilum.metrics.comparison import PairedTest, require_margin
from hilum.metrics.means import RunsMean
from hilum.metrics.resampling import require_draws
from hilum.provenance import Provenance

FORMAT: Final = 1
MARGIN: Final = 0.02
"""What is "not worse": 2 points, said before the models were compared."""

FIGURES: Final = ("AUROC", "sensitivity", "specificity")
"""What models are compared by."""

_ROUNDING: Final = 1e-12

Side = Literal["first", "second", ""]


@dataclass(frozen=True, slots=True)
class CompareSettings:
    """How models are compared.

    Args:
        point: operating point, which every model has its own threshold for.
        margin: how far below another a model may lie and still be called not worse, as a fraction.
        joins_seeds: runs of one recipe under one protocol are one, by the mean over their seeds.
        against_first: the others are compared with the first alone, so that fewer tests are corrected for.
        draws: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        HilumError: a margin that is no fraction above 0, no draw, or a negative seed.
    """

    point: str = PRIMARY
    margin: float = MARGIN
    joins_seeds: bool = False
    against_first: bool = False
    draws: int = DRAWS
    seed: int = 0

    def __post_init__(self) -> None:
        require_margin(self.margin)
        require_draws(self.draws, self.seed)


@dataclass(frozen=True, slots=True)
class ComparedRun:
    """A run that took part.

    Args:
        name: that tells it from the others.
        folder: as the user named it.
        recipe, protocol, seed: that made the model.
        model_hash: of its folder.
        threshold: of the operating point.
        leaks: True where it had met films or patients.
        auroc, sensitivity, specificity: as its evaluation states them.
    """

    name: str
    folder: str
    recipe: str
    protocol: str
    seed: int
    model_hash: str
    threshold: float
    leaks: bool
    auroc: Estimate
    sensitivity: Estimate
    specificity: Estimate


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a contestant; over several seeds their mean, with the spread beside the patients' interval.

    Args:
        name: one of `FIGURES`.
        estimate: interval over patients, with these very models.
        over_seeds: interval over seeds, on these very patients; None for one run.
    """

    name: str
    estimate: Estimate
    over_seeds: RunsMean | None


@dataclass(frozen=True, slots=True)
class Contestant:
    """A run, or the runs of one recipe with different seeds; figures in the order of `FIGURES`."""

    name: str
    runs: tuple[ComparedRun, ...]
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure of the first contestant minus that of the second, on the same films.

    Args:
        figure: one of `FIGURES`.
        estimate: with the interval of the paired bootstrap over patients.
        by_variance: for the AUROC, with the interval from placement values; else None.
        test: for this comparison alone.
        corrected_p: by Holm over all tests of the comparison; None where there is no test.
        over_seeds: difference of the means with the interval over seeds; None where no side has several.
        better: which side is; "" where they cannot be told apart.
        patients_needed: how many patients like these would tell them apart, were the difference as found; None where
            they are told apart, or nothing can be said.
        first_not_worse, second_not_worse: by more than the margin; None where there is no interval.
    """

    figure: str
    estimate: Estimate
    by_variance: Estimate | None
    test: PairedTest
    corrected_p: float | None
    over_seeds: Estimate | None
    better: Side
    patients_needed: int | None
    first_not_worse: bool | None
    second_not_worse: bool | None

    @property
    def points_apart(self) -> bool:
        """True where the figure, which weighs films, and the test, which may weigh patients, name no side together."""
        value, z = self.estimate.value, self.test.z
        return value is not None and z is not None and value * z < _ROUNDING


@dataclass(frozen=True, slots=True)
class Pair:
    """Two contestants by name, and their differences in the order of `FIGURES`."""

    first: str
    second: str
    differences: tuple[Difference, ...]

    @property
    def better(self) -> Side:
        """The side that is better in one figure at least and worse in none; "" where there is none."""
        sides = {one.better for one in self.differences} - {""}
        return sides.pop() if len(sides) == 1 else ""

    @property
    def is_trade(self) -> bool:
        """True where each side is better in some figure."""
        return {"first", "second"} <= {one.better for one in self.differences}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Models compared on the same films.

    Args:
        data_name, part, fingerprint: of the films.
        every, pneumonia, normal: how many films and patients.
        groups: units that were drawn: patients, or patients joined by an identical file.
        point: operating point.
        margin: of "not worse", a fraction.
        contestants: in the order in which they were named.
        pairs: every two of them, or the first with each other.
        tests: that Holm corrects for.
        warnings: what must be known before any figure is read.
        limits: what the figures do not say.
        models_seen: models that had been judged on these films, as the latest evaluation says.
        made: command, commit, version and time.
        draws, seed: of the bootstrap.
        format: of this record.
    """

    data_name: str
    part: str
    fingerprint: str
    every: Count
    pneumonia: Count
    normal: Count
    groups: int
    point: str
    margin: float
    contestants: tuple[Contestant, ...]
    pairs: tuple[Pair, ...]
    tests: int
    warnings: tuple[str, ...]
    limits: tuple[str, ...]
    models_seen: int
    made: Provenance
    draws: int
    seed: int
    format: int = FORMAT

    @property
    def model_hashes(self) -> tuple[str, ...]:
        """Of all runs, in order."""
        return tuple(run.model_hash for one in self.contestants for run in one.runs)

    def as_json(self) -> dict[str, Any]:
        """The comparison as JSON values."""
        return asdict(self)


def read_comparison(path: Path) -> Comparison:
    """A comparison from the JSON file that `hilum compare` wrote.

    Raises:
        HilumError: no such file, no JSON, or not a comparison.
    """
    return typed(
        read_json(path),
        Comparison,
        f"'{printable(path)}' is not a comparison",
        expected="the comparison.json that this hilum's `hilum compare` wrote",
        do="Compare again.",
    )
