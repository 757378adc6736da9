"""What networks say of films that they have not learned from, fold by fold: it calibrates the one that is kept.

Each fold's network is trained, exported and given its distance as the kept one is, and only its answers are kept, so
that a run that ends early goes on at the fold where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load, save

from hilum.datasets import Split
from hilum.engine import Engine
from hilum.exporting import export_onnx
from hilum.files import explained, write_atomically
from hilum.models import FilmClassifier
from hilum.progress import Progress, track
from hilum.training.gate import HeldOutDistances, held_out_distances, with_distance
from hilum.training.job import KEPT, STATE, Job

FOLDS: Final = "folds"
ANSWERS: Final = "answers.safetensors"


@dataclass(frozen=True, slots=True, eq=False)
class CrossFitted:
    """What was said of each fit film by the network that had not learned from its patient.

    Args:
        folds: how many networks there were.
        rows: (k,) of the development films.
        logit: (k,) of each film's graph.
        distances: None where the fit films of a fold are too few for a gate.
    """

    folds: int
    rows: npt.NDArray[np.int64]
    logit: npt.NDArray[np.float64]
    distances: HeldOutDistances | None


def cross_fit(
    folds: Sequence[Split], job: Job, learn: Callable[[Job], FilmClassifier], at_once: int, progress: Progress
) -> CrossFitted:
    """Train a network for each fold without its calibrate films, and ask it about them.

    Args:
        folds: splits aligned with the films of the job, each with another part as calibrate.
        job: the kept network's; its folder gets a folder a fold.
        learn: trains a network from its first weights, going on where the job's folder holds a state.
        at_once: films a pass of a graph.
    """
    found = [
        _fold(split, replace(job, directory=job.directory / FOLDS / str(number), on_epoch=()), learn, at_once, progress)
        for number, split in track(progress, enumerate(folds, 1), "Cross-fitting", len(folds))
    ]
    rows = np.concatenate([split.rows("calibrate") for split in folds])
    has_distances = all("plain" in one for one in found)
    distances = (
        HeldOutDistances(
            rows,
            np.concatenate([one["plain"] for one in found]),
            np.concatenate([one["varied"] for one in found], axis=1),
        )
        if has_distances
        else None
    )
    return CrossFitted(len(folds), rows, np.concatenate([one["logit"] for one in found]), distances)


def _fold(
    split: Split, job: Job, learn: Callable[[Job], FilmClassifier], at_once: int, progress: Progress
) -> dict[str, npt.NDArray[np.float64]]:
    """The answers to the calibrate films of one fold, as they were where the fold is finished."""
    answers = job.directory / ANSWERS
    if not answers.exists():
        classifier = learn(replace(job, fit_rows=split.rows("fit"), select_rows=split.rows("select")))
        if job.processes.writes:
            said = _answers(classifier, split, job, at_once, progress)
            write_atomically(answers, lambda file: file.write(save(said)))
            for left in (STATE, KEPT):
                (job.directory / left).unlink(missing_ok=True)
        job.processes.wait()
    with explained(answers, "read"):
        return load(answers.read_bytes())


def _answers(
    classifier: FilmClassifier, split: Split, job: Job, at_once: int, progress: Progress
) -> dict[str, npt.NDArray[np.float64]]:
    graph, rows, threads = export_onnx(classifier, job.recipe.film.side), split.rows("calibrate"), job.machine.threads
    logit = Engine(graph, "model.onnx", threads).logits(np.asarray(job.pixels[rows]), at_once, progress)
    gated = with_distance(graph, job.pixels, split.rows("fit"), progress, at_once, threads)
    if gated is None:
        return {"logit": logit}
    distances = held_out_distances(gated, job.pixels, rows, progress, at_once, threads)
    return {"logit": logit, "plain": distances.plain, "varied": distances.varied}
