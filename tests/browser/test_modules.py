"""The modules against the Python that they repeat, in a real browser."""

from __future__ import annotations

import base64
import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_films import made_films, png_file
from PIL import Image
from playwright.sync_api import Page

from hilum.attribution.places import Places, placed
from hilum.errors import HilumError
from hilum.images import Film, check_film, read_film, to_square
from hilum.images.colour import colourfulness
from hilum.metrics import PlattScaling
from hilum.metrics.conformal import ConformalSets
from hilum.runtime.mapping import at_film
from picture_files import png_bomb

_GENERATOR = np.random.default_rng(7)
_SIZES = [(1, 1), (1, 9), (40, 3), (64, 64), (97, 31), (300, 20), (131, 517)]
_READ = """async ({ name, content }) => {
  const bytes = Uint8Array.from(atob(content), (sign) => sign.charCodeAt(0));
  try {
    const film = await modules.film.readFilm(bytes, name);
    let text = "";
    for (const byte of film.pixels) text += String.fromCharCode(byte);
    return { ...film, pixels: btoa(text) };
  } catch (error) {
    return { problem: error.message, happened: error.happened ?? null };
  }
}"""


def read(modules: Page, content: bytes, name: str = "film") -> dict[str, Any]:
    """The film as the page reads it, or its problem."""
    text = base64.b64encode(content).decode("ascii")
    found: dict[str, Any] = modules.evaluate(_READ, {"name": name, "content": text})
    return found


def noise(*shape: int) -> np.ndarray:
    return _GENERATOR.integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("geometry", ["squash", "pad"])
@pytest.mark.parametrize("size", _SIZES)
def test_square_has_the_bytes_of_python(modules: Page, size: tuple[int, int], geometry: str) -> None:
    pixels = noise(*size)
    asked = {"pixels": pixels.reshape(-1).tolist(), "w": size[1], "h": size[0], "geometry": geometry}
    call = "({pixels, w, h, geometry}) => [...modules.square.toSquare(Uint8Array.from(pixels), w, h, 48, geometry)]"
    assert modules.evaluate(call, asked) == to_square(pixels, 48, geometry).reshape(-1).tolist()


@pytest.mark.parametrize("factor", [2, 3, 7, 13])
def test_reduced_picture_has_the_bytes_of_pillow(modules: Page, factor: int) -> None:
    pixels = noise(95, 61)
    asked = {"pixels": pixels.reshape(-1).tolist(), "factor": factor}
    call = "({pixels, factor}) => [...modules.reduce.reduced(Uint8Array.from(pixels), 61, 95, factor).pixels]"
    assert modules.evaluate(call, asked) == np.asarray(Image.fromarray(pixels).reduce(factor)).reshape(-1).tolist()


