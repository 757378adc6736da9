"""The counts on the real Kermany films that docs/reference/protocols.md states."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from hilum.datasets import Catalogue, index_folder, open_pixels, shared_patients, split_films
from hilum.datasets.audit import audit, leaked_share
from hilum.datasets.counts import PlaceCount, count_films
from hilum.datasets.patients import kermany
from hilum.datasets.splits import DEVELOPMENT, PARTS, PROTOCOLS
from hilum.images import read_film, to_square

pytestmark = pytest.mark.slow  # seconds a test: `make check` leaves them to `make test`


def test_index_agrees_with_the_manifest_that_came_with_the_films(kermany_films: Catalogue, shared_data: Path) -> None:
    with (shared_data / "kermany-224" / "manifest.csv").open(encoding="utf-8") as file:
        rows = {row["path"]: row for row in csv.DictReader(file)}
    assert [film.path for film in kermany_films.films] == sorted(rows)
    for film in kermany_films.films:
        row = rows[film.path]
        stated = (row["label"].lower(), row["subtype"], row["split"], row["sha256"], int(row["bytes"]), row["mode"])
        assert (film.label, film.subtype, film.split, film.sha256, film.bytes, film.mode) == stated
        assert film.problem == ""


def test_there_are_4097_patients(kermany_films: Catalogue) -> None:
    assert (kermany_films.name, kermany_films.patient_key) == ("kermany", "kermany")
    assert len(set(kermany_films.patients)) == 4097
    assert count_films(kermany_films) == (
        PlaceCount("train", 3875, 2530, 1345, 1341, 3654),
        PlaceCount("val", 8, 8, 0, 8, 15),
        PlaceCount("test", 390, 242, 148, 234, 428),
    )


def test_bare_numbers_would_join_two_patients(kermany_films: Catalogue) -> None:
    series: dict[str, set[str]] = {}
    for film in kermany_films.films:
        if film.label == "pneumonia":
            series.setdefault(film.patient.partition("-")[2], set()).add(film.subtype)
    assert sum(len(kinds) == 2 for kinds in series.values()) > 800


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_only_random20_has_a_patient_or_a_file_on_two_sides(kermany_films: Catalogue, protocol: str) -> None:
    split = split_films(kermany_films, protocol)
    assert audit(kermany_films, split).has_leak == split.is_leaky == (protocol == "random20")
    assert all(split.parts)
    if not split.is_leaky:
        for first in DEVELOPMENT:
            for second in {*PARTS} - {first}:
                assert shared_patients(kermany_films, split.rows(first), split.rows(second)) == ()


def test_official_keeps_the_624_films_of_428_patients(kermany_films: Catalogue) -> None:
    split = split_films(kermany_films, "official")
    assert count_films(kermany_films, split.parts, ("test",)) == (PlaceCount("test", 390, 242, 148, 234, 428),)
    assert len(split.development_rows) == 5232
    patients = {part: len({kermany_films.films[row].patient for row in split.rows(part)}) for part in DEVELOPMENT}
    assert patients == {"fit": 2935, "select": 367, "calibrate": 367}


def test_block_holds_out_the_ids_next_to_the_test(kermany_films: Catalogue) -> None:
    split = split_films(kermany_films, "block")
    held = kermany_films.select(split.rows("validation"))
    assert count_films(kermany_films, split.parts, ("validation",)) == (
        PlaceCount("validation", 453, 284, 169, 234, 428),
    )
    by_series = {series: Counter[str]() for series in ("IM", "NORMAL2-IM", "bacteria", "virus")}
    for patient in held.patients:
        by_series[patient.rpartition("-")[0]][patient] += 1
    assert {series: (len(found), found.total()) for series, found in by_series.items()} == {
        "IM": (65, 65),
        "NORMAL2-IM": (160, 169),
        "bacteria": (77, 284),
        "virus": (126, 169),
    }
    development = kermany_films.select(split.development_rows)
    assert (len(development.films), int((~development.is_pneumonia).sum()), int(development.is_pneumonia.sum())) == (
        4545,
        1115,
        3430,
    )


@pytest.mark.parametrize(
    ("protocol", "films"),
    [
        ("official", (4202, 530, 500, 0, 624)),
        ("grouped", (3357, 413, 417, 1045, 624)),
        ("grouped20", (3777, 478, 430, 1171, 0)),
        ("block", (3659, 450, 436, 687, 624)),
        ("random20", (3749, 468, 468, 1171, 0)),
    ],
)
def test_parts_are_as_the_documentation_states(kermany_films: Catalogue, protocol: str, films: tuple[int, ...]) -> None:
    split = split_films(kermany_films, protocol)
    assert tuple(len(split.rows(part)) for part in PARTS) == films
    page = Path(__file__).parents[2] / "docs" / "reference" / "protocols.md"
    assert f"{films[0]:,} | {films[1]:,} | {films[2]:,}" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("protocol", ["grouped20", "random20"])
@pytest.mark.parametrize("seed", range(5))
def test_a_fifth_of_all_films_is_1171(kermany_films: Catalogue, protocol: str, seed: int) -> None:
    split = split_films(kermany_films, protocol, seed=seed)
    assert (len(split.rows("validation")), len(split.rows("test"))) == (1171, 0)
    share = leaked_share(kermany_films, split)
    assert 0.36 < share < 0.42 if protocol == "random20" else share == 0


def test_folds_by_patient_leave_the_test_folder_alone(kermany_films: Catalogue) -> None:
    folds = [split_films(kermany_films, "grouped", fold=fold) for fold in range(5)]
    rows = np.sort(np.concatenate([fold.rows("validation") for fold in folds]))
    np.testing.assert_array_equal(
        rows, np.sort(np.concatenate([folds[0].development_rows, folds[0].rows("validation")]))
    )
    assert [len(fold.rows("test")) for fold in folds] == [624] * 5
    sizes = [len(fold.rows("validation")) for fold in folds]
    assert max(sizes) - min(sizes) < 10


def test_audit_finds_what_is_known_of_the_copy(kermany_films: Catalogue) -> None:
    found = {finding.title: finding for finding in audit(kermany_films).findings}
    assert found["Groups of identical files"].count == 30
    assert found["Groups of identical files"].detail.startswith("32 files more")
    assert found["Identical files on two sides of the folders"].count == 0
    assert found["Groups of near duplicates"].count == 0
    assert "16 films and none of virus" in found["Validation folder too weak to choose by"].detail
    assert len(set(kermany_films.resampling_groups())) == 4096  # NORMAL2-IM-0095 and -0096 share a film


def test_sample_of_the_originals_is_known_as_kermany(shared_data: Path) -> None:
    catalogue = index_folder(shared_data / "kermany-originals-sample")
    assert (catalogue.name, catalogue.patient_key) == ("kermany", "kermany")


def test_every_name_in_the_original_files_is_known(shared_data: Path) -> None:
    names = [path.name for path in (shared_data / "kermany-originals-sample").rglob("*.jpeg")]
    assert names and all(kermany(name) for name in names)


def test_cache_of_real_films_holds_what_prediction_sees(kermany_films: Catalogue, tmp_path: Path) -> None:
    some = kermany_films.select(range(0, 5856, 300))
    pixels = open_pixels(some, 128, "squash", tmp_path)
    for film, square in zip(some.films, pixels, strict=True):
        np.testing.assert_array_equal(square, to_square(read_film(some.root / film.path).pixels, 128))
