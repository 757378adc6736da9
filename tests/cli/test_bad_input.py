"""Whatever is wrong with what a command is given: one sentence or a row with its reason, and nothing half-written."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from film_folders import film_bytes, kermany_like, write_film
from hilum.cli import run as hilum
from picture_files import png_bomb

Captured = pytest.CaptureFixture[str]

SMALLEST = ["--set", "film.side=28", "--set", "network.widths=[16]", "--set", "train.epochs=1"]
DATA_VERBS = {
    "index": ["data", "index", "{data}"],
    "check": ["data", "check", "{data}"],
    "split": ["data", "split", "{data}", "--output", "parts.csv"],
    "show": ["data", "show", "{data}", "--output", "pictures"],
    "train": ["train", "cnn-scratch", "{data}", "--output", "run", *SMALLEST],
    "evaluate": ["evaluate", "{run}", "{data}", "--split", "all", "--output", "report", "--draws", "10"],
}
OUTPUT_VERBS = {
    "index": ["data", "index", "{films}", "--output", "{out}/catalogue.parquet"],
    "index as csv": ["data", "index", "{films}", "--output", "{out}/catalogue.csv"],
    "index in a workspace": ["data", "index", "{films}", "--workspace", "{out}"],
    "check in a workspace": ["data", "check", "{films}", "--workspace", "{out}"],
    "split": ["data", "split", "{films}", "--output", "{out}/parts.csv"],
    "show": ["data", "show", "{films}", "--output", "{out}"],
    "fetch phantom": ["data", "fetch", "phantom", "--patients", "8", "--side", "96", "--output", "{out}/phantom"],
    "train": ["train", "cnn-scratch", "{films}", "--output", "{out}/run", *SMALLEST],
    "evaluate": ["evaluate", "{run}", "{films}", "--output", "{out}/report", "--draws", "10"],
    "evaluate in a workspace": ["evaluate", "{run}", "{films}", "--workspace", "{out}", "--draws", "10"],
    "predict with a table": ["predict", "{film}", "--model", "{run}", "--csv", "{out}/answers.csv"],
    "predict with maps": ["predict", "{film}", "--model", "{run}", "--maps", "{out}/maps"],
    "demo": ["demo", "--output", "{out}/demo", "--patients", "8"],
}


def refusal(words: list[str], captured: Captured, root: Path = Path()) -> str:
    """Run a command line that must be refused: the one sentence comes back."""
    status = hilum(words)
    shown = captured.readouterr()
    assert status == 2, shown
    assert shown.out == ""
    *progress, sentence = shown.err.splitlines()
    assert sentence.startswith("hilum: ")
    assert not any("hilum: " in line or "Traceback" in line for line in progress)
    assert unfinished(root) == []
    return sentence


def unfinished(root: Path) -> list[Path]:
    """Files and folders that a command has begun and not ended."""
    return [path for path in root.rglob("*") if path.name.endswith((".part", ".unfinished"))]


def filled_in(words: list[str], **places: Path) -> list[str]:
    """The words with the places put in."""
    return [word.format(**places) for word in words]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


# What is wrong with the data: how it is made (the path comes back), and what the sentence must say.


def _missing(root: Path) -> Path:
    return root / "nowhere"


def _empty(root: Path) -> Path:
    (root / "empty").mkdir()
    return root / "empty"


def _empty_classes(root: Path) -> Path:
    (root / "ward" / "NORMAL").mkdir(parents=True)
    (root / "ward" / "PNEUMONIA").mkdir()
    return root / "ward"


def _misspelt(root: Path) -> Path:
    write_film(root / "ward" / "NORMAL" / "IM-0001-0001.jpeg", 1)
    write_film(root / "ward" / "PNEUMONAI" / "person1_virus_1.jpeg", 2)
    return root / "ward"


def _without_classes(root: Path) -> Path:
    return write_film(root / "flat" / "IM-0001-0001.jpeg", 1).parent


def _link_to_itself(root: Path) -> Path:
    (root / "loop").symlink_to("loop")
    return root / "loop"


def _name_not_utf8(root: Path) -> Path:
    folder = Path(os.fsdecode(os.fsencode(root) + b"/w\xffrd"))
    write_film(folder / "NORMAL" / "IM-0001-0001.jpeg", 1)
    write_film(folder / "PNEUMONIA" / "person1_virus_1.jpeg", 2)
    return folder


def _too_long(root: Path) -> Path:
    return root / ("long" * 80)


def _file(name: str, content: bytes) -> Callable[[Path], Path]:
    def make(root: Path) -> Path:
        (root / name).write_bytes(content)
        return root / name

    return make


BAD_DATA: dict[str, tuple[Callable[[Path], Path], str]] = {
    "missing": (_missing, "nowhere': No such file or directory"),
    "empty folder": (_empty, "empty' holds no films"),
    "empty class folders": (_empty_classes, "ward' holds no films"),
    "class folder misspelt": (_misspelt, "Did you mean 'pneumonia'?"),
    "no class folders": (_without_classes, "holds films but no class folders"),
    "link to itself": (_link_to_itself, "Too many levels of symbolic links"),
    "name that is not UTF-8": (_name_not_utf8, "w\\xffrd' is not UTF-8 text"),
    "name too long": (_too_long, "File name too long"),
    "text file": (_file("notes.txt", b"none"), "neither a folder nor a table"),
    "empty table": (_file("a.csv", b""), "a.csv' is empty"),
    "table without rows": (_file("a.csv", b"path,label\n"), "lists no films"),
    "table of other columns": (_file("a.csv", b"a,b\n1,2\n"), "has no column 'path'"),
    "table that is not UTF-8": (_file("a.csv", b"path,label\n\xff,normal\n"), "is not UTF-8 text"),
    "table with a misspelt label": (_file("a.csv", b"path,label\na.png,nromal\n"), "Did you mean 'normal'?"),
    "table with a null byte": (_file("a.csv", b"path,label\na\0.png,normal\n"), "line 2 names no file"),
    "table with an endless cell": (_file("a.csv", b"path,label\n" + b"a" * 200_000), "is no CSV"),
    "empty catalogue": (_file("a.parquet", b""), "is not a catalogue"),
    "catalogue of another kind": (_file("a.parquet", b"PAR1 or so PAR1"), "is not a catalogue"),
}


@pytest.mark.parametrize("kind", BAD_DATA)
@pytest.mark.parametrize("verb", DATA_VERBS)
def test_bad_data_are_refused_in_one_sentence(
    verb: str, kind: str, here: Path, phantom_run: Path, capsys: Captured
) -> None:
    make, words = BAD_DATA[kind]
    data = make(here)
    before = sorted(here.rglob("*"))
    assert words in refusal(filled_in(DATA_VERBS[verb], data=data, run=phantom_run), capsys)
    assert sorted(here.rglob("*")) == before


@pytest.mark.parametrize("verb", ["split", "train"])
def test_one_class_only_is_refused_where_two_are_needed(verb: str, here: Path, capsys: Captured) -> None:
    for number in range(8):
        write_film(here / "ward" / ("train", "test")[number % 2] / "NORMAL" / f"IM-{number:04d}-0001.jpeg", number)
    sentence = refusal(filled_in(DATA_VERBS[verb], data=here / "ward", run=here), capsys)
    assert "without a film labelled pneumonia" in sentence
    assert not (here / "run").exists() and not (here / "parts.csv").exists()


@pytest.mark.parametrize("verb", ["index", "check"])
def test_one_class_only_is_said_where_one_is_enough(verb: str, here: Path, capsys: Captured) -> None:
    write_film(here / "ward" / "NORMAL" / "IM-0001-0001.jpeg", 1)
    assert hilum(["data", verb, "ward"]) == 0
    assert "film labelled pneumonia" in capsys.readouterr().out


@pytest.mark.parametrize("verb", ["show", "train", "evaluate"])
def test_data_without_one_usable_film_are_refused(verb: str, here: Path, phantom_run: Path, capsys: Captured) -> None:
    for name in ("NORMAL/a.jpeg", "PNEUMONIA/b.jpeg"):
        (here / "ward" / name).parent.mkdir(parents=True)
        (here / "ward" / name).write_text("no film")
    refusal(filled_in(DATA_VERBS[verb], data=here / "ward", run=phantom_run), capsys)


def test_catalogue_with_one_flipped_bit_is_refused(here: Path, capsys: Captured) -> None:
    kermany_like(here / "ward", patients=4)
    assert hilum(["data", "index", "ward", "--output", "ward.parquet"]) == 0
    content = bytearray((here / "ward.parquet").read_bytes())
    content[len(content) // 3] ^= 1
    (here / "ward.parquet").write_bytes(content)
    capsys.readouterr()
    assert "ward.parquet" in refusal(["data", "check", "ward.parquet"], capsys)


# Films that cannot be used, among others that can.

BAD_FILMS = {
    "cut.jpeg": "truncated",
    "text.jpeg": "holds text",
    "zero.jpeg": "is empty (0 bytes)",
    "bomb.png": "40,000 x 40,000 pixels",
    "loop.jpeg": "Too many levels of symbolic links",
    "nowhere.jpeg": "No such file or directory",
    "pipe.jpeg": "",
}


@pytest.fixture(scope="module")
def bad_ward(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Good films of both classes, and every bad kind among the normal ones; a folder that links back to its own."""
    ward = kermany_like(tmp_path_factory.mktemp("bad") / "ward", patients=8)
    folder = ward / "test" / "NORMAL"
    content = film_bytes(999)
    (folder / "cut.jpeg").write_bytes(content[: len(content) // 2])
    (folder / "text.jpeg").write_text("no film")
    (folder / "zero.jpeg").touch()
    (folder / "bomb.png").write_bytes(png_bomb(40_000))
    (folder / "loop.jpeg").symlink_to("loop.jpeg")
    (folder / "nowhere.jpeg").symlink_to("gone.jpeg")
    (folder / "round").symlink_to(folder)
    os.mkfifo(folder / "pipe.jpeg")
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff.jpeg")).write_bytes(content)
    return ward


def test_bad_films_are_rows_of_the_index_with_their_reasons(bad_ward: Path, here: Path, capsys: Captured) -> None:
    assert hilum(["data", "index", str(bad_ward), "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    problems = {Path(path).name: reason for path, reason in answer["problems"]}
    assert set(problems) == {*BAD_FILMS, "\\xff.jpeg"}
    assert all(words in problems[name] for name, words in BAD_FILMS.items())
    assert "name is not UTF-8" in problems["\\xff.jpeg"]
    assert any("'test/NORMAL/round' leads to a folder that was already looked at" in note for note in answer["notes"])


def test_bad_films_are_rows_of_the_answer_with_their_reasons(
    bad_ward: Path, phantom_run: Path, here: Path, capsys: Captured
) -> None:
    words = ["predict", str(bad_ward / "test"), "--model", str(phantom_run), "--csv", "out.csv", "--maps", "maps"]
    assert hilum(words) == 1
    assert "Traceback" not in capsys.readouterr().err
    with (here / "out.csv").open(encoding="utf-8") as file:
        rows = {Path(row["path"]).name: row for row in csv.DictReader(file)}
    assert {name for name, row in rows.items() if row["status"] == "unreadable"} == set(BAD_FILMS)
    assert all(words in rows[name]["problem"] for name, words in BAD_FILMS.items())
    assert rows["\\xff.jpeg"]["status"] == "not assessed", "a cloud is no chest film"
    answered = [row for row in rows.values() if row["probability"]]
    assert len(list((here / "maps").iterdir() if answered else [])) == len(answered)


@pytest.mark.parametrize("verb", ["check", "split", "show"])
def test_bad_films_do_not_stop_a_look_at_the_others(verb: str, bad_ward: Path, here: Path, capsys: Captured) -> None:
    assert hilum(filled_in(DATA_VERBS[verb], data=bad_ward)) == 0
    assert "Traceback" not in capsys.readouterr().err


def test_bad_films_are_left_out_of_an_evaluation_by_name_and_the_exit_status_is_1(
    bad_ward: Path, phantom_run: Path, here: Path, capsys: Captured
) -> None:
    assert hilum([*filled_in(DATA_VERBS["evaluate"], data=bad_ward, run=phantom_run), "--json"]) == 1
    left_out = json.loads(capsys.readouterr().out)["evaluation"]["films"]["left_out"]
    assert {Path(film["path"]).name for film in left_out} == {*BAD_FILMS, "\\xff.jpeg"}


def test_training_refuses_bad_films_before_it_writes(bad_ward: Path, here: Path, capsys: Captured) -> None:
    assert "--skip-bad" in refusal(filled_in(DATA_VERBS["train"], data=bad_ward), capsys)
    assert not (here / "run").exists()


# Places that cannot be written.


@pytest.fixture
def full_disc(here: Path, small_disc: Path) -> Path:
    """A file system without a free byte."""
    with suppress(OSError), (small_disc / "filler").open("wb", buffering=0) as filler:
        while filler.write(bytes(4096)):
            pass
    return small_disc


@pytest.fixture
def read_only_disc(here: Path, small_disc: Path) -> Path:
    """A file system that takes nothing."""
    subprocess.run(["mount", "-o", "remount,ro", small_disc], check=True)
    return small_disc


@pytest.fixture
def places(phantom_films: Path, phantom_run: Path) -> dict[str, Path]:
    """Good films and a good model."""
    film = next((phantom_films / "test" / "NORMAL").iterdir())
    return {"films": phantom_films, "film": film, "run": phantom_run}


@pytest.mark.parametrize("verb", OUTPUT_VERBS)
def test_file_in_the_way_of_the_output_is_one_sentence(
    verb: str, here: Path, places: dict[str, Path], capsys: Captured
) -> None:
    (here / "file").write_text("mine")
    refusal(filled_in(OUTPUT_VERBS[verb], out=Path("file"), **places), capsys)
    assert (here / "file").read_text() == "mine"


@pytest.mark.parametrize("verb", OUTPUT_VERBS)
def test_full_disc_is_one_sentence_and_holds_no_half_file(
    verb: str, full_disc: Path, places: dict[str, Path], capsys: Captured
) -> None:
    sentence = refusal(filled_in(OUTPUT_VERBS[verb], out=full_disc, **places), capsys)
    assert "No space left on device. Expected free space on the disc." in sentence
    assert [path.name for path in full_disc.rglob("*") if path.is_file()] == ["filler"]


@pytest.mark.parametrize("verb", OUTPUT_VERBS)
def test_disc_that_cannot_be_written_is_one_sentence(
    verb: str, read_only_disc: Path, places: dict[str, Path], capsys: Captured
) -> None:
    assert "Read-only file system" in refusal(filled_in(OUTPUT_VERBS[verb], out=read_only_disc, **places), capsys)


@pytest.mark.parametrize("verb", ["show", "evaluate"])
def test_files_that_belong_together_are_written_all_or_none(
    verb: str, here: Path, small_disc: Path, places: dict[str, Path], capsys: Captured
) -> None:
    # The first file fits on this disc, the last does not.
    refusal(filled_in(OUTPUT_VERBS[verb], out=small_disc, **places), capsys)
    assert [path for path in small_disc.rglob("*") if path.is_file()] == []


def test_table_without_a_name_is_one_sentence(places: dict[str, Path], here: Path, capsys: Captured) -> None:
    words = ["predict", str(places["film"]), "--model", str(places["run"]), "--csv", ""]
    assert "has no ending" in refusal(words, capsys)


def test_demo_touches_no_folder_that_it_has_not_made(here: Path, capsys: Captured) -> None:
    (here / "study" / "films").mkdir(parents=True)
    (here / "study" / "films" / "mine.png").touch()
    assert "holds 'films', but no demo" in refusal(["demo", "--output", "study"], capsys)
    assert (here / "study" / "films" / "mine.png").exists()


# Models that are none, or not whole.


def _manifest_with(**changes: object) -> Callable[[Path], None]:
    def change(model: Path) -> None:
        manifest = json.loads((model / "hilum.json").read_text(encoding="utf-8"))
        (model / "hilum.json").write_text(json.dumps(manifest | changes), encoding="utf-8")

    return change


def _cut(name: str) -> Callable[[Path], None]:
    def cut(model: Path) -> None:
        content = (model / name).read_bytes()
        (model / name).write_bytes(content[: len(content) // 2])

    return cut


def _flip_a_bit(model: Path) -> None:
    content = bytearray((model / "model.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (model / "model.onnx").write_bytes(content)


def _manifest_folder(model: Path) -> None:
    (model / "hilum.json").unlink()
    (model / "hilum.json").mkdir()


BAD_MODELS: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (shutil.rmtree, "is not a model folder"),
    "of another kind": (lambda model: (model / "hilum.json").unlink(), "it has no hilum.json"),
    "manifest truncated": (_cut("hilum.json"), "hilum.json' is damaged"),
    "manifest empty": (lambda model: (model / "hilum.json").write_bytes(b""), "hilum.json' is damaged"),
    "manifest of another kind": (lambda model: (model / "hilum.json").write_text("{}"), "has a wrong"),
    "manifest too deep": (lambda model: (model / "hilum.json").write_text("[" * 100_000), "is damaged"),
    "manifest that is a folder": (_manifest_folder, "is not a model folder"),
    "from the future": (_manifest_with(format=2, hilum_version="9.1.0"), "Install hilum 9.1.0 or newer"),
    "unknown key": (_manifest_with(surprise=1), "unknown field `surprise`"),
    "side of another graph": (_manifest_with(side=64), "but hilum.json says 64"),
    "graph missing": (lambda model: (model / "model.onnx").unlink(), "has no 'model.onnx'"),
    "graph truncated": (_cut("model.onnx"), "model.onnx' is not the file that hilum.json describes"),
    "graph with one flipped bit": (_flip_a_bit, "model.onnx' is not the file that hilum.json describes"),
}


@pytest.mark.parametrize("kind", BAD_MODELS)
@pytest.mark.parametrize("verb", ["predict", "evaluate"])
def test_bad_model_is_refused_in_one_sentence(
    verb: str, kind: str, here: Path, places: dict[str, Path], capsys: Captured
) -> None:
    shutil.copytree(places["run"] / "model", here / "model")
    damage, words = BAD_MODELS[kind]
    damage(here / "model")
    command = {
        "predict": ["predict", str(places["film"]), "--model", "model", "--csv", "out.csv", "--maps", "maps"],
        "evaluate": ["evaluate", "model", str(places["films"]), "--output", "report"],
    }
    assert words in refusal(command[verb], capsys)
    written = {path.name for path in here.rglob("*") if path.is_file()}
    assert not written & {"out.csv", "index.html", "evaluation.json", "predictions.csv", "looks.jsonl"}


# Words that mean nothing.


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("nothing", "Unknown command"),
        ("predcit x.png", 'Did you mean "predict"?'),
        ("data idnex x", 'Did you mean "index"?'),
        ("predict", "See: hilum predict --help"),
        ("data index", "See: hilum data index --help"),
        ("demo more", "See: hilum demo --help"),
        ("predict x.png --modle run", "Did you mean --model?"),
        ("train cnn-scratch . --epochs 3", "Unknown option: --epochs. See: hilum train --help"),
        ("train cnn-scratch . --threads many", "--threads"),
        ("train cnn-scratch . --threads -3", "-3 threads"),
        ("train cnn-scratch . --device gpu", "Did you mean 'cpu'?"),
        ("train cnn-scratch . --device cpu:x", "auto, cpu, cuda"),
        ("train cnn-scrach .", "Did you mean 'cnn-scratch'?"),
        ("train cnn-scratch . --set train.epoch=3", "Did you mean 'epochs'?"),
        ("train cnn-scratch . --set network.widths=[]", "network.widths = []"),
        ("train cnn-scratch . --set network.widths=[0]", "network.widths = 0"),
        ("train nowhere.toml .", "nowhere.toml"),
        ("data index {films} --patient (", "is not a regular expression"),
        ("data index {films} --output catalogue.txt", "ends in .parquet or .csv"),
        ("data split {films} --protocol offcial", "Did you mean 'official'?"),
        ("data split {films} --protocol grouped --fold 9", "no fold 9"),
        ("data fetch kermay", "Did you mean 'kermany'?"),
        ("data fetch phantom --patients 0", "0 phantom patients"),
        ("data fetch phantom --side 0", "0 pixels wide"),
        ("data fetch phantom --seed -1", "seed -1"),
        ("evaluate {run} {films} --split tset", "no part 'tset'"),
        ("evaluate {run} {films} --prevalence 2", "2 as a prevalence"),
        ("evaluate {run} {films} --draws 0", "0 draws"),
        ("evaluate {run} {films} --seed -1", "seed -1"),
        ("predict {film} --model {run} --operating-point yuden", "Did you mean 'youden'?"),
        ("predict nowhere.png --model {run}", "There is no 'nowhere.png'"),
        ("predict *.nix --model {run}", "'*.nix' names no film"),
        ("predict ward/**x --model {run}", "'ward/**x' names no film"),
    ],
)
def test_word_that_means_nothing_is_refused_with_the_nearest(
    words: str, said: str, here: Path, places: dict[str, Path], capsys: Captured
) -> None:
    assert said in refusal(filled_in(words.split(), **places), capsys)
    assert not [path for path in here.rglob("*") if path.suffix in (".png", ".jpeg", ".html", ".jsonl")]


# A user who stops a command, and a reader who stops listening.


@pytest.mark.slow
def test_interrupt_is_one_sentence_leaves_nothing_and_no_process_complains(tmp_path: Path) -> None:
    words = ["data", "fetch", "phantom", "--patients", "3000", "--output", str(tmp_path / "films")]
    process = subprocess.Popen(
        [sys.executable, "-m", "hilum", *words], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    while process.poll() is None and not list(tmp_path.rglob("*.jpeg")):
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to the workers too
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert error == "hilum: Stopped by Ctrl-C; no file was left half-written.\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_reader_who_leaves_early_is_no_error(
    as_json: list[str], here: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_film(here / "ward" / "NORMAL" / "IM-0001-0001.jpeg", 1)
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as output:
        monkeypatch.setattr(sys, "stdout", output)
        assert hilum(["data", "index", "ward", *as_json]) == 141
    assert "hilum:" not in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_answer_that_finds_no_room_is_one_sentence(
    here: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_film(here / "ward" / "NORMAL" / "IM-0001-0001.jpeg", 1)
    with Path("/dev/full").open("w", encoding="utf-8") as output:
        monkeypatch.setattr(sys, "stdout", output)
        assert hilum(["data", "index", "ward"]) == 2
    assert "hilum: Could not write to 'standard output': No space left" in capsys.readouterr().err


@pytest.mark.slow
def test_shell_sees_no_traceback_when_the_reader_leaves_or_a_stream_is_closed(here: Path) -> None:
    write_film(here / "ward" / "NORMAL" / "IM-0001-0001.jpeg", 1)
    command = f"'{sys.executable}' -m hilum data index ward"
    for line, statuses in {
        f"{command} --json | true; echo ${{PIPESTATUS[0]}}": {"141"},
        f"{command} --help | true; echo ${{PIPESTATUS[0]}}": {"0", "1"},
        f"{command} > /dev/full; echo $?": {"2"},
        f"{command} >&-; echo $?": {"2"},
        f"{command} 2>&- > /dev/null; echo $?": {"0"},
    }.items():
        done = subprocess.run(["bash", "-c", line], capture_output=True, text=True)
        assert done.stdout.strip() in statuses, (line, done)
        assert "Traceback" not in done.stderr and "Exception" not in done.stderr