def test_every_made_film_reads_as_in_python(modules: Page) -> None:
    ramp = np.add.outer(np.arange(61) * 2, np.arange(83)).clip(0, 255).astype(np.uint8)
    for name, content in made_films(ramp // 2 + noise(61, 83) // 2).items():
        here, there = read_film(content, name=name), read(modules, content, name)
        assert "problem" not in there, (name, there)
        pixels = np.frombuffer(base64.b64decode(there["pixels"]), np.uint8).reshape(there["height"], there["width"])
        assert np.array_equal(pixels, here.pixels), name
        assert (there["mode"], there["format"]) == (here.mode, here.source_format), name
        assert there["notes"] == list(here.notes), name
        assert there["colourfulness"] == pytest.approx(here.colourfulness, abs=1e-6), name


def test_wrong_suffix_and_odd_orientation_are_noted_as_in_python(modules: Page) -> None:
    content = io.BytesIO()
    exif = Image.Exif()
    exif[274] = 9
    Image.fromarray(noise(40, 40)).save(content, "JPEG", exif=exif)
    here = read_film(content.getvalue(), name="film.png")
    assert read(modules, content.getvalue(), "film.png")["notes"] == list(here.notes)
    assert len(here.notes) == 2


def broken_files() -> dict[str, bytes]:
    jpeg, png = io.BytesIO(), io.BytesIO()
    Image.fromarray(noise(64, 64)).save(jpeg, "JPEG")
    Image.fromarray(noise(64, 64)).save(png, "PNG")
    frames = (b"acTL", struct.pack(">II", 2, 0))
    return {
        "empty.jpeg": b"",
        "text.jpeg": b"no film at all\n",
        "page.png": b"  <html>",
        "zero.png": b"\0" * 600,
        "unknown.png": bytes(range(128, 256)),
        "film.gif": b"GIF89a" + b"\0" * 20,
        "film.dcm": b"\0" * 128 + b"DICM" + b"\0" * 20,
        "film.pdf": b"%PDF-1.4",
        "cut.jpeg": jpeg.getvalue()[:-400],
        "header.jpeg": jpeg.getvalue()[:100],
        "scans.jpeg": jpeg.getvalue() + b"\xff\xda" * 101,
        "cut.png": png.getvalue()[:-400],
        "changed.png": png.getvalue()[:900] + b"\xff\x00\xff" + png.getvalue()[903:],
        "header.png": png.getvalue()[:20] + b"\x07" + png.getvalue()[21:],
        "huge.png": png_bomb(9000),
        "frames.png": png_file(noise(8, 8, 1), 8, 0, chunks=(frames,)),
    }


@pytest.mark.parametrize("name", broken_files())
def test_a_file_that_python_refuses_is_refused(modules: Page, name: str) -> None:
    content = broken_files()[name]
    with pytest.raises(HilumError) as refused:
        read_film(content, name=name)
    there = read(modules, content, name)
    assert there["happened"], there  # a sentence of ours, no accident
    is_damage = all("cannot be decoded as" in told for told in (there["happened"], refused.value.happened))
    assert is_damage or there["happened"] == refused.value.happened


@pytest.mark.parametrize(("start", "kind"), [(b"II*\0", "TIFF"), (b"MM\0*", "TIFF"), (b"BM", "BMP")])
def test_a_format_that_a_browser_cannot_read_says_what_to_do(modules: Page, start: bytes, kind: str) -> None:
    told = read(modules, start + bytes(40), "film.x")["problem"]
    assert told.startswith(
        f"'film.x' holds a {kind} image, which a browser does not read. Expected a JPEG or PNG image."
    )
    assert "hilum predict" in told


@pytest.mark.parametrize(
    "pixels",
    [
        np.full((80, 80), 90, np.uint8),
        np.tile(np.arange(0, 240, 3, dtype=np.uint8), (80, 1)),
        np.pad(noise(40, 40), 60),
        noise(20, 60),
        noise(40, 300),
        noise(1100, 1200),
        noise(64, 64),
        (noise(64, 64) // 11 + 100).astype(np.uint8),
    ],
    ids=["blank", "stripes", "margin", "tiny", "strip", "large", "noise", "faint"],
)
def test_checks_say_the_same_sentences(modules: Page, pixels: np.ndarray) -> None:
    film = Film(pixels, "PNG", "L")
    asked = {"pixels": base64.b64encode(pixels.tobytes()).decode(), "width": pixels.shape[1], "height": pixels.shape[0]}
    call = """({pixels: text, ...size}) => {
        const pixels = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
        return modules.checks.checkFilm({ pixels, ...size, notes: [], colourfulness: 0 });
    }"""
    assert modules.evaluate(call, asked) == list(check_film(film))


def test_colourfulness_is_that_of_python(modules: Page) -> None:
    for picture in (noise(70, 90, 3), np.repeat(noise(70, 90, 1), 3, axis=2), np.full((70, 90, 3), 40, np.uint8)):
        asked = [picture[..., channel].reshape(-1).tolist() for channel in range(3)]
        call = """(planes) => modules.colour.colourfulness({
            planes: planes.map((one) => Uint8Array.from(one)), width: 90, height: 70, alpha: null})"""
        assert modules.evaluate(call, asked) == pytest.approx(colourfulness(Image.fromarray(picture)), abs=1e-9)


@pytest.mark.parametrize("value", [0.5, 1.5, 2.5, 0.125, 2.675, 1e-9, 23.4999, 99.995, 7.0])
def test_numbers_are_written_as_python_writes_them(modules: Page, value: float) -> None:
    written = modules.evaluate("(value) => [0, 1, 2].map((digits) => modules.written.fixed(value, digits))", value)
    assert written == [f"{value:.{digits}f}" for digits in range(3)]


@pytest.mark.parametrize("places", [None, Places(4.0, 32.0), Places(16.0, 32.0)])
def test_map_lies_where_python_lays_it(modules: Page, places: Places | None) -> None:
    evidence = _GENERATOR.normal(0, 1, (7, 7)).astype(np.float32)
    known = {"first_px": places.first_px, "step_px": places.step_px} if places else None
    asked = {"values": evidence.reshape(-1).tolist(), "places": known}
    call = """({values, places}) => [...modules.evidence.placed(
        {values: Float32Array.from(values), rows: 7, columns: 7}, places, 224)]"""
    assert modules.evaluate(call, asked) == pytest.approx(placed(evidence, places, 224).reshape(-1).tolist(), abs=1e-5)


@pytest.mark.parametrize("geometry", ["squash", "pad"])
def test_overlay_has_the_strength_and_colour_of_python(modules: Page, geometry: str) -> None:
    evidence = _GENERATOR.normal(0, 1, (48, 48)).astype(np.float32)
    asked = {"values": evidence.reshape(-1).tolist(), "geometry": geometry}
    call = """({values, geometry}) => [...modules.evidence.overlay({values: Float32Array.from(values), rows: 48,
        columns: 48}, {side: 48, geometry, map_places: null}, 100, 60)]"""
    rgba = np.array(modules.evaluate(call, asked), np.uint8).reshape(60, 100, 4)
    strength = np.clip(at_film(evidence, 60, 100, geometry) / np.abs(evidence).max(), -1, 1)
    assert np.abs(rgba[..., 3] - 255 * np.abs(strength)).max() < 0.51
    assert (rgba[strength > 0][:, :3] == (230, 97, 1)).all() and (rgba[strength < 0][:, :3] == (64, 132, 214)).all()


def test_probability_and_answer_sets_are_those_of_python(modules: Page) -> None:
    scaling, sets = PlattScaling(1.3, -0.4), ConformalSets(0.05, -1.0, 2.0, 40, 30)
    for logit in (-800.0, -1.0, 0.5, 2.0, 2.0001, 900.0):
        call = """(logit) => [
            modules.calibrated.probabilityOf(modules.calibrated.calibratedLogit({slope: 1.3, intercept: -0.4}, logit)),
            modules.calibrated.answersOf({pneumonia_from: -1, normal_to: 2}, logit),
            modules.calibrated.answersOf({pneumonia_from: null, normal_to: null}, logit)]"""
        probability, answers, always = modules.evaluate(call, logit)
        assert probability == pytest.approx(float(scaling.probability(logit)), rel=1e-12)
        assert tuple(answers) == sets.answers(logit)
        assert always == ["pneumonia", "normal"]


def test_real_films_read_to_the_bit(modules: Page, shared_data: Path) -> None:
    paths = sorted((shared_data / "kermany-originals-sample").rglob("*.jpeg"))[::40]
    for path in paths:
        content = path.read_bytes()
        assert base64.b64decode(read(modules, content)["pixels"]) == read_film(content).pixels.tobytes()


@pytest.mark.slow
def test_no_damage_that_python_refuses_is_read_and_none_reads_otherwise(modules: Page) -> None:
    generator = np.random.default_rng(11)
    ramp = np.add.outer(np.arange(61) * 2, np.arange(83)).clip(0, 255).astype(np.uint8)
    made = made_films(ramp)
    for name in generator.choice(list(made), 200):
        content = bytearray(made[name])
        at = int(generator.integers(2, len(content)))
        changes = (
            content[:at],
            content[:at] + content[at + 3 :],
            content[:at] + bytes([int(generator.integers(256))]) + content[at + 1 :],
        )
        changed = bytes(changes[generator.integers(3)])
        there = read(modules, changed, str(name))
        assert "problem" not in there or there["happened"], there
        try:
            here = read_film(changed, name=str(name))
        except HilumError:
            assert "problem" in there, name
            continue
        assert "problem" in there or base64.b64decode(there["pixels"]) == here.pixels.tobytes(), name
