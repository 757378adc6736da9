"""The one way from films to answers: evaluation, command line, web page and node all go through it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
from msgspec.structs import asdict

from hilum.attribution.evidence import EvidenceMap
from hilum.attribution.graph_map import graph_map
from hilum.attribution.places import placed
from hilum.engine import FEATURE_DISTANCE, Engine, Films
from hilum.errors import HilumError, nearest
from hilum.files import printable
from hilum.images import DEFAULT_LIMITS, Film, Limits, read_film, to_square
from hilum.images.content import read_content
from hilum.metrics import PlattScaling
from hilum.metrics.arrays import Floats
from hilum.metrics.conformal import ConformalSets
from hilum.modelfolder import GRAPH, MANIFEST, Manifest, ModelFolder, StoredOperatingPoint, open_model_folder
from hilum.progress import Progress, Silent
from hilum.runtime.gate import INVERTED, refusals, warning
from hilum.runtime.prediction import Assessment, Prediction

Outputs = Mapping[str, npt.NDArray[np.float32]]
"""Outputs of the graph by name, of one film."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What a look at one picture gave.

    Args:
        assessment: whether it may be assessed, and the logit.
        sha256: of the file; empty where it could not be read.
        film: None where it could not be read.
        outputs: what the graph said, without the dimension of films; nothing of what could not be read.
    """

    assessment: Assessment
    sha256: str
    film: Film | None = None
    outputs: Outputs = field(default_factory=dict)


class Predictor:
    """An opened model folder.

    Args:
        folder: the folder; its graph's hash is checked before it is run.
        threads: 0 takes every usable core.
    """

    def __init__(self, folder: ModelFolder, threads: int = 0) -> None:
        self.folder = folder
        self._threads = threads

    @classmethod
    def open(cls, path: Path, threads: int = 0) -> Predictor:
        """The predictor of a model folder, or of the run that holds one."""
        return cls(open_model_folder(path), threads)

    @property
    def manifest(self) -> Manifest:
        """The contents of hilum.json."""
        return self.folder.manifest

    @property
    def model_hash(self) -> str:
        """SHA-256 that identifies the model and everything in its folder."""
        return self.folder.model_hash

    @property
    def side(self) -> int:
        """Side of the square that the graph takes, in pixels."""
        return self.manifest.side

    @property
    def geometry(self) -> str:
        """How a film becomes that square."""
        return self.manifest.geometry

    @cached_property
    def engine(self) -> Engine:
        """The graph, opened when it is first needed."""
        engine = Engine(self.folder.read(GRAPH), str(self.folder.path / GRAPH), self._threads)
        if engine.side != self.side:
            raise HilumError(
                f"'{printable(self.folder.path / GRAPH)}' takes squares of {engine.side} px, "
                f"but {MANIFEST} says {self.side}.",
                expected="graph and manifest of one model",
                do="Copy or export the model again.",
            )
        return engine

    def logits(self, squares: Films, progress: Progress | None = None) -> npt.NDArray[np.float64]:
        """(n,) logits of (n, side, side) uint8 squares."""
        return self.engine.logits(squares, progress=progress or Silent())

    def probability(self, logit: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Calibrated probability of pneumonia, any shape."""
        calibration = self.manifest.calibration
        return PlattScaling(calibration.slope, calibration.intercept).probability(logit)

    def operating_point(self, name: str) -> StoredOperatingPoint:
        """The stored operating point of that name.

        Raises:
            HilumError: the model has none of that name.
        """
        points = {point.name: point for point in self.manifest.operating_points}
        if name not in points:
            raise HilumError(
                f"The model '{self.manifest.name}' has no operating point '{name}'.",
                expected="one that was chosen when it was made",
                do=nearest(name, list(points)),
            )
        return points[name]

    @cached_property
    def sets(self) -> ConformalSets | None:
        """Which answers a logit leaves open; None where the folder does not say."""
        stored = self.manifest.conformal
        return ConformalSets(**asdict(stored)) if stored else None

    def distances(self, squares: Films, batch_size: int = 32, progress: Progress | None = None) -> Floats | None:
        """(n,) distances of (n, side, side) uint8 squares from the fit films; None where the model has no gate."""
        if self.manifest.gate is None:
            return None
        return self.engine.values(FEATURE_DISTANCE, squares, batch_size, progress)

    def assess(self, paths: Iterable[Path]) -> Iterator[Assessment]:
        """Logit, distance and refusal of each path, in their order; a film that cannot be read says why."""
        return (self.look(path).assessment for path in paths)

    def look(self, source: Path | bytes, *more: str, name: str | None = None, limits: Limits = DEFAULT_LIMITS) -> Look:
        """Read one film, give it to the graph by itself, and say whether it may be assessed.

        By itself, because what a graph says of a film can depend in its last digits on the films beside it, and the
        same film must get the same answer wherever it is asked about. Sixteen at a time would be 10 % faster at most.

        Args:
            source: a file, or the bytes of one.
            more: outputs of the graph to keep, beside those that every answer needs.
            name: what the film is called; the path where none is given.
            limits: the largest file and picture.
        """
        shown = printable(name or ("the image" if isinstance(source, bytes) else source))
        sha256 = ""
        try:
            content = source if isinstance(source, bytes) else read_content(source, shown, limits)
            sha256 = hashlib.sha256(content).hexdigest()
            film = read_film(content, name=shown, limits=limits)
        except HilumError as error:
            return Look(Assessment(shown, problem=str(error)), sha256)
        outputs = self._outputs(film, *more)
        return Look(self._assessed(shown, film, outputs), sha256, film, outputs)

    def answer(self, film: Assessment, threshold: float) -> Prediction:
        """What is said of an assessed film at that threshold on the calibrated probability."""
        if film.logit is None or film.reasons:
            problem = film.problem or f"'{film.path}': {' '.join(film.reasons)}"
            return Prediction(
                film.path, film.status, distance=film.distance, notes=film.notes, problem=problem, reasons=film.reasons
            )
        probability = float(self.probability(film.logit))
        return Prediction(
            path=film.path,
            status=film.status,
            probability=probability,
            logit=film.logit,
            decision="pneumonia" if probability >= threshold else "normal",
            answers=self.sets.answers(film.logit) if self.sets else None,
            warning=film.warning,
            distance=film.distance,
            notes=film.notes,
        )

    def placed(self, evidence: EvidenceMap) -> EvidenceMap:
        """(side, side) evidence of the graph's own (h, w) map: each of its places laid where it looks."""
        return placed(evidence, self.manifest.map_places, self.side)

    def activation_map(self, square: npt.NDArray[np.uint8]) -> EvidenceMap:
        """(side, side) evidence for pneumonia (positive) and against it (negative) of one (side, side) square.

        The graph's own map is coarser, and its mean is the logit without the head's bias.
        """
        return self.placed(graph_map(self.engine, square))

    def _square(self, film: Film) -> npt.NDArray[np.uint8]:
        return to_square(film.pixels, self.side, self.geometry)

    def _outputs(self, film: Film, *more: str) -> Outputs:
        """Logit, distance where the model has a gate, and `more` outputs, from one pass."""
        names = ("logit", *((FEATURE_DISTANCE,) if self.manifest.gate else ()), *more)
        outputs = self.engine.run(self._square(film)[None], names)
        return {name: outputs[name][0] for name in names}

    def _assessed(self, shown: str, film: Film, outputs: Outputs) -> Assessment:
        gate, logit = self.manifest.gate, float(outputs["logit"])
        distance = float(outputs[FEATURE_DISTANCE]) if gate else None
        reasons = refusals(film, distance, gate)
        if gate and distance and reasons and distance > gate.refuse_above and self._passes_inverted(film):
            reasons = (*reasons, INVERTED)
        about = "" if reasons else warning(distance, gate)
        return Assessment(shown, "", logit, distance, reasons, about, film.notes)

    def _passes_inverted(self, film: Film) -> bool:
        """True where nothing speaks against the film's negative, neither its distance nor a check on the file."""
        negative = replace(film, pixels=255 - film.pixels)
        distance = float(self._outputs(negative)[FEATURE_DISTANCE])
        return not refusals(negative, distance, self.manifest.gate)
