"""The one way from films to answers: evaluation, command line, web page and node all go through it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt

from hilum.engine import Engine, Films
from hilum.errors import HilumError, nearest
from hilum.files import printable
from hilum.images import Film, read_film, to_square
from hilum.metrics import PlattScaling
from hilum.modelfolder import GRAPH, MANIFEST, Manifest, ModelFolder, StoredOperatingPoint, open_model_folder
from hilum.progress import Progress, Silent
from hilum.runtime.prediction import Prediction


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

    def predict(self, paths: Sequence[Path], operating_point: str, batch_size: int = 16) -> Iterator[Prediction]:
        """One prediction a path, in their order; a film that cannot be read says why and stops nothing."""
        threshold = self.operating_point(operating_point).threshold
        for start in range(0, len(paths), batch_size):
            read = [(path, _read(path)) for path in paths[start : start + batch_size]]
            films = [film for _, film in read if isinstance(film, Film)]
            squares = [to_square(film.pixels, self.side, self.geometry) for film in films]
            answers = iter(self.logits(np.stack(squares)) if squares else ())
            for path, film in read:
                if isinstance(film, HilumError):
                    yield Prediction(printable(path), problem=str(film))
                else:
                    yield self._answer(path, film, float(next(answers)), threshold)

    def activation_map(self, square: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """(h, w) evidence for pneumonia (positive) and against it (negative) by place, of one (side, side) square.

        Its mean is the logit without the head's bias.
        """
        (evidence,) = self.engine.run(square[None], ("activation_map",))["activation_map"]
        return cast(npt.NDArray[np.float32], evidence)

    def _answer(self, path: Path, film: Film, logit: float, threshold: float) -> Prediction:
        probability = float(self.probability(logit))
        decision = "pneumonia" if probability >= threshold else "normal"
        return Prediction(printable(path), probability, logit, decision, film.notes)


def _read(path: Path) -> Film | HilumError:
    try:
        return read_film(path)
    except HilumError as error:
        return error
