"""The perceptual hash: copies are near, other films are not."""

from __future__ import annotations

import csv
import math
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from hilum.errors import HilumError
from hilum.images import NEAR_DUPLICATE_BITS, hamming_distance, perceptual_hash, read_film, to_square
from picture_files import Bytes, encoded, random_bytes

hashes = st.integers(0, 2**64 - 1).map(lambda bits: f"{bits:016x}")


def picture() -> Bytes:
    """Soft blotches, 150 x 210."""
    blotches = Image.fromarray(random_bytes(15, 21)).resize((210, 150), Image.Resampling.BICUBIC)
    return np.asarray(blotches)


def saved_again(pixels: Bytes, factor: float, quality: int) -> Bytes:
    image = Image.fromarray(pixels)
    size = (round(image.width * factor), round(image.height * factor))
    return read_film(encoded(image.resize(size, Image.Resampling.BICUBIC), "JPEG", quality=quality)).pixels


def test_each_bit_is_the_sign_of_one_cosine_sum() -> None:
    pixels = picture()
    square = to_square(pixels, 32).astype(float)
    bits = ""
    for vertical in range(2, 10):
        for horizontal in range(2, 10):
            down = [math.cos(math.pi * vertical * (2 * y + 1) / 64) for y in range(32)]
            across = [math.cos(math.pi * horizontal * (2 * x + 1) / 64) for x in range(32)]
            bits += "1" if (square * np.outer(down, across)).sum() > 0 else "0"
    assert perceptual_hash(pixels) == f"{int(bits, 2):016x}"


@pytest.mark.parametrize(("factor", "quality"), [(1, 50), (0.5, 75), (2, 50)])
def test_a_copy_is_within_a_few_bits(factor: float, quality: int) -> None:
    pixels = picture()
    assert hamming_distance(perceptual_hash(saved_again(pixels, factor, quality)), perceptual_hash(pixels)) <= 2


def test_a_mirrored_picture_is_far() -> None:
    pixels = picture()
    assert hamming_distance(perceptual_hash(pixels[:, ::-1]), perceptual_hash(pixels)) > 10


@given(st.integers(0, 255), st.integers(1, 80), st.integers(1, 80))
def test_a_picture_of_one_colour_has_hash_zero(value: int, height: int, width: int) -> None:
    assert perceptual_hash(np.full((height, width), value, np.uint8)) == "0" * 16


@given(hashes, hashes)
def test_distance_counts_differing_bits(first: str, second: str) -> None:
    counted = bin(int(first, 16) ^ int(second, 16)).count("1")
    assert hamming_distance(first, second) == hamming_distance(second, first) == counted


@pytest.mark.parametrize("wrong", ["", "0" * 15, "0" * 17, "g" * 16, "0x" + "0" * 14])
def test_what_is_no_hash_is_refused(wrong: str) -> None:
    with pytest.raises(HilumError, match="Expected 16 hexadecimal digits"):
        hamming_distance("0" * 16, wrong)


def test_only_a_grey_image_has_a_hash() -> None:
    with pytest.raises(HilumError, match="Expected uint8"):
        perceptual_hash(random_bytes(4, 4, 3))


def real_films(shared_data: Path, every: int) -> dict[tuple[str, str], Bytes]:
    """(subtype, patient) -> the pixels of one film of every so-manieth patient."""
    folder = shared_data / "kermany-224"
    with (folder / "manifest.csv").open() as file:
        paths = {(row["subtype"], row["patient_id"]): folder / row["path"] for row in csv.DictReader(file)}
    return {patient: read_film(paths[patient]).pixels for patient in sorted(paths)[::every]}


def test_copies_of_real_films_are_near_and_other_patients_are_not(shared_data: Path) -> None:
    films = real_films(shared_data, every=20)
    own = {patient: perceptual_hash(pixels) for patient, pixels in films.items()}
    for patient, pixels in films.items():
        for factor, quality in ((1, 50), (0.5, 75)):
            copy = perceptual_hash(saved_again(pixels, factor, quality))
            assert hamming_distance(own[patient], copy) <= NEAR_DUPLICATE_BITS
    between = [hamming_distance(own[a], own[b]) for a, b in combinations(own, 2)]
    assert len(between) > 20_000
    assert min(between) > NEAR_DUPLICATE_BITS
    assert 27 < np.mean(between) < 30


def test_a_film_and_its_224_px_copy_are_near(shared_data: Path) -> None:
    originals = sorted((shared_data / "kermany-originals-sample" / "train").rglob("*.jpeg"))[::4]
    for path in originals:
        copy = shared_data / "kermany-224" / path.relative_to(shared_data / "kermany-originals-sample")
        distance = hamming_distance(*(perceptual_hash(read_film(film).pixels) for film in (path, copy)))
        assert distance <= NEAR_DUPLICATE_BITS
    assert len(originals) > 10
