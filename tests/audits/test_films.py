"""What is read off films: files, outline, grey levels, numbering, blocks."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from film_folders import catalogue_of, film_bytes, record
from hilum.audits.blocks import contiguous_blocks
from hilum.audits.file_traits import file_columns, headers_of
from hilum.audits.low_level import low_level_columns
from hilum.audits.numbering import place_of
from hilum.audits.outline import BORDER_PX, CORNER_PX, outline_columns
from hilum.datasets import Catalogue, index_folder
from hilum.errors import HilumError

GREYS = np.random.default_rng(0).integers(0, 256, (3, 128, 128)).astype(np.uint8)


@pytest.fixture
def films(tmp_path: Path) -> Catalogue:
    """One film of each kind of file."""
    grey = Image.open(io.BytesIO(film_bytes(1)))
    exif = Image.Exif()
    exif[0x010F] = "maker"
    for path, film, options in (
        ("pneumonia/a.jpg", grey.convert("RGB"), {"quality": 60}),
        ("pneumonia/b.png", grey, {}),
        ("normal/c.jpg", grey, {"quality": 95, "icc_profile": b"profile" * 20, "exif": exif, "dpi": (300, 300)}),
    ):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        film.save(tmp_path / path, **options)
    return index_folder(tmp_path)


def test_headers_tell_what_stands_beside_the_pixels(films: Catalogue) -> None:
    profiled, coloured, png = headers_of(films)
    assert (profiled.icc_bytes, profiled.exif_tags, profiled.dots_per_inch, profiled.components) == (140, 1, 300, 1)
    assert coloured.components == 3 and coloured.jpeg_tables == 2
    assert coloured.luminance_step > profiled.luminance_step > 0 == png.luminance_step
    assert png.jpeg_table == "" and not png.has_jfif


def test_words_become_columns_of_zero_and_one(films: Catalogue) -> None:
    columns = file_columns(films, headers_of(films))
    assert dict(zip(columns["colour mode"].names, columns["colour mode"].values.T.tolist(), strict=True)) == {
        "mode L": [1, 0, 1],
        "mode RGB": [0, 1, 0],
    }
    assert columns["size and aspect"].values[0].tolist() == [80, 96, 80 * 96, 80 / 96]


def test_a_file_that_changed_since_the_index_is_refused(films: Catalogue) -> None:
    (films.root / films.films[0].path).write_bytes(film_bytes(2))
    with pytest.raises(HilumError, match="not as it was indexed: the file has changed"):
        headers_of(films)


def test_border_and_corners_see_nothing_of_the_middle() -> None:
    changed = GREYS.copy()
    changed[:, CORNER_PX:-CORNER_PX, BORDER_PX:-BORDER_PX] = 0
    changed[:, BORDER_PX:-BORDER_PX, CORNER_PX:-CORNER_PX] = 0
    before, after = outline_columns(GREYS), outline_columns(changed)
    for probe in ("border", "corners"):
        assert np.array_equal(before[probe].values, after[probe].values)
        assert before[probe].values.shape == (3, len(before[probe].names))


def test_a_bright_spot_is_seen_in_its_own_corner() -> None:
    film = np.full((1, 128, 128), 50, np.uint8)
    film[:, 8, -8] = 255
    corners = outline_columns(film)["corners"]
    brightest = {
        name: value for name, value in zip(corners.names, corners.values[0], strict=True) if "brightest" in name
    }
    assert {name for name, value in brightest.items() if value == 255} == {"brightest grey, top right corner"}


def test_grey_level_statistics_agree_with_numpy() -> None:
    columns = low_level_columns(GREYS)
    found = dict(zip(columns.names, columns.values[1], strict=True))
    flat = GREYS[1].astype(float)
    assert found["mean brightness"] == pytest.approx(flat.mean())
    assert found["contrast"] == pytest.approx(flat.std())
    assert found["percentile 25"] == pytest.approx(np.percentile(flat, 25, method="inverted_cdf"))
    ring = np.ones((128, 128), dtype=bool)
    ring[BORDER_PX:-BORDER_PX, BORDER_PX:-BORDER_PX] = False
    assert found["frame against middle"] == pytest.approx(flat[ring].mean() - flat[~ring].mean(), abs=1e-3)
    assert np.isfinite(columns.values).all()


@pytest.mark.parametrize(
    ("path", "patient", "place"),
    [
        ("train/a.jpeg", "NORMAL2-IM-0115", ("NORMAL2-IM", 115)),
        ("train/a.jpeg", "bacteria-78", ("bacteria", 78)),
        ("train/x12_3.jpeg", "train/x12_3.jpeg", ("x12", 3)),
        ("a.png", "00000061", ("", 61)),
        ("a.png", "nobody", ("nobody", -1)),
    ],
)
def test_place_in_the_numbering(path: str, patient: str, place: tuple[str, int]) -> None:
    found = place_of(record(path, patient))
    assert (found.series, found.number) == place


def test_blocks_are_disjoint_stretches_of_every_series_with_whole_patients() -> None:
    films = catalogue_of(
        *(
            record(f"{kind}-{n:03}-{m}", f"{kind}-{n}")
            for kind in ("bacteria", "virus")
            for n in range(50)
            for m in (0, 1)
        )
    )
    blocks = contiguous_blocks(films, 0.1)
    assert len(blocks) == 5 and np.stack(blocks).sum(axis=0).max() == 1
    for block in blocks:
        inside = [film.patient for film, one in zip(films.films, block, strict=True) if one]
        assert len(inside) == 20 and len(set(inside)) == 10
        for kind in ("bacteria", "virus"):
            numbers = sorted({int(one.split("-")[1]) for one in inside if one.startswith(kind)})
            assert numbers == list(range(numbers[0], numbers[0] + 5))


def test_a_large_evaluation_set_leaves_fewer_and_smaller_blocks() -> None:
    films = catalogue_of(*(record(f"a-{n:03}", f"a-{n}") for n in range(90)))
    assert [int(block.sum()) for block in contiguous_blocks(films, 0.9)] == [30, 30, 30]


def test_names_without_numbers_give_no_control() -> None:
    assert contiguous_blocks(catalogue_of(record("a", "anna"), record("b", "berta")), 0.1) == ()
