"""The shift audit: sets told apart, blocks as the control, distances and series."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hilum.audits.distances import describe, distances
from hilum.audits.features import Seen, principal_components
from hilum.audits.series import specificity_by_series
from hilum.audits.shift import FILES, LOW_LEVEL, REFERENCE, FilmSet, compare_domains, count_series, gather
from hilum.audits.verdicts import shift_verdict
from hilum.datasets import Catalogue, index_folder
from hilum.errors import HilumError
from hilum.evaluation import predictions_csv, write_evaluation
from hilum.metrics import Estimate
from stand_ins import reference_evaluation, reference_predictions


@pytest.fixture(scope="module")
def films(phantom_films: Path) -> Catalogue:
    return index_folder(phantom_films)


def parted(films: Catalogue) -> tuple[Catalogue, Catalogue]:
    """The films of three quarters of the patients, and those of the others."""
    first = set(films.patients) - set(sorted(set(films.patients))[::4])
    return tuple(  # type: ignore[return-value]
        films.select([row for row, film in enumerate(films.films) if (film.patient in first) == is_first])
        for is_first in (True, False)
    )


def brightened(films: Catalogue, folder: Path) -> Catalogue:
    """The films with another contrast, under the same names."""
    for film in films.films:
        (folder / film.path).parent.mkdir(parents=True, exist_ok=True)
        pixels = np.asarray(Image.open(films.root / film.path), dtype=float)
        Image.fromarray((40 + pixels * 0.7).astype(np.uint8)).save(folder / film.path, "JPEG", quality=90)
    return index_folder(folder, name="elsewhere")


@pytest.mark.slow
def test_parts_of_one_set_are_not_told_apart_and_another_exposure_is(films: Catalogue, tmp_path: Path) -> None:
    here, there = parted(films)
    sets = [
        FilmSet(REFERENCE, here, tmp_path),
        FilmSet("test", there, tmp_path),
        FilmSet("elsewhere", brightened(there, tmp_path / "b"), tmp_path / "b"),
    ]
    found = gather(sets, None)
    results = {(one.against, one.label, one.view): one for one in compare_domains(found)}
    assert len(results) == 8
    for label in ("pneumonia", "normal"):
        alike, shifted = results["test", label, LOW_LEVEL], results["elsewhere", label, LOW_LEVEL]
        assert alike.auroc is not None and alike.auroc.low is not None and alike.auroc.low < 0.6
        assert not alike.verdict.startswith("shifted")
        assert shifted.auroc is not None and shifted.auroc.value is not None and shifted.auroc.value > 0.8
        assert shifted.verdict.startswith("shifted") and shifted.control
        assert results["elsewhere", label, FILES].auroc is not None
    assert {one.series for one in count_series(found)} == {"bacteria", "virus", "IM", "NORMAL2-IM"}


def test_patients_of_other_data_are_not_taken_for_those_of_the_same_name(films: Catalogue, tmp_path: Path) -> None:
    other = replace(films, name="other", root=tmp_path)
    from hilum.audits.shift import _named_apart

    assert _named_apart(FilmSet("x", other, tmp_path), FilmSet(REFERENCE, films, tmp_path))[0].patient.startswith("x/")
    assert _named_apart(FilmSet("test", films, tmp_path), FilmSet(REFERENCE, films, tmp_path)) == films.films


def test_few_patients_are_said_and_not_judged(films: Catalogue, tmp_path: Path) -> None:
    few = films.select(range(4))
    found = gather([FilmSet(REFERENCE, films, tmp_path), FilmSet("few", few, tmp_path)], None)
    assert {one.verdict for one in compare_domains(found)} == {"not tried: fewer than 10 patients"}


def test_every_distance_puts_strangers_further_away() -> None:
    generator = np.random.default_rng(0)
    fit = (generator.normal(size=(300, 8)) + 3).astype(np.float32)
    near = Seen((generator.normal(size=(50, 8)) + 3).astype(np.float32), generator.normal(0, 6, 50))
    far = Seen((generator.normal(size=(50, 8)) - 3).astype(np.float32), np.zeros(50))
    described = describe(fit)
    for name, close in distances(described, near).items():
        assert np.median(distances(described, far)[name]) > np.median(close), name


def test_mahalanobis_of_the_fit_films_is_their_number_of_dimensions() -> None:
    fit = np.random.default_rng(0).normal(size=(4000, 5)) @ np.diag([1, 2, 0.5, 3, 1.5])
    found = distances(describe(fit.astype(np.float32)), Seen(fit.astype(np.float32), np.zeros(4000)))
    assert found["Mahalanobis"].mean() == pytest.approx(5, rel=0.1)


def test_components_keep_the_distances_between_films() -> None:
    features = np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32)
    kept = principal_components(features)
    assert np.linalg.norm(kept[3] - kept[9]) == pytest.approx(np.linalg.norm(features[3] - features[9]), rel=1e-5)
    assert np.all(np.diff(kept.var(axis=0)) <= 0)


def evaluation_folder(folder: Path) -> Path:
    folder.mkdir()
    write_evaluation(folder / "evaluation.json", reference_evaluation())
    (folder / "predictions.csv").write_text(predictions_csv(reference_predictions()))
    return folder


def test_specificity_by_series_adds_up_to_the_specificity_of_the_evaluation(tmp_path: Path) -> None:
    found = specificity_by_series(evaluation_folder(tmp_path / "evaluation"))
    assert {one.series.removeprefix("normal") for one in found.by_series} == {"IM", "NORMAL2-IM"}
    cleared = sum(one.normal.films * (one.specificity.value or 0) for one in found.by_series)
    films = sum(one.normal.films for one in found.by_series)
    assert films == 234
    assert cleared / films == pytest.approx(reference_evaluation().primary.specificity.value)


def test_predictions_of_another_evaluation_are_refused(tmp_path: Path) -> None:
    folder = evaluation_folder(tmp_path / "evaluation")
    rows = list(csv.reader((folder / "predictions.csv").read_text().splitlines()))
    (folder / "predictions.csv").write_text("\n".join(",".join(row) for row in rows[:-1]))
    with pytest.raises(HilumError, match=r"has 623 films, its evaluation\.json 624"):
        specificity_by_series(folder)
    (folder / "predictions.csv").write_text("path,label\na,normal\n")
    with pytest.raises(HilumError, match="not the table of predictions"):
        specificity_by_series(folder)
    (folder / "predictions.csv").write_text(f"path,label\n{'a' * 200_000},normal\n")  # more than a cell may hold
    with pytest.raises(HilumError, match="not the table of predictions"):
        specificity_by_series(folder)
    with pytest.raises(HilumError, match="Could not read"):
        specificity_by_series(tmp_path / "nothing")


def test_verdicts_compare_with_the_blocks() -> None:
    auroc = Estimate(0.7, 0.65, 0.75, "")
    assert shift_verdict(auroc, (0.5, 0.6)).startswith("shifted")
    assert shift_verdict(auroc, (0.5, 0.68)).startswith("told apart, but no better")
    assert shift_verdict(auroc, ()).endswith("no control")
    assert shift_verdict(Estimate(0.52, 0.4, 0.6, ""), (0.5,)).startswith("not told apart")
    assert shift_verdict(Estimate(None, None, None, ""), ()).startswith("not settled")
