"""A model on films with the lungs hidden, and with nothing but the lungs: one box, one grey for all films."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from hilum.audits.asked import Choice
from hilum.audits.verdicts import alone_verdict, hidden_verdict
from hilum.datasets.catalogue import Catalogue
from hilum.datasets.pixels import open_pixels
from hilum.evaluation import Count
from hilum.images.box import Box, require_box, slices
from hilum.metrics import Estimate, Statistic, auroc, auroc_over_patients, estimate, resample_patients
from hilum.metrics.arrays import Floats
from hilum.progress import Progress, Silent
from hilum.provenance import Provenance
from hilum.runtime import Predictor

_AT_ONCE: Final = 32


@dataclass(frozen=True, slots=True)
class LungBoxResult:
    """How well a model does with and without what lies in the box.

    Args:
        model: its name.
        model_hash: of its folder.
        films: how many were judged.
        chosen: which films these are.
        box: left, top, right, bottom as shares.
        grey: that covers what is hidden, the same in all films.
        whole: AUROC on the films as they are.
        hidden: with the box covered.
        alone: with everything but the box covered.
        lost: `whole` minus `alone`, film by film.
        hidden_verdict: in words.
        alone_verdict: in words.
    """

    model: str
    model_hash: str
    films: Count
    chosen: str
    box: Box
    grey: int
    whole: Estimate
    hidden: Estimate
    alone: Estimate
    lost: Estimate
    hidden_verdict: str
    alone_verdict: str


def judge_lung_box(
    predictor: Predictor,
    choice: Choice,
    directory: Path,
    box: Box,
    seed: int,
    made: Provenance,
    progress: Progress = Silent(),
) -> LungBoxResult:
    """Ask the model three times: about whole films, with the box covered, and with everything else covered.

    Args:
        predictor: the model.
        choice: of `films_for_model`; a look is written down before any figure is made.
        directory: where the catalogue, its pixel cache and `looks.jsonl` lie.
        box: what is taken for the lungs.
        seed: of the bootstrap.
        made: by which command, when.
        progress: where the bars are shown.
    """
    require_box(box)
    films = choice.films
    squares = open_pixels(films, predictor.side, predictor.geometry, directory / "pixels", progress)
    grey = round(float(np.mean([square.mean() for square in squares])))
    logits = _logits(predictor, squares, box, grey, progress)
    choice.write_down(predictor, "shortcuts", directory, made)
    whole, hidden, alone, lost = _figures(films, logits, seed)
    return LungBoxResult(
        model=predictor.manifest.name,
        model_hash=predictor.model_hash,
        films=Count(len(films.films), len(set(films.patients))),
        chosen=choice.words,
        box=box,
        grey=grey,
        whole=whole,
        hidden=hidden,
        alone=alone,
        lost=lost,
        hidden_verdict=hidden_verdict(hidden),
        alone_verdict=alone_verdict(alone, lost),
    )


def covered(squares: np.ndarray, box: Box, grey: int, *, is_box_kept: bool = False) -> np.ndarray:
    """(n, side, side) uint8 with the box, or all but the box, in one grey."""
    height, width = squares.shape[1:]
    rows, across = slices(box, height, width)
    shown = np.full_like(squares, grey) if is_box_kept else squares.copy()
    shown[:, rows, across] = squares[:, rows, across] if is_box_kept else grey
    return shown


def _logits(predictor: Predictor, squares: np.ndarray, box: Box, grey: int, progress: Progress) -> list[Floats]:
    """(n,) logits each: of the whole films, with the box covered, with everything else covered."""
    found: tuple[list[Floats], ...] = ([], [], [])
    with progress.bar("Lung box", len(squares)) as bar:
        for start in range(0, len(squares), _AT_ONCE):
            block = squares[start : start + _AT_ONCE]
            shown = (block, covered(block, box, grey), covered(block, box, grey, is_box_kept=True))
            for logits, films in zip(found, shown, strict=True):
                logits.append(predictor.logits(films))
            bar.advance(len(block))
    return [np.concatenate(logits) for logits in found]


def _figures(films: Catalogue, logits: list[Floats], seed: int) -> tuple[Estimate, ...]:
    """AUROC of whole, hidden and alone, and whole minus alone; all from the same draws."""
    truth = films.is_pneumonia
    resampling = resample_patients(films.resampling_groups(), truth, seed=seed)
    one_class = "films of one class only"
    statistics = [
        Statistic(partial(auroc, logit, truth), one_class, auroc_over_patients(resampling, logit, truth))
        for logit in logits
    ]
    whole, _, alone = (one.of_weights for one in statistics)
    return estimate([*statistics, Statistic(lambda weights: whole(weights) - alone(weights), one_class)], resampling)
