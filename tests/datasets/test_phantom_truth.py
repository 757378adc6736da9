"""Where opacities lie on the square that a network sees."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hilum.datasets.phantom import OPACITIES, Opacity
from hilum.datasets.phantom.truth import opacity_mask, read_opacities
from hilum.errors import HilumError
from hilum.images import to_square


def test_every_film_with_pneumonia_has_its_opacities(phantom_films: Path) -> None:
    found = read_opacities(phantom_films)
    films = {path.relative_to(phantom_films).as_posix() for path in phantom_films.glob("*/PNEUMONIA/*")}
    assert set(found) == films
    assert all(1 <= len(opacities) <= 13 for opacities in found.values())


def test_mask_lies_where_a_drawn_ellipse_is_after_squashing() -> None:
    """The ellipse painted on the film and squashed like any film, against the mask from its numbers."""
    film = np.zeros((150, 240), dtype=np.uint8)
    y, x = np.indices(film.shape)
    film[((x - 60.5) / 31) ** 2 + ((y - 90) / 22) ** 2 <= 1] = 255
    painted = to_square(film, 80) > 127
    mask = opacity_mask([Opacity(60.5, 90, 31, 22, "patch")], 240, 150, 80)
    assert (painted & mask).sum() / (painted | mask).sum() > 0.97


def test_several_opacities_are_united_and_one_outside_adds_nothing() -> None:
    one, other = Opacity(20, 20, 8, 8, "patch"), Opacity(70, 40, 5, 9, "patch")
    together = opacity_mask([one, other], 100, 80, 50)
    apart = opacity_mask([one], 100, 80, 50) | opacity_mask([other], 100, 80, 50)
    assert np.array_equal(together, apart) and together.any()
    assert not opacity_mask([Opacity(-50, 20, 8, 8, "patch")], 100, 80, 50).any()
    assert not opacity_mask([], 100, 80, 50).any()


def test_films_are_brighter_in_the_mask_than_normal_ones_are_there(phantom_films: Path) -> None:
    """The mask is neither mirrored nor upside down: bacterial opacities stand out from the mean normal film in it."""

    def square(path: Path) -> np.ndarray:
        with Image.open(path) as film:
            return to_square(np.asarray(film), 64).astype(float)

    normal = np.mean([square(path) for path in phantom_films.glob("train/NORMAL/*")], axis=0)
    for turned, expected in ((False, True), (True, False)):
        brighter = []
        for path, opacities in read_opacities(phantom_films).items():
            if "bacteria" in path:
                with Image.open(phantom_films / path) as film:
                    mask = opacity_mask(opacities, film.width, film.height, 64)
                mask = mask[::-1, ::-1] if turned else mask
                rest = square(phantom_films / path) - normal
                brighter.append(rest[mask].mean() - rest[~mask].mean())
        assert (np.mean(brighter) > 10) == expected, np.mean(brighter)


@pytest.mark.parametrize(
    "content", ["path,centre_x\na,1\n", "path,centre_x,centre_y,radius_x,radius_y,kind\na,1,2,x,4,haze\n"]
)
def test_table_that_hilum_did_not_write_is_one_sentence(tmp_path: Path, content: str) -> None:
    (tmp_path / OPACITIES).write_text(content)
    with pytest.raises(HilumError, match=r"is no table of opacities.*hilum data fetch phantom"):
        read_opacities(tmp_path)
    with pytest.raises(HilumError, match="nowhere"):
        read_opacities(tmp_path / "nowhere")
