"""A model folder's manifest, a predictor and an evaluation without a trained network: what stands behind a seam."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from hilum.datasets.catalogue import Catalogue, FilmRecord
from hilum.evaluation import (
    Circumstances,
    Evaluation,
    LookCount,
    PredictionTable,
    Settings,
    evaluate_predictions,
    find_contact,
    held_back,
)
from hilum.metrics import choose_operating_points, probability_of
from hilum.metrics.arrays import Floats
from hilum.modelfolder import (
    Calibration,
    Manifest,
    ModelFolder,
    Parity,
    Served,
    StoredOperatingPoint,
    Training,
    salted_hash,
)
from hilum.progress import Progress
from hilum.provenance import Provenance
from hilum.runtime import Predictor

REFERENCE = Path(__file__).parent / "reference" / "predictions-official-test.csv"
MADE = Provenance("hilum evaluate model data", "0123456789ab", "0.1.0", "2025-01-02T03:04:05+00:00", {"numpy": "2"})


def film(path: str, patient: str, label: str = "pneumonia", **changes: Any) -> FilmRecord:
    """A record of a film that lies nowhere; its hash is that of its path."""
    digest = hashlib.sha256(path.encode()).hexdigest()
    subtype = next((kind for kind in ("bacteria", "virus") if kind in path), "normal" if label == "normal" else "")
    values: dict[str, Any] = {"subtype": subtype, "split": path.split("/")[0], "sha256": digest}
    return FilmRecord(path, label, patient=patient, **(values | changes))


def manifest(served: tuple[FilmRecord, ...] = (), data_name: str = "kermany", **of_training: Any) -> Manifest:
    """The manifest of a model that was fitted on `served`, with operating points at the usual names."""
    fit = Served(
        patients=tuple(salted_hash("salt", f"{data_name}/{one.patient}") for one in served),
        films=tuple(salted_hash("salt", one.sha256) for one in served),
    )
    nobody = Served(patients=(), films=())
    training: dict[str, Any] = {
        "data_name": data_name,
        "data_fingerprint": "f" * 64,
        "protocol": "official",
        "seed": 0,
        "fold": 0,
        "is_leaky": False,
        "salt": "salt",
        "fit": fit,
        "select": nobody,
        "calibrate": nobody,
        "first_weights": "mobilenetv2_100",
        "first_weights_sha256": "a" * 64,
        "first_weights_licence": "Apache-2.0",
        "kept_epoch": 7,
        "epochs": 8,
        "seconds": 372.0,
        "machine": "2 CPU cores",
        "precision": "fp32",
        "threads": 2,
    }
    return Manifest(
        name="mobilenetv2-frozen",
        hilum_version="0.1.0",
        created="2025-01-01T00:00:00+00:00",
        command="hilum train mobilenetv2-frozen data",
        commit="0123456789ab",
        side=8,
        geometry="squash",
        calibration=Calibration(slope=1.0, intercept=0.0, prevalence=0.742, films=520, patients=365),
        operating_points=_points(),
        training=Training(**(training | of_training)),
        parity=Parity(films=10, largest_probability_difference=1e-6, flipped_decisions=0),
        recipe={"name": "mobilenetv2-frozen"},
        versions={"numpy": "2"},
        licence="Apache-2.0",
        activation_map="none",
        population="children of 1 to 5 years, one hospital, third-party 224 px copies of the films",
        files={},
    )


def _points() -> tuple[StoredOperatingPoint, ...]:
    generator = np.random.default_rng(0)
    truth = np.arange(500) % 4 > 0
    chosen = choose_operating_points(probability_of(generator.normal(truth * 5.0 - 2, 1.3)), truth)
    return tuple(
        StoredOperatingPoint(
            name=point.name,
            threshold=point.threshold,
            goal=point.goal,
            sensitivity=point.sensitivity,
            specificity=point.specificity,
            is_reached=point.is_reached,
        )
        for point in chosen
    )


class BrightnessPredictor(Predictor):
    """Calls bright films pneumonia: something to judge where no network is needed."""

    def __init__(self, manifest: Manifest, model_hash: str = "b" * 64) -> None:
        super().__init__(ModelFolder(Path("nowhere"), manifest, model_hash))

    def logits(self, squares: np.ndarray, progress: Progress | None = None) -> Floats:
        """(n,) mean brightness about the middle grey."""
        logit: Floats = (np.asarray(squares, dtype=np.float64).mean(axis=(1, 2)) - 128) / 16
        return logit


def reference_predictions(model: str = "fine_tuned") -> PredictionTable:
    """What one of the two reference models said about the 624 official test films."""
    with REFERENCE.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    films = tuple(film(row["film"], row["patient"], ("normal", "pneumonia")[int(row["is_pneumonia"])]) for row in rows)
    return prediction_table(films, np.array([float(row[model]) for row in rows]), "kermany")


def prediction_table(films: Sequence[FilmRecord], probability: Floats, data_name: str = "made") -> PredictionTable:
    """The table of a model without calibration that gave these (n,) probabilities."""
    logit = np.log(probability / (1 - probability))
    return PredictionTable(Catalogue(data_name, Path(), tuple(films)), logit, logit, probability)


@cache
def reference_evaluation(model: str = "fine_tuned", **of_training: Any) -> Evaluation:
    """The evaluation of a reference model on what its protocol held back, as if it came from a model folder."""
    predictions = reference_predictions(model)
    predictor = BrightnessPredictor(manifest(**of_training))
    contact = find_contact(predictor.manifest.training, predictions.films)
    looks = LookCount(models=3, looks=4, unreadable=0)
    settings = Settings(held_back(predictor.manifest.training.protocol))
    return evaluate_predictions(predictions, predictor, settings, Circumstances(contact, looks, (), MADE))
