"""The square, against a NumPy version written from docs/reference/preprocessing.md alone."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from hilum.errors import HilumError
from hilum.images import GEOMETRIES, read_film, to_square
from picture_files import Bytes, random_bytes


def axis_weights(n_in: int, n_out: int) -> NDArray[np.int64]:
    """(n_out, n_in) fixed-point weights: steps 1 to 5 of the page."""
    scale = n_in / n_out
    width = max(scale, 1.0)
    fixed = np.zeros((n_out, n_in), np.int64)
    for i in range(n_out):
        center = (i + 0.5) * scale
        first = max(0, math.trunc(center - width + 0.5))
        end = min(n_in, math.trunc(center + width + 0.5))
        distance = [abs((j - center + 0.5) * (1 / width)) for j in range(first, end)]
        weights = [1 - x if x < 1 else 0.0 for x in distance]
        total = 0.0
        for weight in weights:
            total += weight
        fixed[i, first:end] = [math.trunc(0.5 + weight / total * 4194304) for weight in weights]
    return fixed


def along_rows(pixels: Bytes, n_out: int) -> Bytes:
    """One pass: every row from its length to n_out."""
    if pixels.shape[1] == n_out:
        return pixels
    summed: NDArray[np.int64] = pixels.astype(np.int64) @ axis_weights(pixels.shape[1], n_out).T
    clipped: NDArray[np.int64] = np.clip((2097152 + summed) >> 22, 0, 255)
    return clipped.astype(np.uint8)


def resized(pixels: Bytes, width: int, height: int) -> Bytes:
    """Rows first, then columns."""
    return along_rows(along_rows(pixels, width).T, height).T


def padded(pixels: Bytes, side: int) -> Bytes:
    """The page's `pad`."""
    height, width = pixels.shape
    m = max(width, height)
    new_width = max(1, (2 * width * side + m) // (2 * m))
    new_height = max(1, (2 * height * side + m) // (2 * m))
    square = np.zeros((side, side), np.uint8)
    left, top = (side - new_width) // 2, (side - new_height) // 2
    square[top : top + new_height, left : left + new_width] = resized(pixels, new_width, new_height)
    return square


shapes = st.tuples(st.integers(1, 90), st.integers(1, 90))


@given(st.data(), shapes, st.integers(1, 64))
def test_squash_is_the_described_arithmetic(data: st.DataObject, shape: tuple[int, int], side: int) -> None:
    pixels = data.draw(arrays(np.uint8, shape))
    assert np.array_equal(to_square(pixels, side), resized(pixels, side, side))


@given(st.integers(0, 2**32), shapes, st.integers(1, 64))
def test_squash_is_the_described_arithmetic_on_noise(seed: int, shape: tuple[int, int], side: int) -> None:
    pixels = random_bytes(*shape, seed=seed)
    assert np.array_equal(to_square(pixels, side), resized(pixels, side, side))


@given(st.integers(0, 2**32), shapes, st.integers(1, 64))
def test_pad_is_the_described_arithmetic(seed: int, shape: tuple[int, int], side: int) -> None:
    pixels = random_bytes(*shape, seed=seed)
    assert np.array_equal(to_square(pixels, side, "pad"), padded(pixels, side))


@pytest.mark.parametrize("side", [28, 160, 224, 299])
@pytest.mark.parametrize("shape", [(1317, 1857), (224, 224), (2000, 300), (97, 41)])
def test_description_holds_at_the_sizes_of_films(shape: tuple[int, int], side: int) -> None:
    pixels = random_bytes(*shape)
    assert np.array_equal(to_square(pixels, side), resized(pixels, side, side))


def test_description_holds_on_a_real_film(shared_data: Path) -> None:
    path = next(iter(sorted((shared_data / "kermany-originals-sample" / "train" / "NORMAL").iterdir())))
    pixels = read_film(path).pixels
    assert np.array_equal(to_square(pixels, 224), resized(pixels, 224, 224))


def test_worked_row_of_the_page() -> None:
    assert axis_weights(3, 2)[0].tolist() == [2621440, 1572864, 0]
    assert to_square(np.array([[0, 100, 200]], np.uint8), 2).tolist() == [[38, 163]] * 2


def test_a_film_of_the_right_size_is_left_alone_and_copied() -> None:
    pixels = random_bytes(32, 32)
    square = to_square(pixels, 32)
    assert np.array_equal(square, pixels)
    square[0, 0] ^= 255
    assert square[0, 0] != pixels[0, 0]


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_read_only_and_strided_films_are_taken(geometry: str) -> None:
    pixels = random_bytes(40, 60)
    view = pixels[::2, ::-1]
    view.flags.writeable = False
    assert np.array_equal(to_square(view, 16, geometry), to_square(np.ascontiguousarray(view), 16, geometry))


def test_squash_ignores_aspect_and_pad_keeps_it() -> None:
    white = np.full((10, 40), 255, np.uint8)
    assert (to_square(white, 20) == 255).all()
    padded_rows = to_square(white, 20, "pad").any(axis=1)
    assert padded_rows.tolist() == [False] * 7 + [True] * 5 + [False] * 8


def test_misspelt_geometry_names_the_nearest() -> None:
    with pytest.raises(HilumError, match=r"no geometry 'sqash'.* Did you mean 'squash'\?"):
        to_square(random_bytes(4, 4), 2, "sqash")


@pytest.mark.parametrize("side", [0, -3, 4097])
def test_side_out_of_range_is_refused(side: int) -> None:
    with pytest.raises(HilumError, match=f"A square of {side} px"):
        to_square(random_bytes(4, 4), side)


@pytest.mark.parametrize("wrong", [np.zeros((3, 4, 3), np.uint8), np.zeros((0, 4), np.uint8), np.zeros((3, 4))])
def test_what_is_no_grey_image_is_refused(wrong: Bytes) -> None:
    with pytest.raises(HilumError, match="Expected uint8 with shape"):
        to_square(wrong, 8)
