"""The shortcut audit on phantoms, with and without a marker in one class."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from film_folders import catalogue_of, record
from hilum.audits.asked import films_for_model
from hilum.audits.lung_box import covered, judge_lung_box
from hilum.audits.probes import out_of_fold
from hilum.audits.shortcuts import ALL_PROBES, PROBES, look_at_films, probe_shortcuts
from hilum.audits.verdicts import alone_verdict, hidden_verdict, level_of
from hilum.datasets import Catalogue, index_folder
from hilum.errors import HilumError
from hilum.evaluation import read_looks
from hilum.metrics import Estimate
from hilum.modelfolder import Served, salted_film_hash
from stand_ins import MADE, BrightnessPredictor, manifest


@pytest.fixture
def phantoms(phantom_films: Path, tmp_path: Path) -> Catalogue:
    """A copy of the phantom films, all of them from one encoder."""
    shutil.copytree(phantom_films, tmp_path / "films")
    for path in (tmp_path / "films").rglob("*.jpeg"):
        Image.open(path).save(path, "JPEG", quality=90)
    return index_folder(tmp_path / "films")


def with_marker(films: Catalogue, share: float) -> tuple[Catalogue, np.ndarray]:
    """A bright square in a corner of a share of the films with pneumonia, and (n,) bool which these are."""
    generator = np.random.default_rng(0)
    is_marked = films.is_pneumonia & (generator.random(len(films.films)) < share)
    for film, marked in zip(films.films, is_marked, strict=True):
        if marked:
            pixels = np.array(Image.open(films.root / film.path))
            pixels[8:16, -16:-8] = 235
            Image.fromarray(pixels).save(films.root / film.path, "JPEG", quality=90)
    return index_folder(films.root), is_marked


def test_nothing_but_noise_is_found_in_clean_phantoms(phantoms: Catalogue, tmp_path: Path) -> None:
    results = probe_shortcuts(look_at_films(phantoms, tmp_path), None)
    assert [one.name for one in results] == list(PROBES)
    strong = {one.name for one in results if one.level in ("shortcut", "gives the class away")}
    assert strong <= {"file size", "mean brightness", ALL_PROBES}
    by_name = {one.name: one for one in results}
    assert by_name["colour mode"].level == "same in all" and by_name["colour mode"].auroc is None


def test_a_planted_corner_marker_is_found_and_so_are_its_films(
    phantoms: Catalogue, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    films, is_marked = with_marker(phantoms, 0.9)
    probed = look_at_films(films, tmp_path)
    by_name = {one.name: one for one in probe_shortcuts(probed, None)}
    assert by_name["corners"].level in ("shortcut", "gives the class away")
    assert "top right corner" in by_name["corners"].telling[0][0]
    called = out_of_fold(probed.columns["corners"], probed.question).score > 0
    precision, recall = (float((called & is_marked).sum() / part.sum()) for part in (called, is_marked))
    with capsys.disabled():
        sys.stdout.write(f"\nplanted corner marker: precision {precision:.3f}, recall {recall:.3f}\n")
    assert precision > 0.85 and recall > 0.95


def test_probes_are_tried_on_test_films_whose_files_are_of_another_kind(phantoms: Catalogue, tmp_path: Path) -> None:
    films, _ = with_marker(phantoms, 1.0)
    sides = [
        [n for n, film in enumerate(films.films) if (film.split == "test") == is_test] for is_test in (False, True)
    ]
    learned, test = (look_at_films(films.select(rows), tmp_path) for rows in sides)
    by_name = {one.name: one for one in probe_shortcuts(learned, test)}
    corners = by_name["corners"].on_test
    assert corners is not None and corners.value is not None and corners.value > 0.9
    assert by_name["colour mode"].on_test is None


def test_few_patients_are_refused(tmp_path: Path, phantoms: Catalogue) -> None:
    few = phantoms.select([n for n, film in enumerate(phantoms.films) if film.patient.endswith(("-1", "-2", "0001"))])
    with pytest.raises(HilumError, match="at least 10 patients of each class"):
        probe_shortcuts(look_at_films(few, tmp_path), None)


def test_box_and_surroundings_are_covered_by_one_grey() -> None:
    squares = np.random.default_rng(0).integers(0, 256, (2, 20, 20)).astype(np.uint8)
    hidden = covered(squares, (0.25, 0.1, 0.75, 0.9), 77)
    alone = covered(squares, (0.25, 0.1, 0.75, 0.9), 77, is_box_kept=True)
    assert (hidden[:, 2:18, 5:15] == 77).all() and (alone[:, 2:18, 5:15] == squares[:, 2:18, 5:15]).all()
    assert ((hidden == squares) | (alone == squares)).all()
    assert (alone[:, :2] == 77).all() and (hidden[:, :2] == squares[:, :2]).all()


def test_the_model_is_asked_about_its_select_films_and_never_about_the_test() -> None:
    films = [
        record(f"{split}/{n}", f"p{n}", label, split)
        for n, (split, label) in enumerate(
            [
                ("train", "pneumonia"),
                ("train", "normal"),
                ("train", "normal"),
                ("test", "pneumonia"),
                ("test", "normal"),
            ]
        )
    ]
    catalogue = catalogue_of(*films)
    select = Served(patients=(), films=(salted_film_hash("salt", films[1].sha256),))
    chosen = films_for_model(catalogue, manifest(select=select))
    assert [one.path for one in chosen.films.films] == [films[1].path] and not chosen.is_look
    other = films_for_model(catalogue, manifest())
    assert {one.split for one in other.films.films} == {"train"} and other.is_look
    with pytest.raises(HilumError, match="no films of both classes outside its test folder"):
        films_for_model(catalogue, manifest(served=tuple(films[:3])))


def test_a_model_that_reads_the_corner_is_told(phantoms: Catalogue, tmp_path: Path) -> None:
    class Reader(BrightnessPredictor):
        """Goes by the marker alone."""

        def logits(self, squares: np.ndarray, progress: object = None) -> np.ndarray:
            brightest: np.ndarray = np.asarray(squares[:, :16, -16:], dtype=np.float64).max(axis=(1, 2))
            return brightest - 200

    films, _ = with_marker(phantoms, 1.0)
    predictor = Reader(manifest(data_name="phantom"))
    object.__setattr__(predictor.folder, "manifest", _of_side(128))
    choice = films_for_model(films, predictor.manifest)
    found = judge_lung_box(predictor, choice, tmp_path, (0.2, 0.2, 0.8, 0.9), 0, MADE)
    assert found.hidden.value == found.whole.value and found.hidden_verdict.startswith("still tells")
    assert found.alone.value == pytest.approx(0.5) and found.alone_verdict.startswith("loses")
    assert len(read_looks(tmp_path)[0]) == 1


def _of_side(side: int) -> object:
    import msgspec

    return msgspec.structs.replace(manifest(data_name="phantom"), side=side)


def test_verdicts_need_an_interval_that_bears_them_out() -> None:
    words = [
        level_of(Estimate(*ends, ""))
        for ends in (
            (0.95, 0.9, 0.98),
            (0.95, 0.6, 0.99),
            (0.75, 0.55, 0.9),
            (0.65, 0.6, 0.7),
            (0.5, 0.45, 0.55),
            (0.6, 0.4, 0.8),
        )
    ]
    assert words == ["gives the class away", "shortcut", "shortcut", "trace", "nothing", "not settled"]
    assert level_of(Estimate(None, None, None, "")) == "not settled"
    assert hidden_verdict(Estimate(0.5, 0.4, 0.6, "")).startswith("tells nothing")
    assert (
        alone_verdict(Estimate(0.9, 0.8, 0.95, ""), Estimate(0.0, -0.1, 0.1, "")) == "does as well with the lungs alone"
    )
