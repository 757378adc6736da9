"""Polarity, sign and tile size of TIFF files put together tag by tag."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from hilum.errors import HilumError
from hilum.images import Limits, read_film
from picture_files import encoded, grey_tags, random_bytes, tiff_file

GREY = random_bytes(3, 4)
DEEP = np.array([[100, 200, 300, 1100]], np.uint16)


def test_eight_bits_with_white_as_zero_are_inverted() -> None:
    film = read_film(tiff_file(grey_tags(4, 3, 8, photometric=0), GREY.tobytes()))
    assert np.array_equal(film.pixels, 255 - GREY)


def test_sixteen_bits_with_white_as_zero_are_inverted_and_said() -> None:
    black_zero = read_film(tiff_file(grey_tags(4, 1, 16), DEEP.tobytes()))
    white_zero = read_film(tiff_file(grey_tags(4, 1, 16, photometric=0), DEEP.tobytes()))
    assert black_zero.pixels.tolist() == [[0, 26, 51, 255]]
    assert np.array_equal(white_zero.pixels, 255 - black_zero.pixels)
    assert white_zero.notes[-1] == "Inverted, because 0 is white in this file."


def test_a_constant_film_with_white_as_zero_is_black() -> None:
    film = read_film(tiff_file(grey_tags(4, 1, 16, photometric=0), np.full(4, 7, np.uint16).tobytes()))
    assert not film.pixels.any()


def test_unknown_polarity_is_refused() -> None:
    tags = grey_tags(4, 3, 8)
    del tags[262]
    with pytest.raises(HilumError, match=r"'scan\.tif' does not say whether 0 is black or white"):
        read_film(tiff_file(tags, GREY.tobytes()), name="scan.tif")


def test_signed_eight_bits_are_refused() -> None:
    with pytest.raises(HilumError, match="signed 8-bit values"):
        read_film(tiff_file({**grey_tags(4, 3, 8), 339: ("H", 2)}, GREY.tobytes()))


@pytest.mark.parametrize("big_endian", [False, True])
def test_signed_sixteen_bits_are_stretched_from_their_lowest(big_endian: bool) -> None:
    values = np.array([[-1000, -500, 0, 1000]], ">i2" if big_endian else "<i2")
    film = read_film(tiff_file({**grey_tags(4, 1, 16), 339: ("H", 2)}, values.tobytes(), big_endian=big_endian))
    assert film.pixels.tolist() == [[0, 64, 128, 255]]


def test_unsigned_32_bits_beyond_the_signed_range_keep_their_order() -> None:
    values = np.array([[0, 2**31 - 1, 2**31, 2**32 - 1]], np.uint32)
    film = read_film(tiff_file(grey_tags(4, 1, 32), values.tobytes()))
    assert film.pixels.tolist() == [[0, 127, 128, 255]]


def test_a_small_picture_in_a_huge_tile_is_refused() -> None:
    content = tiff_file({**grey_tags(4, 3, 8), 322: ("I", 32768), 323: ("I", 32768)}, GREY.tobytes())
    with pytest.raises(HilumError, match="is 32,768 x 32,768 pixels"):
        read_film(content)


def test_more_pages_than_one_are_refused() -> None:
    pages = encoded(GREY, "TIFF", save_all=True, append_images=[Image.fromarray(GREY)])
    with pytest.raises(HilumError, match=r"'scan\.tif' holds more than one picture"):
        read_film(pages, name="scan.tif")


def test_big_tiff_is_read() -> None:
    assert np.array_equal(read_film(encoded(GREY, "TIFF", big_tiff=True)).pixels, GREY)


def test_the_limit_counts_a_picture_before_its_tile() -> None:
    with pytest.raises(HilumError, match=r"is 4 x 3 pixels\. Expected at most 11 pixels"):
        read_film(encoded(GREY, "TIFF"), limits=Limits(pixels=11))
