"""Phantom films: believable in layout, known in every opacity, and told apart by nothing but what they show."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hilum.datasets.patients import kermany
from hilum.datasets.phantom import OPACITIES, PhantomFilm, draw_film, draw_phantom_films
from hilum.datasets.phantom.patients import draw_build
from hilum.errors import HilumError

PATIENTS = 120


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of phantom films that all tests of this file look at."""
    folder = tmp_path_factory.mktemp("drawn") / "phantoms"
    draw_phantom_films(folder, patients=PATIENTS, seed=5, side=192)
    return folder


def films_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.jpeg"))


def auroc(score: np.ndarray, is_pneumonia: np.ndarray) -> float:
    """The chance that a film with pneumonia scores higher than one without; there are no ties to speak of."""
    return float((score[is_pneumonia][:, None] > score[~is_pneumonia][None, :]).mean())


def of_kind(kind: str, seed: int = 5) -> Iterator[PhantomFilm]:
    """The first film of some patients of one kind."""
    numbers = [number for number in range(32) if draw_build(seed, number).kind == kind]
    return (draw_film(seed, number, 0, 192) for number in numbers)


def test_same_seed_draws_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        draw_phantom_films(tmp_path / name, patients=8, seed=seed, side=128)
    one, again, other = (
        {path.relative_to(tmp_path / name).as_posix(): path.read_bytes() for path in (tmp_path / name).rglob("*.*")}
        for name in ("one", "again", "other")
    )
    assert one == again
    assert all(one[path] != other.get(path) for path in one)


def test_film_does_not_depend_on_how_many_patients_are_drawn(phantoms: Path, tmp_path: Path) -> None:
    draw_phantom_films(tmp_path / "few", patients=8, seed=5, side=192)
    for path in films_in(tmp_path / "few"):
        assert (tmp_path / "few" / path).read_bytes() == (phantoms / path).read_bytes()


def test_names_and_folders_are_those_of_the_kermany_films(phantoms: Path) -> None:
    for path in films_in(phantoms):
        split, folder, _ = path.split("/")
        origin = kermany(path)
        assert origin is not None
        assert split in ("train", "test")
        assert folder.lower() == origin.label


def test_patients_have_several_films_and_never_cross_the_split(phantoms: Path) -> None:
    films = films_in(phantoms)
    patients = [origin.patient for path in films if (origin := kermany(path))]
    splits = {(patient, path.split("/")[0]) for patient, path in zip(patients, films, strict=True)}
    assert len(splits) == len(set(patients)) == PATIENTS
    assert max(patients.count(patient) for patient in set(patients)) >= 4


@pytest.mark.parametrize("split", ["train", "test"])
def test_every_kind_is_in_every_split_and_about_half_has_pneumonia(phantoms: Path, split: str) -> None:
    origins = [origin for path in films_in(phantoms) if path.startswith(split) and (origin := kermany(path))]
    assert {origin.subtype for origin in origins} == {"normal", "bacteria", "virus"}
    assert 0.4 < np.mean([origin.label == "pneumonia" for origin in origins]) < 0.68


def test_films_are_grey_jpegs_of_the_width_asked_for(phantoms: Path) -> None:
    for path in films_in(phantoms)[::10]:
        with Image.open(phantoms / path) as film:
            assert (film.format, film.mode, film.width) == ("JPEG", "L", 192)
            assert 120 < film.height < 180


def test_table_gives_every_film_with_pneumonia_its_opacities(phantoms: Path) -> None:
    with (phantoms / OPACITIES).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["path"] for row in rows} == {path for path in films_in(phantoms) if "PNEUMONIA" in path}
    assert all(0 < float(row["radius_x"]) < 96 and 0 < float(row["radius_y"]) < 96 for row in rows)


@pytest.mark.parametrize("kind", ["bacteria", "virus"])
def test_opacities_lie_inside_the_lungs(kind: str) -> None:
    for film in of_kind(kind):
        assert film.opacities
        for opacity in film.opacities:
            is_over_heart = opacity.kind == "haze"  # around a hilum, half of it can be
            assert is_over_heart or film.is_lung[round(opacity.centre_y), round(opacity.centre_x)]


