"""The map over its film."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from hilum.attribution.places import Places, placed
from hilum.runtime import draw_map
from hilum.runtime.mapping import at_film, full_colour_at, in_patches, strength_of


def test_film_without_evidence_is_drawn_as_it_is() -> None:
    film = np.random.default_rng(0).integers(0, 256, (90, 120), dtype=np.uint8)
    drawn = np.asarray(draw_map(film, np.zeros((7, 7), np.float32)))
    assert np.array_equal(drawn[:, :120], np.repeat(film[..., None], 3, axis=2))


def test_evidence_for_is_orange_and_against_is_blue_where_it_lies() -> None:
    film = np.full((80, 80), 100, np.uint8)
    evidence = np.zeros((8, 8), np.float32)
    evidence[1, 1], evidence[6, 6] = 2.0, -2.0
    drawn = np.asarray(draw_map(film, evidence)).astype(int)
    red, blue = drawn[..., 0], drawn[..., 2]
    assert red[15, 15] > blue[15, 15] + 60
    assert blue[65, 65] > red[65, 65] + 20
    assert abs(red[40, 40] - blue[40, 40]) < 5


def rows_with_text(height_px: int) -> list[bool]:
    """For each row of the picture, whether the text beside the colour bar reaches it."""
    drawn = np.asarray(draw_map(np.zeros((height_px, 60), np.uint8), np.ones((3, 3), np.float32)))
    return [bool(row.any()) for row in drawn[:, 60 + 12 + 14 + 3 :]]


@pytest.mark.parametrize(("height_px", "labels"), [(60, 2), (128, 3), (400, 3), (1024, 3)])
def test_labels_of_the_colour_bar_stand_apart(height_px: int, labels: int) -> None:
    rows = rows_with_text(height_px)
    assert sum(after and not before for before, after in pairwise([False, *rows])) == labels


def test_number_and_word_of_a_label_are_two_words() -> None:
    drawn = np.asarray(draw_map(np.zeros((128, 60), np.uint8), np.ones((3, 3), np.float32)))
    columns = drawn[: 128 // 3, 60 + 12 + 14 + 3 :].any(axis=(0, 2))
    written = np.flatnonzero(columns)
    assert np.diff(written).max() >= 5


def test_map_of_a_padded_film_lies_where_the_network_saw_it() -> None:
    evidence = np.zeros((12, 12), np.float32)  # the film fills the middle third of its square
    evidence[0, 0], evidence[4, 0], evidence[7, 11] = 5.0, 2.0, -2.0  # the first lies on the border that was added
    seen = at_film(evidence, 40, 120, "pad")
    assert seen.shape == (40, 120)
    assert np.unravel_index(seen.argmax(), seen.shape)[0] < 10 and seen.max() < 3
    assert seen[35, 115] < -1


def test_caption_stands_below_the_film_and_is_folded_to_its_width() -> None:
    film = np.zeros((90, 60), np.uint8)
    bare = draw_map(film, np.ones((3, 3), np.float32))
    short = draw_map(film, np.ones((3, 3), np.float32), caption=("Grad-CAM",))
    long = draw_map(film, np.ones((3, 3), np.float32), caption=("Grad-CAM, layer body.stages.2.0.conv1 " * 3, "x" * 90))
    assert bare.width == short.width == long.width and bare.height < short.height < long.height
    written = np.asarray(long)[bare.height :]
    assert written.any() and not written[:, -6:].any()


def test_evidence_of_pixels_keeps_its_sum_in_patches() -> None:
    evidence = np.random.default_rng(0).normal(size=(150, 150)).astype(np.float32)
    patches = in_patches(evidence)
    assert patches.shape == (28, 28) and patches.sum() == pytest.approx(evidence.sum(), rel=1e-4)
    assert np.array_equal(in_patches(evidence[:7, :9]), evidence[:7, :9])


def test_strength_is_that_of_no_stray_pixel() -> None:
    assert strength_of(np.array([[0.0, -3.0]], np.float32)) == 3.0
    fine = np.zeros((100, 100), np.float32)
    fine[:50], fine[0, 0] = 1.0, 900.0
    assert strength_of(fine) == 1.0


@pytest.mark.parametrize(("places", "share"), [(7, 0.88), (14, 0.79), (28, 0.69)])
def test_peak_of_a_placed_map_is_cut_as_far_as_the_docstring_says(places: int, share: float) -> None:
    noise = np.random.default_rng(0)
    maps = [noise.normal(size=(places, places)).astype(np.float32) for _ in range(30)]
    over = [placed(one, Places(0.5, 224 / places), 224) for one in maps]
    found = np.mean([strength_of(one) / np.abs(one).max() for one in over])
    assert found == pytest.approx(share, abs=0.04)


def test_full_colour_is_that_of_the_strongest_film() -> None:
    assert full_colour_at([0.5, 3.0]) == 3.0
    assert full_colour_at([]) == full_colour_at([0.0]) == 1.0
