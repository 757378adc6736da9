"""Cross-fitting: every film is judged by a network that has not learned from it, and a killed run goes on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hilum.datasets import Split
from hilum.engine import Engine
from hilum.exporting import export_onnx
from hilum.models import FilmClassifier
from hilum.progress import Silent
from hilum.training import Job, Stopped, cross_fit
from hilum.training.cross_fit import ANSWERS, CrossFitted
from hilum.training.gate import VARIANTS
from small_job import after, run, small_job, small_recipe

pytestmark = pytest.mark.slow  # seconds a test: `make check` leaves them to `make test`

FOLDS = 2


def folds() -> tuple[Split, ...]:
    """Films 0 to 47 in two halves, 48 to 71 choose the epoch."""
    parts = np.array(["fit"] * 48 + ["select"] * 24, dtype=object)
    made = []
    for fold in range(FOLDS):
        here = parts.copy()
        here[fold * 24 : (fold + 1) * 24] = "calibrate"
        made.append(Split("official", 0, 0, "", tuple(here)))
    return tuple(made)


def fitted(job: Job, asked: list[Job] | None = None) -> CrossFitted:
    def learn(one: Job) -> FilmClassifier:
        if asked is not None:
            asked.append(one)
        return run(one).classifier

    return cross_fit(folds(), job, learn, 32, Silent())


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    return small_job(tmp_path_factory.mktemp("cross-fit"), small_recipe("train.epochs=1"))


@pytest.fixture(scope="module")
def found(job: Job) -> CrossFitted:
    return fitted(job)


def test_each_film_is_answered_by_the_network_that_has_not_learned_from_it(found: CrossFitted, job: Job) -> None:
    assert found.folds == FOLDS and found.rows.tolist() == list(range(48))
    without_second_half = run(replace(job, fit_rows=np.arange(24), directory=job.directory / "alone")).classifier
    graph = Engine(export_onnx(without_second_half, 32), "g", 1)
    np.testing.assert_array_equal(found.logit[24:], graph.logits(job.pixels[24:48], 32))
    assert found.distances is not None
    assert found.distances.plain.shape == (48,) and found.distances.varied.shape == (VARIANTS, 48)


def test_run_that_ends_early_goes_on_in_its_fold_with_the_same_answers(found: CrossFitted, tmp_path: Path) -> None:
    job = small_job(tmp_path, small_recipe("train.epochs=1"))
    with pytest.raises(Stopped):
        fitted(replace(job, stop=after(5)))  # three steps a fold: it ends in the second
    assert (tmp_path / "folds" / "1" / ANSWERS).exists() and not (tmp_path / "folds" / "2" / ANSWERS).exists()
    asked = list[Job]()
    again = fitted(job, asked)
    assert [one.directory.name for one in asked] == ["2"]  # the finished fold is not trained again
    np.testing.assert_array_equal(again.logit, found.logit)
    assert sorted(path.name for path in (tmp_path / "folds" / "2").iterdir()) == [ANSWERS]


def test_fit_films_that_are_too_few_give_no_distances(tmp_path: Path) -> None:
    job = small_job(tmp_path, small_recipe("train.epochs=1"))
    few = tuple(
        replace(one, parts=tuple("" if 8 <= row % 24 < 24 and row < 48 else part for row, part in enumerate(one.parts)))
        for one in folds()
    )
    found = cross_fit(few, job, lambda one: run(one).classifier, 32, Silent())
    assert found.distances is None and len(found.logit) == 16
