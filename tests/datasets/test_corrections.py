"""Corrections of labels: read, fitted to the films, and made again at every index."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from film_folders import catalogue_of, kermany_like, record
from hilum.datasets import Catalogue, read_catalogue, resolve_catalogue
from hilum.datasets.catalogue import Correction
from hilum.datasets.corrections import correct, fit_corrections, read_corrections
from hilum.errors import HilumError
from hilum.verbs.data_index import index

FILM = "train/NORMAL/IM-0001-0001.jpeg"
OTHER = "train/PNEUMONIA/person1_virus_1.jpeg"


@pytest.fixture
def films(tmp_path: Path) -> Path:
    return kermany_like(tmp_path / "films", patients=2)


def corrections(place: Path, *lines: str, header: str = "path,label") -> Path:
    place.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    return place


def labels_of(catalogue: Catalogue) -> dict[str, tuple[str, str]]:
    return {film.path: (film.label, film.subtype) for film in catalogue.films}


def test_corrected_index_has_other_labels_a_note_and_another_fingerprint(films: Path, tmp_path: Path) -> None:
    before = read_catalogue(Path(index(films, workspace=tmp_path / "work").catalogue))
    file = corrections(tmp_path / "c.csv", f"{FILM},virus", f"{OTHER},leave out")
    answer = index(films, corrections=[file], workspace=tmp_path / "work")
    after = read_catalogue(Path(answer.catalogue))
    assert labels_of(after)[FILM] == ("pneumonia", "virus")
    assert OTHER not in labels_of(after) and len(after.films) == len(before.films) - 1
    assert after.fingerprint != before.fingerprint
    assert "Corrected by a person: 1 now pneumonia, 1 left out (corrections " in answer.notes[-1]
    assert answer.exit_status == 0


def test_corrections_are_made_again_at_every_later_index(films: Path, tmp_path: Path) -> None:
    file = corrections(tmp_path / "c.csv", f"{FILM},pneumonia")
    first = read_catalogue(Path(index(films, corrections=[file], workspace=tmp_path / "work").catalogue))
    file.unlink()
    again, _ = resolve_catalogue(films, tmp_path / "work")
    assert again == first and labels_of(again)[FILM][0] == "pneumonia"


def test_another_file_takes_the_place_of_the_first_and_an_empty_one_takes_all_back(films: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    plain = read_catalogue(Path(index(films, workspace=work).catalogue))
    index(films, corrections=[corrections(tmp_path / "a.csv", f"{FILM},pneumonia")], workspace=work)
    answer = index(films, corrections=[corrections(tmp_path / "b.csv", f"{OTHER},normal")], workspace=work)
    found = labels_of(read_catalogue(Path(answer.catalogue)))
    assert (found[FILM][0], found[OTHER]) == ("normal", ("normal", "normal"))
    answer = index(films, corrections=[corrections(tmp_path / "none.csv")], workspace=work)
    assert read_catalogue(Path(answer.catalogue)) == plain


def test_corrected_csv_catalogue_is_read_back_whole(films: Path, tmp_path: Path) -> None:
    file = corrections(tmp_path / "c.csv", f"{FILM},pneumonia", f"{OTHER},leave out")
    parquet = read_catalogue(Path(index(films, corrections=[file], workspace=tmp_path / "work").catalogue))
    index(films, corrections=[file], output=tmp_path / "k.csv")
    assert read_catalogue(tmp_path / "k.csv") == parquet and len(parquet.corrections) == 2


def test_catalogue_without_corrections_keeps_the_older_format(films: Path, tmp_path: Path) -> None:
    index(films, output=tmp_path / "k.csv")
    assert '"format": 1' in (tmp_path / "k.csv").read_text(encoding="utf-8").partition("\n")[0]
    index(films, corrections=[corrections(tmp_path / "c.csv", f"{FILM},pneumonia")], output=tmp_path / "k.csv")
    assert '"format": 2' in (tmp_path / "k.csv").read_text(encoding="utf-8").partition("\n")[0]


def test_film_is_known_by_its_bytes_when_it_has_moved(films: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    digest = {film.path: film.sha256 for film in resolve_catalogue(films, work)[0].films}[FILM]
    file = corrections(tmp_path / "c.csv", f"old name.jpeg,pneumonia,{digest}", header="path,label,sha256")
    answer = index(films, corrections=[file], workspace=work)
    assert labels_of(read_catalogue(Path(answer.catalogue)))[FILM][0] == "pneumonia"
    shutil.move(films / FILM, films / "train" / "PNEUMONIA" / "IM-0001-0001.jpeg")
    catalogue, _ = resolve_catalogue(films, work)
    assert "1 that had the label already" in catalogue.notes[-1]


def test_film_that_is_gone_keeps_its_correction(films: Path, tmp_path: Path) -> None:
    index(films, corrections=[corrections(tmp_path / "c.csv", f"{FILM},pneumonia")], workspace=tmp_path / "work")
    (films / FILM).unlink()
    catalogue, _ = resolve_catalogue(films, tmp_path / "work")
    assert len(catalogue.corrections) == 1 and "1 not among the films any more" in catalogue.notes[-1]


def test_undecided_lines_and_columns_for_people_are_passed_over(tmp_path: Path) -> None:
    lines = ("a.png,,yes,why not", "b.png,Leave-Out,no,blurred", "c.png,NORMAL,no,")
    found = read_corrections([corrections(tmp_path / "c.csv", *lines, header="path,label,suspected,remark")])
    assert [(one.path, one.label) for one in found] == [("b.png", ""), ("c.png", "normal")]


def test_copies_are_corrected_together() -> None:
    catalogue = catalogue_of(record("a", "p1", content="same"), record("b", "p1", "normal", content="same"))
    [fitted] = fit_corrections([Correction("a", "", "normal")], catalogue)
    assert [film.label for film in correct(catalogue, [fitted]).films] == ["normal", "normal"]


@pytest.mark.parametrize(
    ("header", "lines", "words"),
    [
        ("path,class", ["a,normal"], "has no column 'label'"),
        ("path,label", ["a,healhty"], "line 2, has the label 'healhty'"),
        ("path,label", [",normal"], "line 2, names no film"),
        ("path,label", [f"{FILM},normal", f"{FILM},pneumonia"], f"line 3, contradicts a line above it about '{FILM}'"),
        ("path,label", ["nowhere.png,normal"], "'nowhere.png', for which there is a correction, is not among"),
        ("path,label", [f"{OTHER},pneumonia", f"{OTHER},bacteria"], "line 3, contradicts a line above it"),
        ("path,label", ["test/NORMAL/IM-0101-0001.jpeg,pneumonia"], "lies in the test folder"),
        ("path,label,sha256", [f"{FILM},pneumonia,0123"], "has changed since it was looked at"),
    ],
)
def test_file_that_cannot_be_meant_is_refused_in_words(
    films: Path, tmp_path: Path, header: str, lines: list[str], words: str
) -> None:
    file = corrections(tmp_path / "c.csv", *lines, header=header)
    with pytest.raises(HilumError, match=words):
        index(films, corrections=[file], workspace=tmp_path / "work")


def test_correction_of_the_kind_alone_is_made_and_counted(films: Path, tmp_path: Path) -> None:
    answer = index(films, corrections=[corrections(tmp_path / "c.csv", f"{OTHER},bacteria")], workspace=tmp_path / "w")
    assert labels_of(read_catalogue(Path(answer.catalogue)))[OTHER] == ("pneumonia", "bacteria")
    assert "Corrected by a person: 1 now bacteria (" in answer.notes[-1]


def test_film_found_right_keeps_its_kind(films: Path, tmp_path: Path) -> None:
    file = corrections(tmp_path / "c.csv", f"{OTHER},pneumonia", f"{FILM},normal")
    answer = index(films, corrections=[file], workspace=tmp_path / "w")
    assert labels_of(read_catalogue(Path(answer.catalogue)))[OTHER] == ("pneumonia", "virus")
    assert "2 that had the label already" in answer.notes[-1]


def test_last_of_three_files_decides_whether_by_path_or_by_bytes(tmp_path: Path) -> None:
    catalogue = catalogue_of(record("a", "p1"), record("b", "p2"))
    digest = catalogue.films[0].sha256
    lines = ("a,normal,", f"a,virus,{digest}", "a,bacteria,")
    files = [
        corrections(tmp_path / f"{number}.csv", line, header="path,label,sha256") for number, line in enumerate(lines)
    ]
    fitted = fit_corrections(read_corrections(files), catalogue)
    assert fitted == (Correction("a", digest, "pneumonia", "bacteria"),)


def test_lines_of_a_file_that_mean_one_film_in_two_ways_contradict_each_other(tmp_path: Path) -> None:
    catalogue = catalogue_of(record("a", "p1", content="same"), record("b", "p1", content="same"))
    digest = catalogue.films[0].sha256
    for lines in (["a,normal,", "b,virus,"], ["a,normal,", f"gone,virus,{digest}"]):
        file = corrections(tmp_path / "c.csv", *lines, header="path,label,sha256")
        with pytest.raises(HilumError, match=r"c\.csv', line 3, contradicts .* which is the film 'a'"):
            fit_corrections(read_corrections([file]), catalogue)


def test_path_and_bytes_of_two_films_are_refused(tmp_path: Path) -> None:
    catalogue = catalogue_of(record("a", "p1"), record("b", "p2"))
    line = f"a,normal,{catalogue.films[1].sha256}"
    file = corrections(tmp_path / "c.csv", line, header="path,label,sha256")
    with pytest.raises(HilumError, match="line 2, has the path 'a' of one film and the SHA-256 of another"):
        fit_corrections(read_corrections([file]), catalogue)


@pytest.mark.parametrize("label", ["normal", ""])
def test_copy_in_the_test_folder_stays_as_it_is(label: str) -> None:
    films = record("train/a", "p1", split="train", content="same"), record("test/a", "p1", split="test", content="same")
    catalogue = catalogue_of(*films)
    corrected = correct(catalogue, fit_corrections([Correction("train/a", "", label)], catalogue))
    assert [film.label for film in corrected.films] == ["pneumonia", *([label] if label else [])]
    assert "1 in the test folder left as they are" in corrected.notes[-1]


def test_catalogue_file_is_not_corrected_itself(films: Path, tmp_path: Path) -> None:
    place = Path(index(films, workspace=tmp_path / "work").catalogue)
    with pytest.raises(HilumError, match="keeps the corrections that it was made with"):
        index(place, output=tmp_path / "k.csv", corrections=[corrections(tmp_path / "c.csv")])
