"""The one way from films to answers: evaluation, command line, web page and node all go through it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
from msgspec.structs import asdict

from hilum.attribution.evidence import EvidenceMap
from hilum.attribution.graph_map import ACTIVATION_MAP, graph_map
from hilum.attribution.places import placed
from hilum.engine import FEATURE_DISTANCE, Engine, Films
from hilum.errors import HilumError, nearest
from hilum.files import printable
from hilum.images import Film, read_film, to_square
from hilum.metrics import PlattScaling
from hilum.metrics.arrays import Floats
from hilum.metrics.conformal import ConformalSets
from hilum.modelfolder import GRAPH, MANIFEST, Manifest, ModelFolder, StoredOperatingPoint, open_model_folder
from hilum.progress import Progress, Silent
from hilum.runtime.gate import INVERTED, refusals, warning
from hilum.runtime.prediction import Assessment, Prediction

_Response = Mapping[str, npt.NDArray[np.float32]]
"""Outputs of the graph by name, of one film."""


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

    def assess(self, paths: Iterable[Path], batch_size: int = 16) -> Iterator[Assessment]:
        """Logit, distance and refusal of each path, in their order; a film that cannot be read says why."""
        return (assessment for assessment, _ in self._look(paths, batch_size))

    def predict(self, paths: Sequence[Path], operating_point: str, batch_size: int = 16) -> Iterator[Prediction]:
        """One prediction a path, in their order; what cannot be read or is no chest film says why and stops nothing."""
        threshold = self.operating_point(operating_point).threshold
        for assessment in self.assess(paths, batch_size):
            yield self._answer(assessment, threshold)

    def predict_with_maps(
        self, paths: Sequence[Path], operating_point: str, batch_size: int = 16
    ) -> Iterator[tuple[Prediction, EvidenceMap | None]]:
        """The same, each with the map of its square, as `activation_map` gives it, from the same pass of the graph.

        None stands where there is no answer.
        """
        threshold = self.operating_point(operating_point).threshold
        for assessment, response in self._look(paths, batch_size, ACTIVATION_MAP):
            answer = self._answer(assessment, threshold)
            yield answer, None if answer.problem else self._placed(response[ACTIVATION_MAP])

    def activation_map(self, square: npt.NDArray[np.uint8]) -> EvidenceMap:
        """(side, side) evidence for pneumonia (positive) and against it (negative) of one (side, side) square.

        The graph's own map is coarser, and its mean is the logit without the head's bias.
        """
        return self._placed(graph_map(self.engine, square))

    def _placed(self, evidence: EvidenceMap) -> EvidenceMap:
        return placed(evidence, self.manifest.map_places, self.side)

    def _look(self, paths: Iterable[Path], batch_size: int, *more: str) -> Iterator[tuple[Assessment, _Response]]:
        """Each path with what the graph said of it, `more` outputs included; nothing of what cannot be read."""
        for batch in _batches(paths, batch_size):
            read = [(path, _read(path)) for path in batch]
            squares = [self._square(film) for _, film in read if isinstance(film, Film)]
            responses = iter(self._responses(np.stack(squares), *more) if squares else ())
            for path, film in read:
                if isinstance(film, HilumError):
                    yield Assessment(printable(path), problem=str(film)), {}
                else:
                    response = next(responses)
                    yield self._assessed(path, film, response), response

    def _square(self, film: Film) -> npt.NDArray[np.uint8]:
        return to_square(film.pixels, self.side, self.geometry)

    def _responses(self, squares: Films, *more: str) -> list[_Response]:
        """Logit, distance where the model has a gate, and `more` outputs of each square, from one pass."""
        names = ("logit", *((FEATURE_DISTANCE,) if self.manifest.gate else ()), *more)
        outputs = self.engine.run(squares, names)
        return [{name: outputs[name][row] for name in names} for row in range(len(squares))]

    def _assessed(self, path: Path, film: Film, response: _Response) -> Assessment:
        gate, logit = self.manifest.gate, float(response["logit"])
        distance = float(response[FEATURE_DISTANCE]) if gate else None
        reasons = refusals(film, distance, gate)
        if gate and distance and reasons and distance > gate.refuse_above and self._passes_inverted(film):
            reasons = (*reasons, INVERTED)
        about = "" if reasons else warning(distance, gate)
        return Assessment(printable(path), "", logit, distance, reasons, about, film.notes)

    def _passes_inverted(self, film: Film) -> bool:
        """True where nothing speaks against the film's negative, neither its distance nor a check on the file."""
        negative = replace(film, pixels=255 - film.pixels)
        [response] = self._responses(self._square(negative)[None])
        return not refusals(negative, float(response[FEATURE_DISTANCE]), self.manifest.gate)

    def _answer(self, film: Assessment, threshold: float) -> Prediction:
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


def _read(path: Path) -> Film | HilumError:
    try:
        return read_film(path)
    except HilumError as error:
        return error


def _batches(paths: Iterable[Path], size: int) -> Iterator[list[Path]]:
    """The paths in lists of `size`; the last may be shorter."""
    remaining = iter(paths)
    while batch := list(islice(remaining, size)):
        yield batch
