"""The catalogue and its file."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from film_folders import catalogue_of, record, ward
from hilum.datasets import Catalogue, read_catalogue, shared_patients, write_catalogue
from hilum.datasets.catalogue import copies
from hilum.datasets.catalogue_file import is_catalogue
from hilum.errors import HilumError

AWKWARD = catalogue_of(
    record('a, b\n"c".jpeg', "P'1", "normal", "train"),
    replace(record("ärzte/ü.jpeg", "bacteria-1"), problem='It is; broken, "badly"\nindeed.', mtime_ns=2**62),
    name="ward 7, east",
)


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_catalogue_reads_back_as_it_was_written(tmp_path: Path, suffix: str) -> None:
    catalogue = replace(AWKWARD, notes=("One, two.", "Zwei\nlines"), patient_key="regex:(P[0-9]+),\n")
    write_catalogue(tmp_path / f"c{suffix}", catalogue)
    assert read_catalogue(tmp_path / f"c{suffix}") == catalogue
    assert is_catalogue(tmp_path / f"c{suffix}")


def test_table_of_paths_and_labels_is_no_catalogue(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("path,label\na.png,normal\n")
    assert not is_catalogue(tmp_path / "labels.csv")
    with pytest.raises(HilumError, match=r"labels\.csv' is not a catalogue"):
        read_catalogue(tmp_path / "labels.csv")


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + bytes(200) + b"PAR1", b"# hilum catalogue {}\n"])
@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_damaged_catalogue_is_one_sentence(tmp_path: Path, content: bytes, suffix: str) -> None:
    (tmp_path / f"c{suffix}").write_bytes(content)
    with pytest.raises(HilumError, match="is not a catalogue made by hilum"):
        read_catalogue(tmp_path / f"c{suffix}")


def test_parquet_of_another_program_is_no_catalogue(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    import pyarrow

    parquet.write_table(pyarrow.table({"path": ["a.png"]}), tmp_path / "c.parquet")
    with pytest.raises(HilumError, match="is not a catalogue made by hilum"):
        read_catalogue(tmp_path / "c.parquet")


def test_newer_format_names_the_way_out(tmp_path: Path) -> None:
    write_catalogue(tmp_path / "c.csv", AWKWARD)
    text = (tmp_path / "c.csv").read_text(encoding="utf-8")
    (tmp_path / "c.csv").write_text(text.replace('"format": 1', '"format": 3'), encoding="utf-8")
    with pytest.raises(HilumError, match=r"has format 3.*Install a newer hilum"):
        read_catalogue(tmp_path / "c.csv")


def test_parquet_without_pyarrow_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(HilumError, match=r"hilum\[judge\]"):
        write_catalogue(tmp_path / "c.parquet", AWKWARD)
    assert list(tmp_path.iterdir()) == []


def test_films_with_a_problem_are_not_usable() -> None:
    assert [film.path for film in AWKWARD.usable.films] == ['a, b\n"c".jpeg']


def test_pneumonia_is_the_positive_class() -> None:
    assert AWKWARD.is_pneumonia.tolist() == [False, True]
    assert AWKWARD.is_pneumonia.dtype == bool


def test_selected_rows_keep_their_order() -> None:
    films = ward().films
    assert ward().select(np.array([5, 2])).films == (films[5], films[2])


def test_patients_with_a_file_in_common_are_one_group() -> None:
    films = (record("1", "c", content="x"), record("2", "b", content="x"), record("3", "b"), record("4", "a"))
    assert catalogue_of(*films).resampling_groups().tolist() == [1, 1, 1, 0]


def test_chain_of_shared_files_joins_all_its_patients() -> None:
    films = [record(f"{n}{side}", f"p{n}", content=f"{n + (side == 'b')}") for n in range(9) for side in "ab"]
    assert len(set(catalogue_of(*films).resampling_groups())) == 1


def test_broken_files_of_the_same_bytes_join_nobody() -> None:
    empty = [replace(record(name, name, content="empty"), problem="It is empty.") for name in "ab"]
    assert catalogue_of(*empty).resampling_groups().tolist() == [0, 1]
    assert copies(catalogue_of(*empty)) == []


def test_copies_are_rows_of_identical_files() -> None:
    films = (record("1", "a", content="x"), record("2", "b"), record("3", "c", content="x"))
    assert copies(catalogue_of(*films)) == [(0, 2)]


@given(st.permutations(list(ward(9).films)))
def test_fingerprint_and_groups_do_not_depend_on_the_order(films: list[object]) -> None:
    shuffled = Catalogue("made", Path("elsewhere"), tuple(films))  # type: ignore[arg-type]
    assert shuffled.fingerprint == ward(9).fingerprint
    assert len(set(shuffled.resampling_groups())) == 9


@pytest.mark.parametrize("change", [{"label": "normal"}, {"patient": "other"}, {"split": "test"}, {"sha256": "0" * 64}])
def test_fingerprint_changes_with_what_a_film_is(change: dict[str, str]) -> None:
    films = ward().films
    changed = replace(ward(), films=(replace(films[0], **change), *films[1:]))  # type: ignore[arg-type]
    assert changed.fingerprint != ward().fingerprint


def test_empty_catalogue_has_no_groups() -> None:
    assert catalogue_of().resampling_groups().tolist() == []
    assert catalogue_of().is_pneumonia.shape == (0,)


def test_shared_patients_are_those_on_both_sides() -> None:
    films = (record("1", "b"), record("2", "a"), record("3", "a"), record("4", "c"))
    assert shared_patients(catalogue_of(*films), [0, 1], [2, 3]) == ("a",)
