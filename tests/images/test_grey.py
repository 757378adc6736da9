"""The grey value of every kind of pixel, against NumPy written from docs/reference/preprocessing.md."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image

from hilum.errors import HilumError
from hilum.images import read_film
from picture_files import Bytes, encoded, grey_tags, random_bytes, tiff_file

HEIGHT, WIDTH = 5, 7


def product(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.int64]:
    """mul(a, b) of the page: a * b / 255, rounded."""
    t: NDArray[np.int64] = a.astype(np.int64) * b + 128
    return ((t >> 8) + t) >> 8


def luma(rgb: NDArray[Any]) -> NDArray[np.int64]:
    """Grey of (..., 3) red, green, blue."""
    red, green, blue = np.moveaxis(rgb.astype(np.int64), -1, 0)
    weighted: NDArray[np.int64] = red * 19595 + green * 38470 + blue * 7471 + 32768
    return weighted >> 16


def grey_of_cmyk(cmyk: Bytes) -> NDArray[np.int64]:
    """Grey of (..., 4) cyan, magenta, yellow, black."""
    room = 255 - cmyk[..., 3:].astype(np.int64)
    return luma(room - product(cmyk[..., :3], room))


def stretched(values: NDArray[Any]) -> NDArray[np.int64]:
    """The page's formula for whole numbers."""
    span = int(values.max()) - int(values.min())
    return (510 * (values.astype(np.int64) - int(values.min())) + span) // (2 * span)


PALETTE = random_bytes(16, 3, seed=1)
INDEX = random_bytes(HEIGHT, WIDTH, seed=2) % 16
RGB = random_bytes(HEIGHT, WIDTH, 3, seed=3)
RGBA = random_bytes(HEIGHT, WIDTH, 4, seed=4)
GREY_ALPHA = random_bytes(HEIGHT, WIDTH, 2, seed=5)
GREY = random_bytes(HEIGHT, WIDTH, seed=6)
CMYK = random_bytes(HEIGHT, WIDTH, 4, seed=7)
DEEP = np.random.default_rng(8).integers(300, 4000, (HEIGHT, WIDTH)).astype(np.uint16)


def palette_picture() -> Image.Image:
    picture = Image.frombytes("P", (WIDTH, HEIGHT), INDEX.tobytes())
    picture.putpalette(PALETTE.tobytes())
    return picture


