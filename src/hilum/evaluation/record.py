"""An evaluation as a value: everything that is known about how well one model judged one set of films."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from hilum.errors import HilumError
from hilum.evaluation.contact import Contact, held_back
from hilum.evaluation.external import Fall
from hilum.evaluation.figures import Count, LeftOut, PointFigures, Scores, SubtypeCount, primary_of
from hilum.evaluation.looks import LookCount
from hilum.evaluation.per_patient import PerPatient
from hilum.evaluation.probabilities import Probabilities
from hilum.evaluation.unanswered import Unanswered
from hilum.evaluation.usefulness import Usefulness
from hilum.files import printable
from hilum.json_files import read_json, typed, write_json
from hilum.metrics import ReliabilityBin
from hilum.modelfolder import Manifest
from hilum.provenance import Provenance

FORMAT: Final = 2
OTHER_DATA: Final = "other data"
OTHER_PART: Final = "other part"


@dataclass(frozen=True, slots=True)
class JudgedFilms:
    """Which films were judged.

    Args:
        data_name: name of the catalogue.
        part: "test", "validation", "all", or the folder they came in.
        every: all judged films.
        pneumonia: those with pneumonia; a patient with films of both classes counts in both.
        normal: the normal ones.
        subtypes: kinds of pneumonia, where the data tell them apart.
        left_out: films that could not be judged.
        fingerprint: SHA-256 over the judged films' hashes, labels, patients and folders.
        films_hash: SHA-256 over their file hashes alone; looks are counted by it.
    """

    data_name: str
    part: str
    every: Count
    pneumonia: Count
    normal: Count
    subtypes: tuple[SubtypeCount, ...]
    left_out: tuple[LeftOut, ...]
    fingerprint: str
    films_hash: str


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """Which model judged them and how it came about, from its model folder."""

    name: str
    recipe: str
    model_hash: str
    protocol: str
    seed: int
    fold: int
    is_leaky: bool
    trained_on: str
    trained_on_fingerprint: str
    calibration_prevalence: float
    first_weights: str
    kept_epoch: int
    training_seconds: float
    machine: str
    precision: str
    population: str
    licence: str
    hilum_version: str
    created: str
    command: str
    commit: str
    are_films_known: bool = True


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How well one model judged one set of films, with all that a reviewer asks about it.

    Args:
        films: which films were judged.
        model: which model judged them.
        scores: figures without a threshold.
        points: figures at each operating point: those stored with the model, and 0.5.
        reliability: stated probability against what was true, in bins of equal size.
        contact: how many of the films or their patients the model had met before.
        looks: how often these films have been looked at.
        limits: what the figures do not say, one sentence each.
        made: command, commit, version and time of the evaluation.
        draws: of the bootstrap.
        seed: of the bootstrap.
        probabilities: how true the stated probabilities are; None in a record of format 1, like the next two.
        usefulness: what acting on the model is worth; None also where the films are of one class.
        per_patient: the figures over patients.
        fall: for external films, how far the figures lie from those on internal ones; else None.
        unanswered: refusals, abstentions and the worst case; None for a model without gate.
        format: of this record.
    """

    films: JudgedFilms
    model: ModelFacts
    scores: Scores
    points: tuple[PointFigures, ...]
    reliability: tuple[ReliabilityBin, ...]
    contact: Contact
    looks: LookCount
    limits: tuple[str, ...]
    made: Provenance
    draws: int
    seed: int
    probabilities: Probabilities | None = None
    usefulness: Usefulness | None = None
    per_patient: PerPatient | None = None
    fall: Fall | None = None
    unanswered: Unanswered | None = None
    format: int = FORMAT

    @property
    def primary(self) -> PointFigures:
        """The figures at the operating point for a sensitivity of 0.95, or at the first where that is not stored."""
        return primary_of(self.points)

    @property
    def judged_under(self) -> str:
        """The model's protocol, where the films are what it held back; else `OTHER_PART` or `OTHER_DATA`."""
        if self.films.data_name != self.model.trained_on:
            return OTHER_DATA
        return self.model.protocol if self.films.part == held_back(self.model.protocol) else OTHER_PART

    @property
    def leaks(self) -> bool:
        """True where the model had met films or patients, or its protocol lets that happen in these data."""
        return self.contact.met > 0 or (self.model.is_leaky and self.judged_under != OTHER_DATA)

    def as_json(self) -> dict[str, Any]:
        """The evaluation as JSON values."""
        return asdict(self)


def model_facts(manifest: Manifest, model_hash: str) -> ModelFacts:
    """What an evaluation keeps of a model folder's manifest."""
    training = manifest.training
    return ModelFacts(
        name=manifest.name,
        recipe=str(manifest.recipe.get("name", "")),
        model_hash=model_hash,
        protocol=training.protocol,
        seed=training.seed,
        fold=training.fold,
        is_leaky=training.is_leaky,
        trained_on=training.data_name,
        trained_on_fingerprint=training.data_fingerprint,
        calibration_prevalence=manifest.calibration.prevalence,
        first_weights=training.first_weights,
        kept_epoch=training.kept_epoch,
        training_seconds=training.seconds,
        machine=training.machine,
        precision=training.precision,
        population=manifest.population,
        licence=manifest.licence,
        hilum_version=manifest.hilum_version,
        created=manifest.created,
        command=manifest.command,
        commit=manifest.commit,
        are_films_known=training.are_films_known,
    )


def write_evaluation(path: Path, evaluation: Evaluation) -> None:
    """Write an evaluation as JSON, all or nothing."""
    write_json(path, evaluation.as_json())


def read_evaluation(path: Path) -> Evaluation:
    """An evaluation from the JSON file that `hilum evaluate` wrote.

    Raises:
        HilumError: no such file, no JSON, a format from the future, or not an evaluation.
    """
    values = read_json(path)
    written_as = values.get("format") if isinstance(values, dict) else None
    if isinstance(written_as, int) and written_as > FORMAT:
        raise HilumError(
            f"'{printable(path)}' has format {written_as}.",
            expected=f"format {FORMAT} or older",
            do="Read it with the hilum that wrote it, or a newer one: pip install --upgrade hilum",
        )
    return typed(
        values,
        Evaluation,
        f"'{printable(path)}' is not an evaluation",
        expected="the evaluation.json that `hilum evaluate` wrote",
        do="Evaluate again.",
    )
