"""hilum predict: files, folders and patterns in; table, JSON and CSV out."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hilum.cli import run as hilum
from hilum.errors import HilumError
from hilum.runtime import Predictor
from hilum.verbs.predict import find_films


@pytest.fixture
def ward(phantom_films: Path, tmp_path: Path) -> Path:
    """Three films, one of them in a folder below, and a text file."""
    films = sorted((phantom_films / "test" / "NORMAL").iterdir())
    (tmp_path / "ward" / "below").mkdir(parents=True)
    for film, name in zip(films, ("a.jpeg", "b.jpeg", "below/c.jpeg"), strict=False):
        shutil.copy(film, tmp_path / "ward" / name)
    (tmp_path / "ward" / "notes.txt").write_text("none")
    return tmp_path / "ward"


def test_folder_file_and_pattern_name_films_once_each(ward: Path) -> None:
    found = find_films([ward, ward / "a.jpeg", ward / "*.jpeg"])
    assert [path.name for path in found] == ["a.jpeg", "b.jpeg", "c.jpeg"]


@pytest.mark.parametrize("entry", ["nothing.jpeg", "*.tiff", "empty"])
def test_input_that_names_no_film_is_refused(ward: Path, entry: str) -> None:
    (ward / "empty").mkdir()
    with pytest.raises(HilumError, match=entry.replace("*", r"\*")):
        find_films([ward / entry])


def test_folder_that_links_to_itself_ends(ward: Path) -> None:
    (ward / "loop").symlink_to(ward)
    assert len(find_films([ward])) == 3


def test_linked_folders_are_followed_and_twins_of_a_mac_are_no_films(ward: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (ward / "below").rename(tmp_path / "other" / "below")
    (ward / "linked").symlink_to(tmp_path / "other" / "below")
    (ward / "._a.jpeg").write_bytes(b"attributes, no film")
    assert [path.name for path in find_films([ward])] == ["a.jpeg", "b.jpeg", "c.jpeg"]
    assert [path.name for path in find_films([ward / "*.jpeg"])] == ["a.jpeg", "b.jpeg"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_subfolder_that_cannot_be_read_is_no_empty_one(ward: Path) -> None:
    (ward / "below").chmod(0)
    try:
        with pytest.raises(HilumError, match=r"Could not read '.*below': Permission denied"):
            find_films([ward])
    finally:
        (ward / "below").chmod(0o700)


def test_json_answer_can_be_read_by_a_machine(
    phantom_run: Path, ward: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert hilum(["predict", str(ward), "--model", str(phantom_run), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert len(answer["predictions"]) == 3
    assert all(0 < row["probability"] < 1 for row in answer["predictions"])
    assert "not a medical device" in answer["limits"][0]


def test_table_fits_80_columns_and_limits_itself(
    phantom_run: Path, ward: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ward)
    assert hilum(["predict", "a.jpeg", "b.jpeg", "--model", str(phantom_run)]) == 0
    shown = capsys.readouterr().out
    assert "probability" in shown and "not a medical device" in shown


def test_bad_films_are_rows_and_the_exit_status_is_1(
    phantom_run: Path, ward: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = (ward / "a.jpeg").read_bytes()
    (ward / "cut.jpeg").write_bytes(content[: len(content) // 2])
    (ward / "zero.jpeg").touch()
    (ward / "text.jpeg").write_text("no film")
    (ward / "loop.jpeg").symlink_to("loop.jpeg")
    Path(os.fsdecode(os.fsencode(ward) + b"/b\xff.jpeg")).write_bytes(content)
    assert hilum(["predict", str(ward), "--model", str(phantom_run), "--csv", str(ward / "out.csv")]) == 1
    rows = {Path(row["path"]).name: row for row in csv.DictReader((ward / "out.csv").open(encoding="utf-8"))}
    assert len(rows) == 8
    for name in ("cut.jpeg", "zero.jpeg", "text.jpeg", "loop.jpeg"):
        assert rows[name]["decision"] == "not assessed" and name in rows[name]["problem"]
    assert rows["b\\xff.jpeg"]["probability"] == rows["a.jpeg"]["probability"]
    assert "Traceback" not in capsys.readouterr().err


def test_cell_that_a_spreadsheet_would_run_is_quoted(
    phantom_run: Path, ward: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(ward / "a.jpeg", ward / "=1+1.jpeg")
    monkeypatch.chdir(ward)
    hilum(["predict", "=1+1.jpeg", "--model", str(phantom_run), "--csv", "out.csv"])
    assert "\n'=1+1.jpeg," in (ward / "out.csv").read_text()


@pytest.fixture
def leaky_model(phantom_run: Path, tmp_path: Path) -> Path:
    """The small model, as if it had been trained under a protocol with patients on both sides."""
    shutil.copytree(phantom_run / "model", tmp_path / "leaky")
    manifest = json.loads((tmp_path / "leaky" / "hilum.json").read_text(encoding="utf-8"))
    manifest["training"] |= {"protocol": "random20", "is_leaky": True}
    (tmp_path / "leaky" / "hilum.json").write_text(json.dumps(manifest), encoding="utf-8")
    return tmp_path / "leaky"


def test_answer_of_a_leaky_model_says_so_in_table_json_and_csv(
    leaky_model: Path, ward: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["predict", str(ward / "a.jpeg"), "--model", str(leaky_model), "--csv", str(ward / "out.csv")]
    assert hilum(words) == 0
    assert "protocol 'random20', which leaks" in " ".join(capsys.readouterr().out.split())
    assert hilum([*words, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["is_leaky"] and any("leaks" in sentence for sentence in answer["limits"])
    with (ward / "out.csv").open(encoding="utf-8") as file:
        assert [row["model"] for row in csv.DictReader(file)] == [f"{answer['model']} (leaky)"]


def test_answer_of_an_honest_model_bears_its_plain_name(phantom_run: Path, ward: Path) -> None:
    hilum(["predict", str(ward), "--model", str(phantom_run), "--csv", str(ward / "out.csv")])
    with (ward / "out.csv").open(encoding="utf-8") as file:
        assert {row["model"] for row in csv.DictReader(file)} == {Predictor.open(phantom_run).manifest.name}


def test_unwritable_csv_is_one_sentence(phantom_run: Path, ward: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (ward / "file").touch()
    assert hilum(["predict", str(ward), "--model", str(phantom_run), "--csv", str(ward / "file" / "out.csv")]) == 2
    assert "Could not write" in capsys.readouterr().err


def test_map_is_drawn_at_the_films_own_size_with_bar_and_caption(phantom_run: Path, ward: Path) -> None:
    hilum(["predict", str(ward / "a.jpeg"), "--model", str(phantom_run), "--maps", str(ward / "maps")])
    with Image.open(ward / "maps" / "a-map.png") as drawn, Image.open(ward / "a.jpeg") as film:
        assert drawn.height > film.height and drawn.width > film.width
        grey = np.asarray(film.convert("L"), dtype=float)
        under = np.asarray(drawn.convert("L"), dtype=float)[: film.height, : film.width]
        assert np.corrcoef(grey.ravel(), under.ravel())[0, 1] > 0.8


def test_maps_come_with_what_was_measured_of_them(
    phantom_run: Path, ward: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["predict", str(ward / "a.jpeg"), "--model", str(phantom_run)]
    hilum(words)
    assert "Worth of the map" not in capsys.readouterr().out
    hilum([*words, "--maps", str(ward / "maps")])
    text = " ".join(capsys.readouterr().out.split())
    assert "Worth of the map: " in text and "The network has one logit" in text
    hilum([*words, "--maps", str(ward / "maps"), "--json"])
    assert len(json.loads(capsys.readouterr().out)["maps"]) == 3


def test_maps_of_films_with_one_name_do_not_replace_each_other(phantom_run: Path, ward: Path) -> None:
    for name in ("x/a.jpeg", "y/A.jpeg", "z/a-2.jpeg"):
        (ward / "same" / name).parent.mkdir(parents=True)
        shutil.copy(ward / "a.jpeg", ward / "same" / name)
    hilum(["predict", str(ward / "same"), "--model", str(phantom_run), "--maps", str(ward / "maps")])
    assert sorted(path.name for path in (ward / "maps").iterdir()) == ["A-2-map.png", "a-2-2-map.png", "a-map.png"]


def test_prediction_loads_nothing_of_the_training_half(phantom_run: Path, ward: Path) -> None:
    code = (
        "import sys; from hilum.cli import run; status = run(sys.argv[1:]);"
        "heavy = [m for m in ('torch', 'pandas', 'pyarrow', 'sklearn', 'scipy', 'matplotlib') if m in sys.modules];"
        "sys.exit(f'{status} {heavy}' if status or heavy else 0)"
    )
    words = ["predict", str(ward / "a.jpeg"), "--model", str(phantom_run)]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A picture of lines, which is no film."""
    lines = np.full((200, 200), 245, np.uint8)
    lines[10:190:8, 10:190] = 20
    (tmp_path / "page").mkdir()
    Image.fromarray(lines).save(tmp_path / "page" / "page.png")
    return tmp_path / "page" / "page.png"


