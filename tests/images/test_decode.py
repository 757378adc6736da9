"""Decoding: bombs, damage, several pictures in a file, and the real files at hand."""

from __future__ import annotations

import csv
import io
import struct
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile, ImageOps

from hilum.errors import HilumError
from hilum.images import Limits, read_film
from picture_files import Bytes, encoded, grey_tags, png_bomb, random_bytes, tiff_file

# The filter that hilum.images sets for good is undone by pytest around every test.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

GREY = random_bytes(40, 56)
RGB = random_bytes(40, 56, 3)
ANIMATED: dict[str, Any] = {"save_all": True, "append_images": [Image.fromarray(RGB[::-1])]}
PICTURES = {
    "jpeg": encoded(GREY, "JPEG", 6),
    "progressive": encoded(RGB, "JPEG", progressive=True),
    "cmyk": encoded(Image.fromarray(RGB).convert("CMYK"), "JPEG"),
    "mpo": encoded(RGB, "MPO", **ANIMATED),
    "png": encoded(GREY, "PNG", 8),
    "png16": encoded(GREY.astype(np.uint16) * 200, "PNG"),
    "palette": encoded(Image.fromarray(RGB).quantize(16), "PNG", transparency=b"\0\x80\xff"),
    "apng": encoded(RGB, "PNG", **ANIMATED),
    "bmp": encoded(GREY, "BMP"),
    "bmp24": encoded(RGB, "BMP"),
    "tiff": encoded(RGB, "TIFF", 6),
    "tiff16": encoded(GREY.astype(np.uint16), "TIFF"),
    "tiff_float": encoded(GREY.astype(np.float32), "TIFF", compression="tiff_lzw"),
    "tiff_jpeg": encoded(RGB, "TIFF", compression="jpeg"),
    "tiff_pages": encoded(GREY, "TIFF", save_all=True, append_images=[Image.fromarray(GREY)]),
}


def refusal(content: bytes, name: str) -> str:
    with pytest.raises(HilumError) as caught:
        read_film(content, name=name)
    assert f"'{name}'" in caught.value.happened and caught.value.expected and caught.value.do
    return str(caught.value)


@pytest.mark.parametrize(("name", "format_name"), [("mpo", "MPO"), ("apng", "PNG"), ("tiff_pages", "TIFF")])
def test_several_pictures_in_a_file_are_refused(name: str, format_name: str) -> None:
    assert f"more than one picture (multi-page or animated {format_name})" in refusal(PICTURES[name], name)


