"""From films on disc to a catalogue."""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from PIL import Image

from film_folders import film_bytes, kermany_like, write_film
from hilum.datasets import index_csv, index_folder
from hilum.datasets.index import unchanged
from hilum.datasets.phantom import draw_phantom_films
from hilum.errors import HilumError
from hilum.progress import Bar, Silent


class Counted:
    """Counts the items of each bar, to see how many films were opened."""

    def __init__(self) -> None:
        self.total = 0

    def bar(self, label: str, total: int) -> AbstractContextManager[Bar]:
        self.total += total
        return Silent().bar(label, total)


def test_film_is_described_by_its_file_and_its_name(tmp_path: Path) -> None:
    write_film(tmp_path / "train" / "PNEUMONIA" / "person7_virus_3.jpeg", 1, width_px=90, height_px=70)
    catalogue = index_folder(tmp_path)
    (film,) = catalogue.films
    assert (film.path, film.label, film.subtype, film.patient, film.split) == (
        "train/PNEUMONIA/person7_virus_3.jpeg",
        "pneumonia",
        "virus",
        "virus-7",
        "train",
    )
    content = (tmp_path / film.path).read_bytes()
    assert (film.width_px, film.height_px, film.mode, film.problem) == (90, 70, "L", "")
    assert (film.bytes, film.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert len(film.perceptual_hash) == 16
    assert (catalogue.name, catalogue.patient_key, catalogue.root) == ("kermany", "kermany", tmp_path.resolve())


def test_second_run_opens_only_what_changed(tmp_path: Path) -> None:
    first = index_folder(kermany_like(tmp_path, patients=4))
    changed, added = tmp_path / first.films[3].path, tmp_path / "train" / "NORMAL" / "IM-0999-0001.jpeg"
    write_film(changed, 991, width_px=70)
    write_film(added, 992)
    (tmp_path / first.films[0].path).unlink()
    progress = Counted()
    second = index_folder(tmp_path, previous=first, progress=progress)
    assert progress.total == 2
    assert second == index_folder(tmp_path)
    assert unchanged(second, first) == len(second.films) - 2


def test_index_of_another_folder_is_no_previous_one(tmp_path: Path) -> None:
    first = index_folder(kermany_like(tmp_path / "a", patients=2))
    kermany_like(tmp_path / "b", patients=2)
    progress = Counted()
    assert index_folder(tmp_path / "b", previous=first, progress=progress).root == (tmp_path / "b").resolve()
    assert progress.total == len(first.films)


def test_film_with_a_problem_is_opened_again(tmp_path: Path) -> None:
    path = write_film(tmp_path / "NORMAL" / "a.jpeg", 1)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    os.utime(path, ns=(1, 1))
    first = index_folder(tmp_path)
    path.write_bytes(whole)
    os.utime(path, ns=(1, 1))
    assert first.films[0].problem
    assert not index_folder(tmp_path, previous=first).films[0].problem


def bomb() -> bytes:
    """A PNG that says 40,000 x 40,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("truncated.jpeg", film_bytes(3)[:400], "truncated.jpeg"),
        ("text.jpeg", b"<html>Not found</html>", "HTML"),
        ("empty.jpeg", b"", "empty"),
        ("bomb.png", bomb(), "40,000"),
    ],
)
def test_bad_image_is_a_row_with_its_reason_and_stops_nothing(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    write_film(tmp_path / "NORMAL" / "good.jpeg", 1)
    (tmp_path / "NORMAL" / name).write_bytes(content)
    catalogue = index_folder(tmp_path)
    bad = next(film for film in catalogue.films if film.path.endswith(name))
    assert reason in bad.problem and "\n" not in bad.problem
    assert (bad.bytes, bad.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert [film.path for film in catalogue.usable.films] == ["NORMAL/good.jpeg"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_link_to_itself_broken_link_and_pipe_are_rows_with_their_reason(tmp_path: Path) -> None:
    write_film(tmp_path / "NORMAL" / "good.jpeg", 1)
    (tmp_path / "NORMAL" / "loop.jpeg").symlink_to("loop.jpeg")
    (tmp_path / "NORMAL" / "broken.jpeg").symlink_to("nowhere.jpeg")
    os.mkfifo(tmp_path / "NORMAL" / "pipe.jpeg")
    problems = {film.path: film.problem for film in index_folder(tmp_path).films}
    assert "symbolic links" in problems["NORMAL/loop.jpeg"]
    assert "No such file" in problems["NORMAL/broken.jpeg"]
    assert problems["NORMAL/pipe.jpeg"] == "It is not a regular file."


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_film_without_permission_is_a_row_with_its_reason(tmp_path: Path) -> None:
    write_film(tmp_path / "NORMAL" / "secret.jpeg", 1).chmod(0)
    assert "Permission denied" in index_folder(tmp_path).films[0].problem


def test_pattern_tells_the_patients(tmp_path: Path) -> None:
    for name in ("NORMAL/ward_P1_1.jpeg", "NORMAL/ward_P1_2.jpeg", "PNEUMONIA/ward_P2_1.jpeg", "PNEUMONIA/other.jpeg"):
        write_film(tmp_path / name, len(name))
    catalogue = index_folder(tmp_path, patient=r"_(?P<patient>P\d+)_")
    assert catalogue.patients == ("P1", "P1", "PNEUMONIA/other.jpeg", "P2")
    assert catalogue.patient_key == r"regex:_(?P<patient>P\d+)_"
    assert "1 of 4 films do not tell their patient" in catalogue.notes[-1]


def test_pattern_that_fits_no_film_is_refused(tmp_path: Path) -> None:
    write_film(tmp_path / "NORMAL" / "a.jpeg", 1)
    with pytest.raises(HilumError, match=r"'\(P\[0-9\]\)' fits none of the 1 films"):
        index_folder(tmp_path, patient="(P[0-9])")


def test_films_of_unknown_patients_are_patients_of_their_own_and_that_is_said(tmp_path: Path) -> None:
    write_film(tmp_path / "NORMAL" / "a.jpeg", 1)
    (tmp_path / "labels.csv").write_text("path,label,patient\nNORMAL/a.jpeg,normal,7\n")
    catalogue = index_folder(tmp_path)
    assert (catalogue.name, catalogue.patient_key, catalogue.patients) == (tmp_path.name, "file", ("NORMAL/a.jpeg",))
    assert "No patients are known" in catalogue.notes[-1] and "labels.csv" in catalogue.notes[-1]


def test_exports_of_a_viewer_stay_eight_patients_and_that_is_said_every_time(tmp_path: Path) -> None:
    for number in range(8):
        label = "NORMAL" if number % 2 else "PNEUMONIA"
        write_film(tmp_path / label / f"P{number}" / "IM-0001-0001.png", number)
    catalogue = index_folder(tmp_path)
    assert (catalogue.name, catalogue.patient_key, len(set(catalogue.patients))) == (tmp_path.name, "file", 8)
    assert "as DICOM viewers name films too" in catalogue.notes[0] and "--patient kermany" in catalogue.notes[0]
    assert index_folder(tmp_path, patient=catalogue.patient_key, previous=catalogue) == catalogue
    assert len(set(index_folder(tmp_path, patient="kermany").patients)) == 1
    assert len(set(index_folder(tmp_path, patient=r"/(P\d)/").patients)) == 8


def test_table_gives_labels_and_patients(tmp_path: Path) -> None:
    write_film(tmp_path / "films" / "a.jpeg", 1)
    (tmp_path / "labels.csv").write_text("path,label,patient\nfilms/a.jpeg,Pneumonia,007\nfilms/gone.jpeg,normal,8\n")
    catalogue = index_csv(tmp_path / "labels.csv", name="ward")
    assert (catalogue.name, catalogue.patient_key, catalogue.patients) == ("ward", "column", ("007", "8"))
    assert "No such file" in catalogue.films[1].problem


def test_paths_of_a_table_may_start_elsewhere(tmp_path: Path) -> None:
    write_film(tmp_path / "films" / "a.jpeg", 1)
    (tmp_path / "labels.csv").write_text("path,label\na.jpeg,normal\n")
    assert not index_csv(tmp_path / "labels.csv", root=tmp_path / "films").films[0].problem


def test_kermany_names_beat_the_bare_numbers_of_a_table(tmp_path: Path) -> None:
    for kind in ("virus", "bacteria"):
        write_film(tmp_path / f"person1_{kind}_1.jpeg", len(kind))
    text = "path,label,patient_id\nperson1_virus_1.jpeg,pneumonia,1\nperson1_bacteria_1.jpeg,pneumonia,1\n"
    (tmp_path / "manifest.csv").write_text(text)
    catalogue = index_csv(tmp_path / "manifest.csv")
    assert catalogue.patients == ("bacteria-1", "virus-1")
    assert "--patient column" in catalogue.notes[-1]
    forced = index_csv(tmp_path / "manifest.csv", patient="column")
    assert forced.patients == ("1", "1") and [film.subtype for film in forced.films] == ["bacteria", "virus"]


def test_phantoms_are_never_called_kermany(tmp_path: Path) -> None:
    draw_phantom_films(tmp_path / "films", patients=8, side=96)
    catalogue = index_folder(tmp_path / "films")
    assert (catalogue.name, catalogue.patient_key) == ("phantom", "kermany")
    assert len(set(catalogue.patients)) == 8


def test_colour_film_keeps_the_mode_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "NORMAL").mkdir()
    Image.new("RGB", (70, 80), (9, 99, 199)).save(tmp_path / "NORMAL" / "a.png")
    assert index_folder(tmp_path).films[0].mode == "RGB"
