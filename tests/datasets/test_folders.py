"""Films found in class folders."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from film_folders import write_film
from hilum.datasets.folders import find_in_folders
from hilum.datasets.found import class_of, split_of
from hilum.errors import HilumError


def touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"not opened here")
    return root


def meanings(root: Path) -> list[tuple[str, str, str, str]]:
    return [(film.path, film.label, film.subtype, film.split) for film in find_in_folders(root).films]


def test_class_folders_give_label_and_subtype_in_any_case(tmp_path: Path) -> None:
    touch(tmp_path, "Normal/a.png", "PNEUMONIA/b.jpeg", "virus/c.jpg", "Bacterial_Pneumonia/d.tif")
    assert meanings(tmp_path) == [
        ("Bacterial_Pneumonia/d.tif", "pneumonia", "bacteria", ""),
        ("Normal/a.png", "normal", "normal", ""),
        ("PNEUMONIA/b.jpeg", "pneumonia", "", ""),
        ("virus/c.jpg", "pneumonia", "virus", ""),
    ]


def test_split_folders_stand_above_the_classes(tmp_path: Path) -> None:
    touch(tmp_path, "train/NORMAL/a.png", "Validation/NORMAL/b.png", "TEST/PNEUMONIA/c.png")
    assert [split for *_, split in meanings(tmp_path)] == ["test", "val", "train"]


def test_folder_below_a_class_may_name_the_subtype(tmp_path: Path) -> None:
    touch(tmp_path, "NORMAL/x/a.png", "PNEUMONIA/virus/2020/b.png")
    assert [subtype for _, _, subtype, _ in meanings(tmp_path)] == ["normal", "virus"]


def test_class_inside_the_other_class_is_refused(tmp_path: Path) -> None:
    touch(tmp_path, "PNEUMONIA/NORMAL/a.png")
    with pytest.raises(HilumError, match="'PNEUMONIA/NORMAL' means normal but lies inside"):
        find_in_folders(tmp_path)


def test_archive_unpacked_one_folder_too_deep_is_found(tmp_path: Path) -> None:
    touch(tmp_path, "data/chest_xray/train/NORMAL/a.png", "data/chest_xray/train/PNEUMONIA/b.png")
    assert [path for path, *_ in meanings(tmp_path)] == [
        "data/chest_xray/train/NORMAL/a.png",
        "data/chest_xray/train/PNEUMONIA/b.png",
    ]


def test_second_copy_inside_the_kaggle_archive_is_ignored_by_name(tmp_path: Path) -> None:
    touch(tmp_path, "train/NORMAL/a.png", "chest_xray/train/NORMAL/a.png", "__MACOSX/train/NORMAL/._a.png")
    found = find_in_folders(tmp_path)
    assert [film.path for film in found.films] == ["train/NORMAL/a.png"]
    assert "__MACOSX, chest_xray" in found.notes[0]


@pytest.mark.parametrize(
    ("folder", "hint"),
    [("PNEUMONAI", "Did you mean 'pneumonia'"), ("train/NORMLA", "Did you mean 'normal'"), ("tets/NORMAL", "'test'")],
)
def test_misspelt_folder_is_refused_with_the_nearest_name(tmp_path: Path, folder: str, hint: str) -> None:
    touch(tmp_path, "train/NORMAL/a.png" if "/" in folder else "NORMAL/a.png", f"{folder}/b.png")
    with pytest.raises(HilumError, match=hint):
        find_in_folders(tmp_path)


def test_only_folder_misspelt_is_refused_too(tmp_path: Path) -> None:
    touch(tmp_path, "PNEUMONAI/b.png")
    with pytest.raises(HilumError, match="Did you mean 'pneumonia'"):
        find_in_folders(tmp_path)


def test_third_class_is_refused_not_forgotten(tmp_path: Path) -> None:
    touch(tmp_path, "NORMAL/a.png", "PNEUMONIA/b.png", "COVID/c.png")
    with pytest.raises(HilumError, match="'COVID'"):
        find_in_folders(tmp_path)


def test_folder_without_films_is_ignored_by_name(tmp_path: Path) -> None:
    touch(tmp_path, "NORMAL/a.png", "papers/read.me")
    assert "papers" in find_in_folders(tmp_path).notes[0]


def test_other_files_are_counted_and_named(tmp_path: Path) -> None:
    touch(tmp_path, "NORMAL/a.png", "NORMAL/Thumbs.db", "labels.csv", "NORMAL/._a.png", "b.png")
    found = find_in_folders(tmp_path)
    assert len(found.films) == 1
    assert found.notes == (
        "Ignored, because no film in a class folder: b.png, labels.csv, NORMAL/._a.png, ... (2 .png, 1 .csv, 1 .db).",
    )
    assert found.tables == ("labels.csv",)


@pytest.mark.parametrize("names", [(), ("notes.txt",), ("NORMAL/notes.txt",)])
def test_folder_without_any_film_is_refused(tmp_path: Path, names: tuple[str, ...]) -> None:
    with pytest.raises(HilumError, match="holds no films"):
        find_in_folders(touch(tmp_path, *names))


def test_films_without_class_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(HilumError, match="holds films but no class folders"):
        find_in_folders(touch(tmp_path, "a.png"))


def test_missing_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(HilumError, match=r"Could not read .*No such file"):
        find_in_folders(tmp_path / "nowhere")


def test_links_between_folders_never_hang(tmp_path: Path) -> None:
    for folder in ("NORMAL", "PNEUMONIA/one", "PNEUMONIA/two"):
        write_film(tmp_path / folder / "film.jpeg", 1)
    (tmp_path / "NORMAL" / "again").symlink_to(tmp_path / "NORMAL")
    (tmp_path / "PNEUMONIA" / "one" / "other").symlink_to(tmp_path / "PNEUMONIA" / "two")
    (tmp_path / "PNEUMONIA" / "two" / "other").symlink_to(tmp_path / "PNEUMONIA" / "one")
    found = find_in_folders(tmp_path)
    assert len(found.films) == 3
    assert sum("was not followed" in note for note in found.notes) >= 2


def test_same_folder_under_two_splits_is_taken_twice_so_that_the_leak_is_seen(tmp_path: Path) -> None:
    write_film(tmp_path / "train" / "NORMAL" / "film.jpeg", 1)
    (tmp_path / "test").symlink_to(tmp_path / "train")
    assert [film.split for film in find_in_folders(tmp_path).films] == ["test", "train"]


def test_film_that_links_to_itself_is_found_as_a_film(tmp_path: Path) -> None:
    (tmp_path / "NORMAL").mkdir()
    (tmp_path / "NORMAL" / "loop.jpeg").symlink_to("loop.jpeg")
    assert [film.path for film in find_in_folders(tmp_path).films] == ["NORMAL/loop.jpeg"]


@pytest.mark.skipif(os.name != "posix", reason="file names are bytes on POSIX alone")
def test_name_that_is_no_text_is_a_film_with_a_problem(tmp_path: Path) -> None:
    (tmp_path / "NORMAL").mkdir()
    try:
        (tmp_path / "NORMAL" / os.fsdecode(b"\xff.jpeg")).write_bytes(b"")
    except OSError:
        pytest.skip("this file system takes UTF-8 names alone")
    (film,) = find_in_folders(tmp_path).films
    assert (film.path, film.problem) == ("NORMAL/\\xff.jpeg", "The file's name is not UTF-8 text.")


def test_words_are_understood_in_any_spelling() -> None:
    assert class_of("Pneumonia-Virus") == ("pneumonia", "virus")
    assert class_of("no_finding") == ("normal", "normal")
    assert split_of("TRAINING") == "train"
    assert class_of("COVID") is None and split_of("fold1") is None
