"""What a model said about each film: the table that every figure is made from."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from hilum.datasets.catalogue import Catalogue
from hilum.datasets.pixels import open_pixels
from hilum.files import printable, spreadsheet_safe
from hilum.metrics import PlattScaling, log_odds
from hilum.metrics.arrays import Booleans, Floats
from hilum.progress import Progress, Silent
from hilum.runtime import Predictor

_SMALLEST: Final = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class PredictionTable:
    """One row a film.

    Args:
        films: the judged films, in order.
        logit: (n,) of the graph, pneumonia minus normal.
        calibrated_logit: (n,) by the model's calibration; ranks the films as the probability does, and never saturates.
        probability: (n,) calibrated probability of pneumonia.
    """

    films: Catalogue
    logit: Floats
    calibrated_logit: Floats
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

    def distance_from(self, threshold: float) -> Floats:
        """(n,) how far each film lies above a threshold on the probability, in log-odds, which never saturate."""
        inside = min(max(threshold, _SMALLEST), 1 - _SMALLEST)  # a threshold of 0 calls every film
        return self.calibrated_logit - log_odds(inside)


def predict_films(
    predictor: Predictor, films: Catalogue, directory: Path, progress: Progress = Silent()
) -> PredictionTable:
    """Run every film through the runtime that readers use; decoded films are kept in `directory`."""
    squares = open_pixels(films, predictor.side, predictor.geometry, directory, progress)
    logit = np.asarray(predictor.logits(squares, progress=progress), dtype=np.float64)
    calibration = predictor.manifest.calibration
    calibrated = PlattScaling(calibration.slope, calibration.intercept).logit(logit)
    return PredictionTable(films, logit, calibrated, np.asarray(predictor.probability(logit), dtype=np.float64))


def predictions_csv(predictions: PredictionTable) -> str:
    """The table as CSV text: path, patient, label, subtype, logit, probability, group; floats in full.

    The group is the patient, or the first of several who share an identical film: those are resampled together.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["path", "patient", "label", "subtype", "logit", "probability", "group"])
    columns = (predictions.films.films, predictions.films.group_names(), predictions.logit, predictions.probability)
    for film, group, logit, probability in zip(*columns, strict=True):
        words = (film.path, film.patient, film.label, film.subtype)
        numbers = (repr(float(logit)), repr(float(probability)))
        writer.writerow([*map(_safe, words), *numbers, _safe(group)])
    return text.getvalue()


def _safe(word: str) -> object:
    return spreadsheet_safe(printable(word))