@pytest.mark.parametrize("name", ["jpeg", "progressive", "png", "png16", "bmp", "tiff", "tiff_float"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("is_lenient", [False, True])
def test_a_truncated_file_is_refused(
    name: str, share: float, is_lenient: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A library such as WeasyPrint may have asked Pillow, in the whole process, to take what there is.
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", is_lenient)
    text = refusal(PICTURES[name][: int(share * len(PICTURES[name]))], name)
    assert "cannot be decoded as" in text or "black or white" in text


@pytest.mark.parametrize("name", ["jpeg", "png", "png16", "bmp", "tiff16", "tiff_jpeg"])
def test_a_file_short_of_some_last_bytes_is_refused_or_whole(name: str) -> None:
    whole = read_film(PICTURES[name]).pixels
    for missing in range(1, 60):
        try:
            film = read_film(PICTURES[name][:-missing])
        except HilumError:
            continue
        assert np.array_equal(film.pixels, whole)


def damaged(content: bytes, random: np.random.Generator) -> bytes:
    """Some bytes changed, a piece cut out or doubled, or the end missing."""
    changed = bytearray(content)
    kind, place = random.integers(4), int(random.integers(len(content)))
    if kind == 0:
        return content[: place + 1]
    if kind == 1:
        for place in random.integers(0, len(content), 5):
            changed[place] = random.integers(256)
    elif kind == 2:
        for place in random.integers(0, min(200, len(content)), 4):
            changed[place] = random.integers(256)
    else:
        changed[place : place + 8] = changed[place : place + 8] * int(random.integers(3))
    return bytes(changed)


@pytest.mark.parametrize("name", PICTURES)
def test_a_damaged_file_gives_a_film_or_one_kind_of_error(name: str) -> None:
    random = np.random.default_rng(20)
    refused = 0
    for _ in range(40):
        try:
            film = read_film(damaged(PICTURES[name], random), name=name)
            assert film.pixels.ndim == 2 and film.pixels.dtype == np.uint8
        except HilumError as error:
            refused += 1
            assert "\n" not in str(error) and len(str(error)) < 500
    assert refused > 0


def jpeg_header_of(side: int) -> bytes:
    """A small JPEG that claims to be side x side."""
    content = encoded(GREY, "JPEG")
    return content.replace(struct.pack(">HH", 40, 56), struct.pack(">HH", side, side))


BOMBS = {
    "bomb.jpg": jpeg_header_of(40_000),
    "bomb.bmp": encoded(GREY, "BMP").replace(struct.pack("<ii", 56, 40), struct.pack("<ii", 40_000, 40_000)),
    "bomb.tif": tiff_file(grey_tags(40_000, 40_000, 8), GREY.tobytes()),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_header_beyond_the_pixel_limit_is_refused_without_a_warning(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        text = refusal(BOMBS[name], name)
    assert "is 40,000 x 40,000 pixels. Expected at most 64,000,000 pixels" in text


def test_a_complete_png_bomb_is_refused_in_little_memory(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.png"
    bomb.write_bytes(png_bomb(40_000))
    code = (
        "import resource, sys; from pathlib import Path; from hilum.images import read_film\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try: read_film(Path(sys.argv[1]))\n"
        "except Exception as error: print(type(error).__name__, error)\n"
        "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)"
    )
    command = [sys.executable, "-W", "always", "-c", code, str(bomb)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    text, grown_mb = run.stdout.splitlines()
    assert text.startswith(f"HilumError '{bomb}' is 40,000 x 40,000 pixels.")
    assert int(grown_mb) < 30
    assert run.stderr == ""


def test_a_jpeg_of_endless_scans_is_refused() -> None:
    content = PICTURES["progressive"]
    last_scan = content[content.rindex(b"\xff\xda") : -2]
    assert read_film(content[:-2] + 5 * last_scan + content[-2:]).pixels.size
    assert "scans. Expected a JPEG of at most 100" in refusal(content[:-2] + 200 * last_scan + content[-2:], "slow.jpg")


def test_remarks_of_pillow_do_not_reach_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "film.tif").write_bytes(PICTURES["tiff16"][:30])  # Pillow warns of each tag that is cut off
    code = "import sys; from pathlib import Path; from hilum.images import read_film; read_film(Path(sys.argv[1]))"
    command = [sys.executable, "-c", code, str(tmp_path / "film.tif")]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Warning" not in run.stderr and "Missing dimensions" in run.stderr


def test_between_the_limits_of_hilum_and_pillow_nothing_is_warned_of() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "is 9,500 x 9,500 pixels" in refusal(png_bomb(9_500), "large.png")  # Pillow warns from 89 million on


def test_the_pixel_limit_is_exact() -> None:
    assert read_film(PICTURES["png"], limits=Limits(pixels=40 * 56)).pixels.size == 40 * 56
    with pytest.raises(HilumError, match=f"at most {40 * 56 - 1:,} pixels"):
        read_film(PICTURES["png"], limits=Limits(pixels=40 * 56 - 1))


def test_damaged_exif_leaves_the_picture_and_is_said() -> None:
    film = read_film(encoded(GREY, "PNG", exif=b"Exif\0\0XX*\0\x08\0\0\0"))
    assert np.array_equal(film.pixels, GREY)
    assert film.notes == ("The EXIF data are damaged; the picture was left as it is stored.",)


def test_an_orientation_without_meaning_is_ignored_and_said() -> None:
    assert read_film(encoded(GREY, "PNG", 9)).notes == ("EXIF orientation 9 has no meaning and was ignored.",)


def test_film_is_read_only() -> None:
    film = read_film(PICTURES["png"])
    with pytest.raises(ValueError, match="read-only"):
        film.pixels[0, 0] = 1


def test_threads_do_not_disturb_one_another() -> None:
    contents = [content for name, content in PICTURES.items() if name not in ("mpo", "apng", "tiff_pages")] * 8
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(read_film, contents))
    for film, content in zip(together, contents, strict=True):
        assert np.array_equal(film.pixels, read_film(content).pixels)


def pillow_grey(path: Path) -> Bytes:
    """What Pillow alone gives for an 8-bit file without transparency."""
    with Image.open(io.BytesIO(path.read_bytes())) as image:
        return np.asarray(ImageOps.exif_transpose(image).convert("RGB").convert("L"))


def test_original_films_are_what_pillow_decodes(shared_data: Path) -> None:
    paths = sorted((shared_data / "kermany-originals-sample").rglob("*.jpeg"))
    modes = set()
    for path in paths:
        film = read_film(path)
        modes.add(film.mode)
        assert np.array_equal(film.pixels, pillow_grey(path))
    assert len(paths) > 100 and modes == {"L", "RGB"}


def test_grey_films_stored_as_rgb_equal_their_luminance_channel(shared_data: Path) -> None:
    for path in sorted((shared_data / "kermany-224" / "val").rglob("*.jpeg")):
        with Image.open(path) as image:
            image.draft("L", image.size)
            assert np.array_equal(read_film(path).pixels, np.asarray(image))


def test_what_is_no_film_is_still_read_and_the_broken_files_are_refused(shared_data: Path) -> None:
    folder = shared_data / "not-chest"
    with (folder / "manifest.csv").open() as file:
        rows = [
            row for row in csv.DictReader(file) if row["group"] in ("odd-files", "document", "chest-ct", "limb-xray")
        ]
    for row in rows:
        path = folder / row["path"]
        if row["decode"] == "ok":
            assert read_film(path).pixels.size
        else:
            assert "cannot be decoded" in refusal(path.read_bytes(), row["path"])
    assert len(rows) > 30


def test_palette_of_the_odd_file_is_drawn_over_black(shared_data: Path) -> None:
    film = read_film(shared_data / "not-chest" / "odd-files" / "foo3x5x4indexed.png")
    assert film.pixels.shape == (3, 5)
    assert film.notes == ("Transparent parts were drawn over black.",)
