"""Sentences of the gate, the reader of files and the model, said in French: those that they really say."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hilum.errors import HilumError
from hilum.images import DEFAULT_LIMITS, Film, Limits, check_film, read_film
from hilum.metrics import GOALS, choose_operating_points
from hilum.modelfolder import Gate
from hilum.modelfolder.card import POPULATIONS, SOURCES, limits
from hilum.modelfolder.schema import failing_label
from hilum.reports.language import language_of
from hilum.reports.said_elsewhere import PATTERNS, said
from hilum.runtime.gate import INVERTED, NO_GATE, refusals, warning
from picture_files import encoded, grey_tags, random_bytes, tiff_file
from stand_ins import manifest

FRENCH = language_of("fr")
NAME = "Dupont's {film}.png"
GATE = Gate(
    warn_above=1.5, refuse_above=2.0, warned=0, refused=0, refused_varied=0.02, films=9, patients=9, fit_films=9
)


def in_french(text: str) -> str:
    """The sentence in French, which must differ and leave nothing unfilled."""
    told = said(FRENCH, text)
    assert told and told != text and "{" not in told, text
    return told


def film(pixels: np.ndarray, colourfulness: float = 0.0, notes: tuple[str, ...] = ()) -> Film:
    return Film(np.ascontiguousarray(pixels, dtype=np.uint8), "PNG", "L", notes, colourfulness)


@pytest.mark.parametrize(
    ("picture", "told"),
    [
        (film(random_bytes(200, 31)), "31 × 200 px"),
        (film(random_bytes(100, 505)), "5,0 fois"),  # 5.05 is written as 5.0 or 5.1 by the rule of even digits
        (film(random_bytes(200, 200), colourfulness=9), "en couleurs"),
        (film(np.full((200, 200), 90)), "0 niveaux de gris"),
        (film(np.full((200, 200), 9), notes=("Values from 0 to 65535 were stretched to 0 to 255.",)), "65535"),
        (film(np.tile(np.arange(200), (200, 1))), "dégradé"),
        (film(np.pad(random_bytes(90, 90), 60)), "18\u202f%"),
    ],
)
def test_reasons_against_a_film_are_said_in_french(picture: Film, told: str) -> None:
    reasons = check_film(picture)
    assert reasons and any(told in in_french(reason) for reason in reasons)


def test_refusal_and_warning_of_the_gate_are_said_in_french() -> None:
    plain = film(random_bytes(200, 200))
    assert "2,50, et la limite est de 2,00" in in_french(refusals(plain, 2.5, GATE)[0])
    assert "1,70" in in_french(warning(1.7, GATE))
    assert in_french(INVERTED) and in_french(NO_GATE)


def _sixteen() -> bytes:
    return encoded(random_bytes(40, 40).astype(np.uint16) * 100, "PNG")


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (encoded(random_bytes(40, 40), "JPEG", orientation=6), "a.jpeg"),
        (encoded(random_bytes(40, 40), "PNG"), "a.jpeg"),
        (_sixteen(), "a.png"),
        (encoded(np.full((40, 40), 700, np.uint16), "PNG"), "a.png"),
        (tiff_file(grey_tags(4, 4, 16, photometric=0), bytes(range(32))), "a.tiff"),
        (encoded(np.zeros((4, 4), np.uint8), "JPEG", orientation=11), "a.jpg"),
    ],
)
def test_notes_on_a_file_are_said_in_french(content: bytes, name: str) -> None:
    notes = read_film(content, name=name).notes
    assert notes and all(in_french(note) for note in notes)


def _animated() -> bytes:
    content, frames = io.BytesIO(), [Image.fromarray(random_bytes(40, 40, seed=n)) for n in (1, 2)]
    frames[0].save(content, "TIFF", save_all=True, append_images=frames[1:])
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "limits"),
    [
        (b"", DEFAULT_LIMITS),
        (b"GIF89a", DEFAULT_LIMITS),
        (b"%PDF-1.7", DEFAULT_LIMITS),
        (b"<html>", DEFAULT_LIMITS),
        (b"plain words", DEFAULT_LIMITS),
        (bytes(200), DEFAULT_LIMITS),
        (b"\xff\xfe\x01\x02\x03\x04\x05\x06\x07", DEFAULT_LIMITS),
        (bytes(128) + b"DICM", DEFAULT_LIMITS),
        (encoded(random_bytes(80, 80), "JPEG")[:900], DEFAULT_LIMITS),
        (encoded(random_bytes(80, 80), "PNG"), Limits(bytes=1000)),
        (encoded(random_bytes(80, 80), "PNG"), Limits(pixels=1000)),
        (_animated(), DEFAULT_LIMITS),
    ],
)
def test_reasons_why_a_file_cannot_be_read_are_said_in_french(content: bytes, limits: Limits) -> None:
    with pytest.raises(HilumError) as error:
        read_film(content, name=NAME, limits=limits)
    assert in_french(str(error.value).replace(NAME, "film.png")) and NAME in str(said(FRENCH, str(error.value)))


@pytest.mark.parametrize("place", [Path, lambda folder: folder / "missing.png"])
def test_paths_that_are_no_film_are_said_in_french(tmp_path: Path, place: Callable[[Path], Path]) -> None:
    with pytest.raises(HilumError) as error:
        read_film(place(tmp_path))
    assert in_french(str(error.value))


def test_what_limits_a_model_and_chose_its_thresholds_is_said_in_french() -> None:
    for kind in ({}, {"protocol": "random20", "is_leaky": True}, {"are_films_known": False}):
        assert all(in_french(limit) for limit in limits(manifest(**kind)))
    truth = np.arange(40) < 20
    for point in choose_operating_points(np.linspace(0.9, 0.1, 40), truth, GOALS):
        assert in_french(point.goal)
    assert all(in_french(text) for text in POPULATIONS.values()) and in_french(SOURCES["phantom"])
    assert in_french(failing_label(("randomisation", "random maps"), 32)).count("32") == 1


@pytest.mark.parametrize("name", ["text", "2024.01", "1,200", "40%", "a folder", "drawn by hilum"])
def test_name_of_a_film_is_never_translated(name: str) -> None:
    with pytest.raises(HilumError) as error:
        read_film(b"plain words", name=name)
    told = in_french(str(error.value))
    assert f"{name}»" in told.replace("\xa0", "").replace("\u202f", "") or f"'{name}'" in told, told
    assert "du texte" in told


def test_sentence_that_nobody_translated_stays_unknown_and_english_stays_itself() -> None:
    assert said(FRENCH, "A sentence from elsewhere.") is None
    assert said(language_of("en"), "A sentence from elsewhere.") == "A sentence from elsewhere."


def test_patterns_are_all_different() -> None:
    assert len(set(PATTERNS)) == len(PATTERNS)
