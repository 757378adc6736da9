"""What is no chest film for reasons that need no network, each told in words."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hilum.datasets.phantom import draw_phantom_films
from hilum.images import Film, check_film, read_film


def film(pixels: np.ndarray, colourfulness: float = 0.0) -> Film:
    return Film(np.ascontiguousarray(pixels, dtype=np.uint8), "PNG", "L", (), colourfulness)


def textured(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width), dtype=np.uint8)


def png(pixels: np.ndarray, mode: str | None = None) -> bytes:
    content = io.BytesIO()
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(content, "PNG")
    return content.getvalue()


def test_picture_with_nothing_wrong_has_no_reason_against_it() -> None:
    assert check_film(film(textured(200, 300))) == ()


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (film(textured(200, 31)), "tiny: 31 x 200 px"),
        (film(textured(100, 401)), "strip: one side is 4.0 times"),
        (film(textured(200, 200), colourfulness=9), "coloured"),
        (film(np.full((200, 200), 90)), "blank: nine tenths of it lie within 0 grey levels"),
        (film(100 + textured(200, 200) // 12), "blank"),
        (film(np.pad(textured(80, 80), 60)), "only 16% of it hold a picture"),
        (film(np.tile(np.arange(256), (200, 1))), "gradient or a row of stripes"),
        (film(np.tile(np.arange(256)[:, None], (1, 200))), "gradient or a row of stripes"),
        (film(np.pad(textured(100, 100), ((100, 100), (0, 200)), constant_values=255)), "margin"),
    ],
)
def test_picture_that_is_no_film_is_refused_in_words(picture: Film, reason: str) -> None:
    assert any(reason in sentence for sentence in check_film(picture))


@pytest.mark.parametrize(
    "padded",
    [
        np.pad(textured(116, 116), 42),  # 58 % of each side
        np.pad(textured(100, 300), ((100, 100), (0, 0))),
        np.pad(textured(100, 400), ((150, 150), (0, 0)), constant_values=255),
    ],
)
def test_film_on_a_larger_page_is_a_film(padded: np.ndarray) -> None:
    assert check_film(film(padded)) == ()


def test_gradient_of_a_palette_is_not_told_that_it_is_empty() -> None:
    ramp = Image.fromarray(np.tile(np.arange(256, dtype=np.uint8), (200, 1)))
    content = io.BytesIO()
    ramp.convert("P").save(content, "PNG")
    [reason] = check_film(read_film(content.getvalue()))
    assert "gradient" in reason and "margin" not in reason


def test_blank_by_a_mark_beyond_twelve_bits_is_told_of_the_stretch() -> None:
    deep = np.random.default_rng(0).integers(0, 4096, (200, 200)).astype(np.uint16)
    assert check_film(read_film(png(deep))) == ()
    deep[:9, :9] = 65535
    [reason] = check_film(read_film(png(deep)))
    assert "blank" in reason and "Values from 0 to 65535 were stretched" in reason and "as 8 bits" in reason


def test_every_reason_is_told() -> None:
    assert len(check_film(film(textured(20, 200), colourfulness=50))) == 3


def test_coloured_photograph_is_told_from_a_grey_one() -> None:
    colours = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8).repeat(20, axis=0).repeat(20, axis=1)
    assert read_film(png(colours)).colourfulness > 30
    assert read_film(png(colours[..., 0], "RGB")).colourfulness == pytest.approx(0, abs=1e-6)
    assert read_film(png(colours[..., 0])).colourfulness == 0


def test_tint_is_no_colour_and_a_coloured_letter_does_not_matter() -> None:
    grey = textured(320, 320).astype(float)
    blue = np.stack([grey * 0.7, grey * 0.8, 40 + grey * 0.8], axis=2).astype(np.uint8)
    assert read_film(png(blue)).colourfulness < 2
    marked = np.repeat(textured(320, 320)[..., None], 3, axis=2)
    marked[:20, :20] = (255, 0, 0)
    assert check_film(read_film(png(marked))) == ()


@pytest.mark.parametrize("colour", [(255, 0, 0), (255, 255, 0), (200, 60, 60)])
def test_grey_film_with_a_coloured_bar_beside_it_is_no_coloured_picture(colour: tuple[int, int, int]) -> None:
    film_and_bar = np.repeat(textured(320, 320)[..., None], 3, axis=2)
    film_and_bar[:, :38] = colour  # 12 %
    assert check_film(read_film(png(film_and_bar))) == ()
    film_and_bar[:, :100] = colour
    assert "coloured" in check_film(read_film(png(film_and_bar)))[0]


@pytest.mark.parametrize("mode", ["P", "RGBA", "CMYK"])
def test_colour_is_seen_in_every_mode(mode: str, tmp_path: Path) -> None:
    colours = np.zeros((64, 64, 3), np.uint8)
    colours[:32, :, 0], colours[32:, :, 2] = 200, 200
    target = tmp_path / "a.tif"
    Image.fromarray(colours).convert(mode).save(target)
    assert read_film(target).colourfulness > 30


def test_no_phantom_is_refused(tmp_path: Path) -> None:
    draw_phantom_films(tmp_path / "films", patients=20, seed=1, side=96)
    assert all(check_film(read_film(path)) == () for path in (tmp_path / "films").rglob("*.jpeg"))


def test_no_real_film_is_refused(shared_data: Path) -> None:
    originals = shared_data / "kermany-originals-sample" / "train"
    copies = shared_data / "kermany-224" / "train"
    films = sorted(originals.rglob("*.jpeg")) + sorted(copies.rglob("*.jpeg"))[::100]
    assert len(films) > 60
    assert [path.name for path in films if check_film(read_film(path))] == []