def test_viral_opacities_are_in_both_lungs_and_bacterial_ones_are_few() -> None:
    for film in of_kind("virus"):
        spine = np.nonzero(film.is_lung)[1].mean()
        assert {opacity.centre_x > spine for opacity in film.opacities} == {True, False}
        assert [opacity.kind for opacity in film.opacities].count("haze") == 2
    assert all(len(film.opacities) <= 2 for film in of_kind("bacteria"))
    assert all(film.opacities == () for film in of_kind("normal"))


def test_lung_is_brighter_where_an_opacity_was_drawn() -> None:
    """Against the mean of normal lungs at the same height, most consolidations stand out; some are subtle."""
    differences = []
    for film in of_kind("bacteria"):
        opacity = film.opacities[0]
        y, x = np.indices(film.pixels.shape)
        distance = np.hypot((x - opacity.centre_x) / opacity.radius_x, (y - opacity.centre_y) / opacity.radius_y)
        inside, outside = film.is_lung & (distance < 0.5), film.is_lung & (distance > 1.3)
        differences.append(film.pixels[inside].mean() - film.pixels[outside].mean())
    assert np.mean(np.array(differences) > 5) > 0.6


def test_class_is_not_given_away_by_brightness_contrast_size_or_shape(phantoms: Path) -> None:
    paths = films_in(phantoms)
    is_pneumonia = np.array(["PNEUMONIA" in path for path in paths])
    pixels = [np.asarray(Image.open(phantoms / path), dtype=float) for path in paths]
    facts = {
        "brightness": np.array([film.mean() for film in pixels]),
        "contrast": np.array([film.std() for film in pixels]),
        "bytes": np.array([(phantoms / path).stat().st_size for path in paths], dtype=float),
        "height": np.array([film.shape[0] for film in pixels]) + np.linspace(0, 0.1, len(pixels)),
    }
    for name, values in facts.items():
        assert 0.35 < auroc(values, is_pneumonia) < 0.65, name


def test_simple_model_learns_something_but_not_all(phantoms: Path) -> None:
    """Ridge regression on 24 x 24 pixels, each patient judged by a model that never saw any of his or her films."""
    paths = films_in(phantoms)
    patients = [origin.patient for path in paths if (origin := kermany(path))]
    fold = np.unique(patients, return_inverse=True)[1] % 4
    is_pneumonia = np.array(["PNEUMONIA" in path for path in paths])
    small = np.stack([np.asarray(Image.open(phantoms / path).resize((24, 24)), dtype=float).ravel() for path in paths])
    small = (small - small.mean(axis=0)) / small.std(axis=0)
    score = np.zeros(len(paths))
    for held_out in range(4):
        fit = fold != held_out
        likeness = small @ small[fit].T
        weights = np.linalg.solve(
            likeness[fit] + 1000 * np.eye(fit.sum()), is_pneumonia[fit] - is_pneumonia[fit].mean()
        )
        score[~fit] = likeness[~fit] @ weights
    assert 0.6 < auroc(score, is_pneumonia) < 0.97


def test_films_that_are_there_already_are_left_alone(phantoms: Path) -> None:
    before = {path: (phantoms / path).stat().st_mtime_ns for path in films_in(phantoms)}
    assert draw_phantom_films(phantoms, patients=PATIENTS, seed=5, side=192) == len(before)
    assert {path: (phantoms / path).stat().st_mtime_ns for path in films_in(phantoms)} == before
    with pytest.raises(HilumError, match="other phantom films"):
        draw_phantom_films(phantoms, patients=PATIENTS, seed=6, side=192)


def test_folder_with_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(HilumError, match="exists already"):
        draw_phantom_films(tmp_path, patients=8)


def test_drawing_that_is_interrupted_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("hilum.datasets.phantom.collection.draw_film", interrupt)
    with pytest.raises(KeyboardInterrupt):
        draw_phantom_films(tmp_path / "phantoms", patients=8)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wish", [{"patients": 7}, {"patients": -1}, {"side": 95}, {"side": 641}, {"seed": -1}])
def test_wish_out_of_range_is_refused(tmp_path: Path, wish: dict[str, int]) -> None:
    with pytest.raises(HilumError, match="Choose a number"):
        draw_phantom_films(tmp_path / "phantoms", **{"patients": 8, **wish})  # type: ignore[arg-type]
