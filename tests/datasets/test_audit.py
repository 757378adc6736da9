"""What the audit finds, and what it leaves alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from film_folders import catalogue_of, film_bytes, kermany_like, record, ward, write_film
from hilum.datasets import Catalogue, index_folder, split_films
from hilum.datasets.audit import Finding, audit, leaked_share


def found(catalogue: Catalogue, start: str, protocol: str = "") -> Finding:
    split = split_films(catalogue, protocol) if protocol else None
    (finding,) = [finding for finding in audit(catalogue, split).findings if finding.title.startswith(start)]
    return finding


def test_sound_data_pass_every_check(tmp_path: Path) -> None:
    outcome = audit(index_folder(kermany_like(tmp_path)))
    assert not outcome.has_leak
    assert {finding.severity for finding in outcome.findings} == {"passed"}
    assert all(finding.count == 0 and finding.films == () for finding in outcome.findings)


def test_patient_in_two_folders_is_a_leak() -> None:
    data = catalogue_of(record("train/1", "a", split="train"), record("test/2", "a", split="test"))
    finding = found(data, "Patients on two sides of the folders")
    assert (finding.severity, finding.count, finding.films) == ("leak", 1, ("test/2", "train/1"))
    assert audit(data).has_leak and audit(data).findings[0] == finding


def test_file_in_two_folders_is_a_leak() -> None:
    films = [record("train/1", "a", split="train", content="x"), record("val/2", "b", split="val", content="x")]
    finding = found(catalogue_of(*films), "Identical files on two sides of the folders")
    assert (finding.severity, finding.count, finding.films) == ("leak", 1, ("train/1", "val/2"))


def test_broken_files_of_the_same_bytes_are_no_leak() -> None:
    films = [record("train/1", "a", split="train", content="x"), record("test/2", "b", split="test", content="x")]
    data = catalogue_of(*(replace(film, problem="It is empty.") for film in films))
    assert not audit(data).has_leak


def test_data_without_folders_have_no_sides() -> None:
    assert not [finding for finding in audit(ward()).findings if "the folders" in finding.title]


def test_random_protocol_leaks_and_says_how_much() -> None:
    data = ward(90)
    split = split_films(data, "random20")
    assert found(data, "Patients on two sides of the protocol random20", "random20").severity == "leak"
    known = {data.films[row].patient for row in split.development_rows}
    by_hand = sum(data.films[row].patient in known for row in split.rows("validation"))
    assert leaked_share(data, split) == pytest.approx(by_hand / len(split.rows("validation"))) and by_hand


@pytest.mark.parametrize("protocol", ["grouped", "grouped20"])
def test_protocols_by_patient_have_no_leak(protocol: str) -> None:
    split = split_films(ward(90), protocol)
    assert not audit(ward(90), split).has_leak
    assert leaked_share(ward(90), split) == 0.0


def test_film_saved_again_on_the_other_side_is_a_near_duplicate(tmp_path: Path) -> None:
    kermany_like(tmp_path)
    copy = tmp_path / "test" / "NORMAL" / "IM-9000-0001.jpeg"
    copy.write_bytes(film_bytes(1, width_px=60, height_px=72, quality=60))
    finding = found(index_folder(tmp_path), "Near duplicates on two sides of the folders")
    assert (finding.severity, finding.count) == ("warning", 1)
    assert finding.films == ("test/NORMAL/IM-9000-0001.jpeg", "train/PNEUMONIA/person1_bacteria_1.jpeg")


def test_like_hash_without_like_pixels_is_no_near_duplicate(tmp_path: Path) -> None:
    data = index_folder(kermany_like(tmp_path))
    same_hash = tuple(replace(film, perceptual_hash="00000000000000ff") for film in data.films)
    assert found(replace(data, films=same_hash), "Groups of near duplicates").count == 0


def test_like_hash_stays_a_suspicion_where_the_films_are_gone() -> None:
    films = [replace(film, perceptual_hash="00000000000000ff") for film in ward().films[:2]]
    assert found(catalogue_of(*films), "Groups of near duplicates").count == 1


def test_copies_on_one_side_are_a_note(tmp_path: Path) -> None:
    kermany_like(tmp_path)
    write_film(tmp_path / "train" / "PNEUMONIA" / "person1_bacteria_9.jpeg", 1)
    finding = found(index_folder(tmp_path), "Groups of identical files")
    assert (finding.severity, finding.count, len(finding.films)) == ("note", 1, 2)
    assert finding.detail.startswith("1 files more than different films")
    assert not audit(index_folder(tmp_path)).has_leak


def test_one_file_under_two_labels_is_found() -> None:
    data = catalogue_of(record("1", "a", "normal", content="x"), record("2", "b", "pneumonia", content="x"))
    assert found(data, "Identical files with different labels").films == ("1", "2")


def test_patient_with_both_labels_is_a_note() -> None:
    data = catalogue_of(record("1", "a", "normal"), record("2", "a", "pneumonia"))
    assert (found(data, "Patients with films of both").severity, found(data, "Patients with films of both").count) == (
        "note",
        1,
    )


def test_unusable_and_small_films_are_found() -> None:
    films = [replace(record("1", "a"), problem="It is broken."), replace(record("2", "b"), width_px=63)]
    data = catalogue_of(*films)
    assert found(data, "Films that cannot be used").films == ("1",)
    assert "It is broken." in found(data, "Films that cannot be used").detail
    assert found(data, "Films smaller than 64 px").films == ("2",)


def test_empty_class_is_found_in_the_whole_and_in_each_folder() -> None:
    films = [record("1", "a", split="train"), record("2", "b", "normal", split="train"), record("3", "c", split="test")]
    assert (
        found(catalogue_of(*films), "Classes without").detail == "There is no film labelled normal in the folder test."
    )
    assert found(catalogue_of(films[0]), "Classes without").count == 2


def test_small_validation_folder_without_viral_films_is_found() -> None:
    val = [record(f"val/{n}", f"bacteria-v{n}", split="val") for n in range(8)]
    finding = found(catalogue_of(*ward(30, "train").films, *val), "Validation folder")
    assert finding.severity == "warning" and "8 films and none of normal, virus" in finding.detail


def test_large_validation_folder_of_all_kinds_passes() -> None:
    val = [replace(film, path=f"v{film.path}") for film in ward(90, "val").films]
    assert found(catalogue_of(*ward(30, "train").films, *val), "Validation folder").severity == "passed"


def test_name_that_contradicts_its_folder_is_found(tmp_path: Path) -> None:
    kermany_like(tmp_path)
    write_film(tmp_path / "train" / "NORMAL" / "person500_virus_1.jpeg", 500)
    assert found(index_folder(tmp_path), "File names that contradict").films == ("train/NORMAL/person500_virus_1.jpeg",)