PICTURES: dict[str, tuple[Image.Image, NDArray[Any]]] = {
    "1": (Image.fromarray(GREY > 127), np.where(GREY > 127, 255, 0)),
    "L": (Image.fromarray(GREY), GREY),
    "LA": (Image.fromarray(GREY_ALPHA), product(GREY_ALPHA[..., 0], GREY_ALPHA[..., 1])),
    "P": (palette_picture(), luma(PALETTE[INDEX])),
    "RGB": (Image.fromarray(RGB), luma(RGB)),
    "RGBA": (Image.fromarray(RGBA), product(luma(RGBA[..., :3]), RGBA[..., 3])),
    "CMYK": (Image.fromarray(CMYK, "CMYK"), grey_of_cmyk(CMYK)),
    "I;16": (Image.fromarray(DEEP), stretched(DEEP)),
    "I;16B": (Image.fromarray(DEEP.astype(">u2")), stretched(DEEP)),
    "I": (Image.fromarray(DEEP.astype(np.int32) - 2000), stretched(DEEP)),
    "F": (Image.fromarray(DEEP.astype(np.float32) / 4), stretched(DEEP)),
}
FILES = [
    *(("PNG", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")),
    *(("TIFF", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I;16B", "I", "F")),
    *(("BMP", mode) for mode in ("1", "L", "P", "RGB")),
]


def upright(stored: NDArray[Any], orientation: int) -> NDArray[Any]:
    """u of the page, element by element."""
    h, w = stored.shape
    sources: dict[int, Callable[[int, int], tuple[int, int]]] = {
        1: lambda y, x: (y, x),
        2: lambda y, x: (y, w - 1 - x),
        3: lambda y, x: (h - 1 - y, w - 1 - x),
        4: lambda y, x: (h - 1 - y, x),
        5: lambda y, x: (x, y),
        6: lambda y, x: (h - 1 - x, y),
        7: lambda y, x: (h - 1 - x, w - 1 - y),
        8: lambda y, x: (x, w - 1 - y),
    }
    source = sources[orientation]
    rows, columns = (w, h) if orientation >= 5 else (h, w)
    return np.array([[stored[source(y, x)] for x in range(columns)] for y in range(rows)])


@pytest.mark.parametrize(("format_name", "mode"), FILES)
def test_each_kind_of_pixel_gets_the_grey_value_of_the_page(format_name: str, mode: str) -> None:
    picture, expected = PICTURES[mode]
    film = read_film(encoded(picture, format_name))
    assert film.pixels.tolist() == expected.tolist()
    assert (film.source_format, film.width_px, film.height_px) == (format_name, WIDTH, HEIGHT)
    assert film.mode == mode


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("format_name", "mode"), [row for row in FILES if row[0] != "BMP"])
def test_exif_orientation_is_applied_once(format_name: str, mode: str, orientation: int) -> None:
    picture, expected = PICTURES[mode]
    film = read_film(encoded(picture, format_name, orientation))
    assert film.pixels.tolist() == upright(expected, orientation).tolist()
    assert any(f"EXIF orientation {orientation}" in note for note in film.notes) == (orientation != 1)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg_is_turned_by_its_exif_orientation(mode: str, orientation: int) -> None:
    stored = read_film(encoded(PICTURES[mode][0], "JPEG")).pixels
    film = read_film(encoded(PICTURES[mode][0], "JPEG", orientation))
    assert film.pixels.tolist() == upright(stored, orientation).tolist()


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits"])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK", "I;16", "F"])
def test_compressed_tiff_gives_the_same_pixels(mode: str, compression: str) -> None:
    picture, expected = PICTURES[mode]
    film = read_film(encoded(picture, "TIFF", 6, compression=compression))
    assert film.pixels.tolist() == upright(expected, 6).tolist()


def test_cmyk_jpeg_follows_the_formula_after_its_inversion() -> None:
    content = encoded(PICTURES["CMYK"][0], "JPEG", quality=95)
    decoded = np.asarray(Image.open(io.BytesIO(content)))
    assert read_film(content).pixels.tolist() == grey_of_cmyk(decoded).tolist()


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_grey_of_a_jpeg_is_that_of_pillow_in_full_size(mode: str) -> None:
    content = encoded(Image.fromarray(RGB).convert(mode).resize((64, 48)), "JPEG")
    expected = np.asarray(Image.open(io.BytesIO(content)).convert("RGB").convert("L"))
    assert np.array_equal(read_film(content).pixels, expected)


def test_palette_transparency_is_drawn_over_black() -> None:
    alpha = random_bytes(16, seed=9)
    film = read_film(encoded(palette_picture(), "PNG", transparency=alpha.tobytes()))
    assert film.pixels.tolist() == product(luma(PALETTE[INDEX]), alpha[INDEX]).tolist()
    assert "over black" in film.notes[0]


@pytest.mark.parametrize(("mode", "transparent"), [("L", int(GREY[1, 2])), ("RGB", tuple(map(int, RGB[1, 2])))])
def test_a_transparent_colour_becomes_black(mode: str, transparent: Any) -> None:
    picture, expected = PICTURES[mode]
    film = read_film(encoded(picture, "PNG", transparency=transparent))
    assert expected[1, 2] > 0
    assert film.pixels[1, 2] == 0
    assert film.pixels[0, 0] == expected[0, 0]


def test_transparent_value_of_deep_grey_is_ignored_and_said() -> None:
    film = read_film(encoded(DEEP, "PNG", transparency=int(DEEP.min())))
    assert film.pixels.tolist() == stretched(DEEP).tolist()
    assert "ignored" in film.notes[-1]


def test_stretching_says_from_which_values() -> None:
    film = read_film(encoded(DEEP, "PNG"))
    assert film.notes == (f"Values from {DEEP.min()} to {DEEP.max()} were stretched to 0 to 255.",)
    assert (film.pixels.min(), film.pixels.max()) == (0, 255)


def test_a_constant_deep_picture_is_black_and_said() -> None:
    film = read_film(encoded(np.full((4, 4), 812, np.uint16), "PNG"))
    assert not film.pixels.any()
    assert film.notes == ("Every pixel has the value 812, drawn as black.",)


@given(arrays(np.int32, st.tuples(st.integers(1, 6), st.integers(1, 6))))
def test_stretching_is_exact_for_all_whole_numbers(values: NDArray[np.int32]) -> None:
    film = read_film(encoded(values, "TIFF"))
    if values.min() == values.max():
        assert not film.pixels.any()
    else:
        assert film.pixels.tolist() == stretched(values).tolist()


def test_stretching_in_blocks_joins_without_a_seam() -> None:
    values = np.arange(1100 * 1100, dtype=np.int32).reshape(1100, 1100)  # more than one block
    assert np.array_equal(read_film(encoded(values, "TIFF")).pixels, stretched(values))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_no_number_is_refused(value: float) -> None:
    values = np.ones((3, 3), np.float32)
    values[1, 1] = value
    with pytest.raises(HilumError, match="'scan' holds values that are not finite"):
        read_film(encoded(values, "TIFF"), name="scan")


def test_lab_colours_are_refused() -> None:
    content = encoded(Image.new("LAB", (4, 4)), "TIFF")
    with pytest.raises(HilumError, match="stores its colours as LAB"):
        read_film(content, name="scan.tif")


def test_sixteen_bits_a_colour_keep_the_upper_eight_and_say_so() -> None:
    values = np.random.default_rng(1).integers(0, 65536, (3, 4, 3)).astype("<u2")
    tags = {**grey_tags(4, 3, 16, photometric=2), 277: ("H", 3)}
    film = read_film(tiff_file(tags, values.tobytes()))
    assert film.pixels.tolist() == luma(values >> 8).tolist()
    assert film.notes == ("16 bits a channel: only the upper 8 were used.",)
