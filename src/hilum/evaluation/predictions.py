"""What a model said about each film: the table that every figure is made from."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from hilum.datasets.catalogue import Catalogue
from hilum.datasets.pixels import open_pixels
from hilum.files import printable
from hilum.metrics.arrays import Booleans, Floats
from hilum.modelfolder import Manifest
from hilum.progress import Progress, Silent


class Predictor(Protocol):
    """An opened model folder, as `hilum.runtime` gives it: what is measured is what is deployed."""

    @property
    def manifest(self) -> Manifest:
        """What `hilum.json` says."""

    @property
    def model_hash(self) -> str:
        """SHA-256 that names the model folder."""

    @property
    def side(self) -> int:
        """Side of the square in pixels."""

    @property
    def geometry(self) -> str:
        """How a film becomes a square: "squash" or "pad"."""

    def logits(self, squares: np.ndarray, progress: Progress = ...) -> Floats:
        """(n,) logits of (n, side, side) uint8 squares."""

    def probability(self, logits: Floats) -> Floats:
        """(n,) calibrated probabilities of (n,) logits."""


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """One row a film.

    Args:
        films: the judged films, in order.
        logit: (n,) of the graph, pneumonia minus normal.
        probability: (n,) calibrated probability of pneumonia.
    """

    films: Catalogue
    logit: Floats
    probability: Floats

    @property
    def is_pneumonia(self) -> Booleans:
        """(n,) the truth."""
        return np.asarray(self.films.is_pneumonia, dtype=bool)

    @property
    def subtype(self) -> np.ndarray:
        """(n,) str, "bacteria", "virus", "normal" or "" where it is not known."""
        return np.array([film.subtype for film in self.films.films], dtype=str)

    @property
    def patient(self) -> np.ndarray:
        """(n,) str."""
        return np.array(self.films.patients, dtype=str)


def predict_films(
    predictor: Predictor, films: Catalogue, directory: Path, progress: Progress = Silent()
) -> Predictions:
    """Run every film through the runtime that readers use; decoded films are kept in `directory`."""
    squares = open_pixels(films, predictor.side, predictor.geometry, directory, progress)
    logit = np.asarray(predictor.logits(squares, progress=progress), dtype=np.float64)
    return Predictions(films, logit, np.asarray(predictor.probability(logit), dtype=np.float64))


def predictions_csv(predictions: Predictions) -> str:
    """The table as CSV text: path, patient, label, subtype, logit, probability; floats in full."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["path", "patient", "label", "subtype", "logit", "probability"])
    for film, logit, probability in zip(
        predictions.films.films, predictions.logit, predictions.probability, strict=True
    ):
        words = (_cell(word) for word in (film.path, film.patient, film.label, film.subtype))
        writer.writerow([*words, repr(float(logit)), repr(float(probability))])
    return text.getvalue()


def _cell(text: str) -> str:
    """A word that no spreadsheet takes for a formula and every file can hold."""
    return "'" + printable(text) if text.startswith(("=", "+", "-", "@", "\t", "\r")) else printable(text)
