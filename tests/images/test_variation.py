"""The same film by another machine or hand."""

from __future__ import annotations

import numpy as np

from hilum.images.variation import natural_variation

FILM = np.random.default_rng(0).integers(0, 256, (9, 8), dtype=np.uint8).repeat(10, axis=0).repeat(10, axis=1)


def test_same_state_of_the_generator_gives_the_same_film() -> None:
    one, other = (natural_variation(FILM, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(one, other)
    assert not np.array_equal(one, natural_variation(FILM, np.random.default_rng(6)))


def test_shape_and_kind_stay_and_the_film_itself_is_untouched() -> None:
    before = FILM.copy()
    for seed in range(30):
        varied = natural_variation(FILM, np.random.default_rng(seed))
        assert varied.shape == FILM.shape and varied.dtype == np.uint8 and varied is not FILM
    assert np.array_equal(FILM, before)


def test_varied_film_still_resembles_the_film() -> None:
    smooth = np.add.outer(np.arange(90), np.arange(80)).astype(np.uint8)
    alike = [
        np.corrcoef(smooth.ravel(), natural_variation(smooth, np.random.default_rng(seed)).ravel())[0, 1]
        for seed in range(50)
    ]
    assert np.median(alike) > 0.9
