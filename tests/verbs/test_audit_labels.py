"""hilum audit labels: a model and films in, a page to tick out, and its corrections back into an index."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from film_folders import catalogue_of, record
from hilum.cli import run as hilum
from hilum.datasets import read_catalogue
from hilum.datasets.catalogue_file import write_catalogue
from hilum.errors import HilumError
from hilum.json_files import as_json
from hilum.verbs.audit_labels import LabelsAudited, _index_again, labels
from hilum.verbs.data_index import index

pytestmark = pytest.mark.slow  # seconds a test: `make check` leaves them to `make test`


@pytest.fixture
def audited(
    phantom_films: Path, phantom_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[LabelsAudited, Path]:
    monkeypatch.chdir(tmp_path)
    films = tmp_path / phantom_films.name
    shutil.copytree(phantom_films, films)
    shutil.copy(films / "train" / "NORMAL" / "NORMAL2-IM-0001-0001.jpeg", films / "train" / "PNEUMONIA" / "=cmd.jpeg")
    return labels(phantom_run, films, top=200), films


def shown(answer: object) -> str:
    console = Console(width=80, no_color=True, highlight=False)
    with console.capture() as capture:
        console.print(answer)
    return capture.get()


def test_answer_reads_at_80_columns_and_as_json(audited: tuple[LabelsAudited, Path]) -> None:
    answer, films = audited
    text = shown(answer)
    assert max(map(len, text.replace(str(films), "DATA").splitlines())) <= 80
    assert f"labels of {answer.audit.films.films} films" in text and "--corrections" in text
    assert json.loads(as_json(answer.as_json()))["audit"]["kind"] == "labels"
    assert json.loads(answer.files.json.read_text(encoding="utf-8"))["seed"] == 0


def test_page_runs_its_own_script_and_no_other_and_loads_nothing(audited: tuple[LabelsAudited, Path]) -> None:
    page = audited[0].files.page.read_text(encoding="utf-8")
    [script] = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page and "default-src 'none'" in page
    assert not re.search(r"""(?:src|href)=["'](?!data:|#)""", page)


def test_page_shows_each_film_once_with_its_choices(audited: tuple[LabelsAudited, Path]) -> None:
    answer, _ = audited
    page = answer.files.page.read_text(encoding="utf-8")
    digests = re.findall(r'<fieldset[^>]* data-sha256="([0-9a-f]{64})"', page)
    assert len(digests) == len(set(digests)) == len({one.film.sha256 for one in answer.audit.listed})
    assert page.count("Ticked above") == 1 + 2 * len(answer.audit.likenesses)  # the copy, and the pairs
    assert page.count('type="radio"') == 3 * len(digests)


def test_one_film_under_both_labels_is_the_likest_pair(audited: tuple[LabelsAudited, Path]) -> None:
    pair = audited[0].audit.likenesses[0]
    assert (pair.pneumonia.path, pair.bits) == ("train/PNEUMONIA/=cmd.jpeg", 0)
    assert pair.correlation == pytest.approx(1.0) and pair.normal.sha256 == pair.pneumonia.sha256


def test_table_filled_by_hand_is_a_file_of_corrections(audited: tuple[LabelsAudited, Path]) -> None:
    answer, films = audited
    with answer.to_review.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(answer.audit.listed) and not any(row["label"] for row in rows)
    first = next(row for row in rows if "=cmd" not in row["path"])
    first["label"] = "normal" if first["was"] == "pneumonia" else "pneumonia"
    with Path("corrections.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    indexed = index(films, corrections=[Path("corrections.csv")])
    found = {film.path: film.label for film in read_catalogue(Path(indexed.catalogue)).films}
    assert found[first["path"]] == first["label"]
    assert f"1 now {first['label']}" in indexed.notes[-1]


def test_review_that_somebody_has_begun_is_not_written_over(
    audited: tuple[LabelsAudited, Path], phantom_run: Path
) -> None:
    answer, films = audited
    labels(phantom_run, films, top=1)  # nobody has filled in anything
    rows = answer.to_review.read_text(encoding="utf-8").splitlines()
    path, _, rest = rows[1].split(",", 2)
    answer.to_review.write_text("\n".join([rows[0], f"{path},normal,{rest}", *rows[2:]]), encoding="utf-8")
    before = answer.to_review.read_bytes(), answer.files.page.read_bytes()
    with pytest.raises(HilumError, match=r"to-review\.csv' has lines that somebody has filled in \(1\)"):
        labels(phantom_run, films)
    assert (answer.to_review.read_bytes(), answer.files.page.read_bytes()) == before


@pytest.mark.parametrize("suffix", ["folder", "parquet", "csv"])
def test_next_command_takes_the_corrections_into_what_was_audited(
    phantom_films: Path, phantom_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if suffix == "folder":
        answer = labels(phantom_run, phantom_films, top=1, workspace=Path("my work"))
        place = Path("my work") / phantom_films.name / "catalogue.parquet"
    else:
        place = Path(f"my films.{suffix}")
        index(phantom_films, output=place)
        answer = labels(phantom_run, place, top=1)
    film = answer.audit.listed[0].film
    Path("corrections.csv").write_text(f"path,label\n{film.path},leave out\n")
    assert hilum(shlex.split(answer.next_step)[1:]) == 0
    assert film.path not in {one.path for one in read_catalogue(place).films}


def test_next_command_of_a_catalogue_made_from_a_table_asks_for_the_table(tmp_path: Path) -> None:
    catalogue = catalogue_of(record("a", "p1"))
    write_catalogue(tmp_path / "k.csv", catalogue)
    told = _index_again(tmp_path / "k.csv", catalogue, Path("hilum-data"))
    assert told == f"hilum data index TABLE.csv --output {tmp_path / 'k.csv'} --corrections corrections.csv"


def test_cells_that_a_spreadsheet_would_run_are_quoted(audited: tuple[LabelsAudited, Path]) -> None:
    answer, _ = audited
    with answer.to_review.open(encoding="utf-8", newline="") as file:
        cells = [row["path"] for row in csv.DictReader(file)]
    assert not any(cell.startswith("=") for cell in cells)


def test_number_of_films_that_cannot_be_meant_is_refused(phantom_run: Path, tmp_path: Path) -> None:
    with pytest.raises(HilumError, match="Got 0 films to list"):
        labels(phantom_run, tmp_path, top=0)
