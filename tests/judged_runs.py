"""Folders as `hilum evaluate` writes them, of the two reference models, without a trained network."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from hilum.evaluation import (
    Circumstances,
    Count,
    Evaluation,
    LookCount,
    PointFigures,
    PredictionTable,
    Settings,
    evaluate_predictions,
    find_contact,
    predictions_csv,
    write_evaluation,
)
from hilum.metrics import Estimate, auroc
from hilum.metrics.arrays import Floats, ratio
from stand_ins import MADE, BrightnessPredictor, film, manifest, prediction_table, reference_predictions


def write_run(
    folder: Path, predictions: PredictionTable, name: str = "one", seed: int = 0, model_hash: str = "", met: int = 0
) -> Path:
    """An evaluation of these predictions by a model of this name and seed that had met so many films; its folder.

    The evaluation of two films is taken as a pattern, with those figures put right that a comparison reads.
    """
    pattern, truth = _pattern(), predictions.is_pneumonia
    known = auroc(predictions.calibrated_logit, truth)
    made = replace(
        pattern,
        films=replace(pattern.films, data_name="kermany", every=Count(len(truth), len(set(predictions.patient)))),
        model=replace(pattern.model, name=name, recipe=name, seed=seed, model_hash=model_hash or f"{name}-{seed}"),
        scores=replace(pattern.scores, auroc=_estimate(known)),
        points=tuple(_at(point, predictions) for point in pattern.points),
        contact=replace(pattern.contact, met=met),
    )
    folder.mkdir(parents=True)
    (folder / "predictions.csv").write_text(predictions_csv(predictions), encoding="utf-8")
    write_evaluation(folder / "evaluation.json", made)
    return folder


def write_reference_runs(place: Path) -> list[Path]:
    """Both reference models on the 624 official test films."""
    return [write_run(place / model, reference_predictions(model), model) for model in ("fine_tuned", "frozen_linear")]


def jittered(model: str, seed: int) -> PredictionTable:
    """The reference model as if trained again with another seed."""
    base = reference_predictions(model)
    logit: Floats = base.logit + np.random.default_rng(seed).normal(0, 0.3, len(base.logit))
    return prediction_table(base.films.films, 1 / (1 + np.exp(-logit)), "kermany")


@cache
def _pattern() -> Evaluation:
    films = (film("test/pneumonia", "1"), film("test/normal", "2", "normal"))
    predictions, predictor = prediction_table(films, np.array([0.9, 0.1])), BrightnessPredictor(manifest())
    contact = find_contact(predictor.manifest.training, predictions.films)
    around = Circumstances(contact, LookCount(models=3, looks=4, unreadable=0), (), MADE)
    return evaluate_predictions(predictions, predictor, Settings(draws=2), around)


def _at(point: PointFigures, predictions: PredictionTable) -> PointFigures:
    truth = predictions.is_pneumonia
    right = (predictions.probability >= point.at.threshold) == truth
    found, cleared = (
        _estimate(ratio(right @ part, part.sum())) for part in (truth.astype(float), (~truth).astype(float))
    )
    return replace(point, sensitivity=found, specificity=cleared)


def _estimate(value: Floats) -> Estimate:
    if np.isnan(value):
        return Estimate(None, None, None, "not defined")
    return Estimate(float(value), max(0.0, float(value) - 0.02), min(1.0, float(value) + 0.02), "made up")