def test_refused_picture_is_a_row_with_its_reason_and_the_exit_status_is_1(
    phantom_run: Path, ward: Path, page: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["predict", str(ward / "a.jpeg"), str(page), "--model", str(phantom_run), "--csv", str(ward / "out.csv")]
    assert hilum(words) == 1
    assert "Not assessed:" in capsys.readouterr().out
    with (ward / "out.csv").open(encoding="utf-8") as file:
        film, refused = csv.DictReader(file)
    assert film["status"] == "answered" and film["answers"] and float(film["distance"]) > 0
    assert refused["status"] == "not assessed" and not refused["probability"] and "chest film" in refused["problem"]
    assert hilum([*words, "--json"]) == 1
    rows = json.loads(capsys.readouterr().out)["predictions"]
    assert [row["status"] for row in rows] == ["answered", "not assessed"] and rows[1]["reasons"]


def test_folder_without_a_gate_says_that_it_has_none(
    phantom_run: Path, ward: Path, page: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(phantom_run / "model", tmp_path / "old")
    manifest = json.loads((tmp_path / "old" / "hilum.json").read_text(encoding="utf-8"))
    del manifest["gate"], manifest["conformal"]  # as folders of format 1 began
    (tmp_path / "old" / "hilum.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert hilum(["predict", str(page), "--model", str(tmp_path / "old")]) == 0
    assert "The model folder has no gate" in " ".join(capsys.readouterr().out.split())
    assert hilum(["predict", str(page), "--model", str(phantom_run)]) == 1
    assert "has no gate" not in capsys.readouterr().out


def test_prevalence_of_the_site_gives_a_second_number_and_the_same_decision(
    phantom_run: Path, ward: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["predict", str(ward / "a.jpeg"), "--model", str(phantom_run)]
    hilum([*words, "--json"])
    plain = json.loads(capsys.readouterr().out)
    (ward / "hilum.toml").write_text('prevalence = 0.02\noperating_point = "youden"\n', encoding="utf-8")
    hilum([*words, "--site", str(ward), "--json"])
    here = json.loads(capsys.readouterr().out)
    [then], [now] = plain["predictions"], here["predictions"]
    assert plain["site_prevalence"] is None and then["site_probability"] is None
    assert here["site_prevalence"] == 0.02 and here["operating_point"] == "youden"
    assert now["probability"] == then["probability"] and now["site_probability"] < now["probability"]
    assert (now["site_probability"] >= here["site_threshold"]) == (now["decision"] == "pneumonia")
    assert hilum([*words, "--site", str(ward), "--prevalence", "0.5", "--operating-point", "0.5"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "at 50.0%" in shown and "pneumonia from a probability of 0.5000 (0.5)" in shown


def test_site_file_that_nobody_named_says_what_it_decided(
    phantom_run: Path, ward: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ward)
    words = ["predict", "a.jpeg", "--model", str(phantom_run), "--csv", "out.csv"]
    hilum([*words, "--json"])
    plain = json.loads(capsys.readouterr().out)
    assert plain["site_file"] is None and plain["site_decided"] == []
    header = Path("out.csv").read_text(encoding="utf-8").splitlines()[0]
    Path("hilum.toml").write_text('prevalence = 0.02\noperating_point = "youden"\n', encoding="utf-8")
    hilum([*words, "--json"])
    here = json.loads(capsys.readouterr().out)
    assert here["site_file"] == str(ward.resolve() / "hilum.toml")
    assert here["site_decided"] == ["prevalence", "operating_point"]
    assert Path("out.csv").read_text(encoding="utf-8").splitlines()[0] == header
    hilum(words)
    assert "decided the prevalence (0.02) and the operating point (youden)." in " ".join(
        capsys.readouterr().out.split()
    )
    hilum([*words, "--prevalence", "0.1"])
    assert "hilum.toml' decided the operating point (youden)." in " ".join(capsys.readouterr().out.split())
    hilum([*words, "--prevalence", "0.1", "--operating-point", "0.5"])
    assert "hilum.toml' decided nothing here." in " ".join(capsys.readouterr().out.split())


def test_impossible_prevalence_is_refused(phantom_run: Path, ward: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert hilum(["predict", str(ward / "a.jpeg"), "--model", str(phantom_run), "--prevalence", "5"]) == 2
    assert "as a prevalence" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--csv", "--report"])
def test_film_is_never_written_over(
    phantom_run: Path, phantom_films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    film = tmp_path / ("film.csv" if option == "--csv" else "film.html")
    shutil.copy(next((phantom_films / "test" / "NORMAL").iterdir()), film)
    before = film.read_bytes()
    assert hilum(["predict", str(film), "--model", str(phantom_run), option, str(film)]) == 2
    assert "is one of the films" in capsys.readouterr().err and film.read_bytes() == before


def test_table_that_is_none_is_refused_before_any_film_is_read(
    phantom_run: Path, phantom_films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    films = str(phantom_films / "test" / "NORMAL")
    for name, words in ((tmp_path, "is a folder"), (tmp_path / "answers.jpeg", "ends in '.jpeg'")):
        assert hilum(["predict", films, "--model", str(phantom_run), "--csv", str(name)]) == 2
        told = capsys.readouterr()
        assert words in told.err and "Films" not in told.err


def test_maps_among_the_films_are_refused(
    phantom_run: Path, phantom_films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ward = tmp_path / "ward"
    ward.mkdir()
    shutil.copy(next((phantom_films / "test" / "NORMAL").iterdir()), ward)
    for maps in (ward, ward / "maps"):
        assert hilum(["predict", str(ward), "--model", str(phantom_run), "--maps", str(maps)]) == 2
        assert "taken for films next time" in capsys.readouterr().err
    assert len(list(ward.iterdir())) == 1


def test_answer_says_what_was_written_and_the_folder_of_its_films_once(
    phantom_run: Path, phantom_films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, table = phantom_films / "test" / "NORMAL", tmp_path / "answers.csv"
    hilum(["predict", str(folder), "--model", str(phantom_run), "--csv", str(table)])
    told = capsys.readouterr().out
    assert "Written: " in told and "answers.csv" in told.replace("\n", "")
    assert told.replace("\n", "").count(str(folder)) == 1
