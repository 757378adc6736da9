"""hilum data show."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from film_folders import kermany_like
from hilum.errors import HilumError
from hilum.images import read_film
from hilum.verbs.data_show import show

pytestmark = pytest.mark.slow  # seconds a test: `make check` leaves them to `make test`


def test_two_pictures_are_written_beside_the_catalogue(tmp_path: Path) -> None:
    answer = show(kermany_like(tmp_path / "films", patients=3), workspace=tmp_path / "work")
    for picture in (answer.counts_picture, answer.films_picture):
        assert Path(picture).parent == tmp_path / "work" / "films"
        assert read_film(Path(picture)).width_px == 1600
    assert json.loads(json.dumps(answer.as_json()))["counts"][0]["patients"] == 9


def test_pictures_go_where_they_are_asked_to(tmp_path: Path) -> None:
    answer = show(kermany_like(tmp_path / "films", patients=3), output=tmp_path / "new", workspace=tmp_path / "work")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["counts.png", "films.png"]
    console = Console(width=120, no_color=True, highlight=False)
    with console.capture() as capture:
        console.print(answer)
    assert "train" in capture.get() and "counts.png" in capture.get()


def test_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HilumError, match="Could not write"):
        show(kermany_like(tmp_path / "films", patients=3), output=tmp_path / "file", workspace=tmp_path / "work")


def test_augmentation_of_a_recipe_is_drawn_films_as_rows_and_views_as_columns(tmp_path: Path) -> None:
    films = kermany_like(tmp_path / "films", patients=3)
    answer = show(films, augment="cnn-scratch", output=tmp_path / "new", workspace=tmp_path / "work")
    picture = read_film(tmp_path / "new" / "views.png")
    assert answer.views_picture == str(tmp_path / "new" / "views.png") and picture.width_px == 1600
    fewer = ("augment.views=2", "augment.mixup=0.2")
    show(films, augment="cnn-scratch", set_=fewer, output=tmp_path / "few", workspace=tmp_path / "work")
    assert read_film(tmp_path / "few" / "views.png").height_px > picture.height_px  # fewer columns, larger films


@pytest.mark.parametrize("views", [0, 2])
def test_views_are_those_that_training_on_these_films_draws(tmp_path: Path, views: int) -> None:
    pytest.importorskip("torch")
    from hilum.training.feed import training_films
    from hilum.training.views import views_of
    from small_job import small_job, small_recipe

    recipe = small_recipe(f"augment.views={views}", "augment.noise=0.1", "augment.rotation_degrees=20")
    job = small_job(tmp_path, recipe, fit_rows=np.arange(6))
    drawn = views_of(job.pixels[:6], recipe, 3)
    for epoch in range(3):
        order = [np.array([5, 0]), np.array([1, 4, 2, 3])]
        batches = [films for films, _ in training_films(job).batches(order, epoch, workers=0)]
        for group, films in zip(order, batches, strict=True):
            assert np.array_equal(drawn[group, epoch], films[:, 0].numpy())


def test_views_change_the_film_where_the_recipe_says_so() -> None:
    pytest.importorskip("torch")
    from hilum.recipe import read_recipe
    from hilum.training.views import views_of

    film = np.arange(64 * 64, dtype=np.uint8).reshape(1, 64, 64)
    changed = views_of(film, read_recipe("cnn-scratch", ["film.side=64"]), 3)
    assert changed.shape == (1, 3, 64, 64) and not np.array_equal(changed[0, 0], changed[0, 1])
    still = ["film.side=64", "augment.zoom=1", "augment.aspect=0", "augment.rotation_degrees=0", "augment.shift=0"]
    still += ["augment.flip=false", "augment.brightness=0", "augment.contrast=0"]
    assert np.array_equal(views_of(film, read_recipe("cnn-scratch", still), 2), np.stack([film, film], axis=1))


def test_pictures_without_augmentation_need_no_torch(tmp_path: Path) -> None:
    kermany_like(tmp_path / "films", patients=3)
    code = (
        "import sys; sys.modules['torch'] = None; from pathlib import Path; from hilum.verbs.data_show import show;"
        "show(Path(sys.argv[1]) / 'films', workspace=Path(sys.argv[1]) / 'work')"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_misspelt_recipe_is_refused_before_films_are_read(tmp_path: Path) -> None:
    with pytest.raises(HilumError, match="Did you mean 'cnn-scratch'"):
        show(tmp_path / "nowhere", augment="cnn-scrach")
