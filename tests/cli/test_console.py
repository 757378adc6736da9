"""The command line: what goes where, with which exit status, and what its help says."""

from __future__ import annotations

import inspect
import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from film_folders import write_film
from hilum import __version__
from hilum.cli import run as hilum
from hilum.cli.table import VERBS, Verb
from hilum.datasets.phantom import draw_phantom_films

Captured = pytest.CaptureFixture[str]

SMALLEST = ("film.side=28", "network.widths=[16]", "train.epochs=1")


@pytest.fixture(scope="module")
def other_phantoms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Phantom films that the model of the phantoms has not met."""
    films = tmp_path_factory.mktemp("other") / "films"
    draw_phantom_films(films, patients=24, seed=1, side=128)
    return films


@pytest.fixture
def here(tmp_path: Path, other_phantoms: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a small ward of good films that is the current one, and a terminal of 80 columns."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    shutil.copytree(other_phantoms, tmp_path / "ward")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["data", "index", "ward"], 0),
        (["data", "index", "nowhere"], 2),
        (["predict", "ward/test", "--model", "{run}"], 0),
        (["predict", "ward/test", "bad.png", "--model", "{run}"], 1),
        (["predict", "ward/test", "--modle", "{run}"], 2),
        (["--version"], 0),
    ],
)
def test_exit_status_tells_done_from_bad_films_from_wrong_use(
    words: list[str], status: int, here: Path, phantom_run: Path
) -> None:
    (here / "bad.png").write_text("no film")
    assert hilum([word.format(run=phantom_run) for word in words]) == status


def test_leak_found_by_the_check_is_exit_status_1(here: Path) -> None:
    film = write_film(here / "ward" / "train" / "NORMAL" / "IM-0900-0001.jpeg", 900)
    shutil.copy(film, here / "ward" / "test" / "NORMAL" / "IM-0901-0001.jpeg")
    assert hilum(["data", "check", "ward"]) == 1


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ("data index ward", "catalogue"),
        ("data check ward", "findings"),
        ("data split ward", "counts"),
        ("data show ward", "films_picture"),
        ("data fetch phantom --patients 8 --side 96 --output phantom", "folder"),
        ("evaluate {run} {films} --draws 10", "evaluation"),
        ("predict ward/test --model {run}", "predictions"),
        pytest.param(f"train cnn-scratch ward --set {' --set '.join(SMALLEST)}", "model", marks=pytest.mark.slow),
        pytest.param("demo --patients 16", "report", marks=pytest.mark.slow),
    ],
)
def test_json_answer_stands_alone_on_standard_output(
    words: str,
    field: str,
    here: Path,
    phantom_films: Path,
    phantom_run: Path,
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hilum.verbs.demo.SMALLER", SMALLEST)
    assert hilum([*words.format(run=phantom_run, films=phantom_films).split(), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer[field]


def test_json_is_ascii_and_gives_back_every_name(here: Path, phantom_run: Path, capsys: Captured) -> None:
    film = next((here / "ward" / "test" / "NORMAL").iterdir())
    shutil.copy(film, here / "röntgen.jpeg")
    assert hilum(["predict", "röntgen.jpeg", "--model", str(phantom_run), "--json"]) == 0
    shown = capsys.readouterr().out
    assert shown.isascii()
    assert json.loads(shown)["predictions"][0]["path"] == "röntgen.jpeg"


def test_json_may_be_asked_for_anywhere_and_twice(here: Path, phantom_run: Path, capsys: Captured) -> None:
    assert hilum(["--json", "data", "index", "ward", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["films"]


def test_answer_goes_to_standard_output_and_progress_to_standard_error(
    here: Path, phantom_run: Path, capsys: Captured
) -> None:
    assert hilum(["predict", "ward/test", "--model", str(phantom_run)]) == 0
    shown = capsys.readouterr()
    assert "probability" in shown.out and "Films:" not in shown.out
    assert "Films:" in shown.err and "probability" not in shown.err


def test_error_goes_to_standard_error_alone(here: Path, capsys: Captured) -> None:
    assert hilum(["data", "check", "nowhere"]) == 2
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.startswith("hilum: Could not read 'nowhere'") and shown.err.count("\n") == 1


def test_sign_that_would_move_the_cursor_is_shown_harmless(here: Path, capsys: Captured) -> None:
    assert hilum(["\x1b[2Jtrain\nx"]) == 2
    assert "\\x1b[2Jtrain\\nx" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("library", "words", "extra"),
    [
        ("pyarrow", "data index ward", "judge"),
        ("pyarrow", "data check ward", "judge"),
        ("pyarrow", "data split ward", "judge"),
        ("pyarrow", "data show ward", "judge"),
        ("matplotlib", "data show ward", "judge"),
        ("pyarrow", "evaluate {run} ward", "judge"),
        ("matplotlib.figure", "evaluate {run} ward", "judge"),
        ("torch", "train cnn-scratch ward", "train"),
        ("torch", "demo --patients 8", "train"),
        ("matplotlib", "demo --patients 8", "train"),
    ],
)
def test_library_that_is_not_installed_is_one_sentence_before_any_film_is_opened(
    library: str,
    words: str,
    extra: str,
    here: Path,
    phantom_run: Path,
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    capsys.readouterr()
    monkeypatch.setitem(sys.modules, library, None)
    before = sorted(here.rglob("*"))
    assert hilum(words.format(run=phantom_run).split()) == 2
    (error,) = capsys.readouterr().err.splitlines()  # no bar stands before it
    assert error.startswith("hilum: ") and error.endswith(f"Run: pip install 'hilum[{extra}]'")
    assert sorted(here.rglob("*")) == before


def test_catalogue_in_csv_needs_no_extra(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert hilum(["data", "index", "ward", "--output", "ward.csv"]) == 0
    assert hilum(["data", "check", "ward.csv"]) == 0


def test_import_that_fails_by_our_own_mistake_is_not_taken_for_a_missing_library(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "hilum.verbs.data_show", None)
    with pytest.raises(ImportError):
        hilum(["data", "show", "ward"])


@pytest.mark.parametrize("rank", [0, 1])
def test_under_torchrun_one_process_prints_the_error_and_each_tells_it_to_torchrun(
    rank: int, here: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", str(rank))
    monkeypatch.setenv("TORCHELASTIC_ERROR_FILE", str(here / "error.json"))
    assert hilum(["data", "check", "nowhere"]) == 2
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.count("\n") == (rank == 0)
    told = json.loads((here / "error.json").read_text())["message"]
    assert told["message"].startswith("Could not read 'nowhere'") and int(told["extraInfo"]["timestamp"])


def test_answer_is_printed_by_one_process(here: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    assert hilum(["data", "index", "ward"]) == 0
    assert capsys.readouterr().out == ""


def test_hilum_alone_shows_every_command(here: Path, capsys: Captured) -> None:
    assert hilum([]) == 0
    shown = capsys.readouterr().out
    assert all(f"│ {verb.name.split()[0]} " in shown for verb in VERBS)
    assert "hilum demo" in shown
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_help_of_a_command_fits_80_columns_and_ends_with_its_examples(verb: Verb, here: Path, capsys: Captured) -> None:
    assert hilum([*verb.name.split(), "--help"]) == 0
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    _, _, examples = shown.partition("Examples:")
    first = next(line.strip() for line in examples.splitlines() if line.strip())
    assert first.startswith(f"hilum {verb.name}")
    assert "─" not in examples  # no table of options follows


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_help_names_an_argument_once_and_no_default_that_says_nothing(verb: Verb, here: Path, capsys: Captured) -> None:
    assert hilum([*verb.name.split(), "--help"]) == 0
    shown = capsys.readouterr().out
    parameters = inspect.signature(verb.load()).parameters.values()
    arguments = [one.name for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD]
    assert all(f" {name.upper()} " in shown for name in arguments)
    assert not [name for name in arguments if f"--{name} " in shown]
    words = " ".join(shown.replace("│", " ").split())
    assert not re.findall(r"\[default: (?:\(|\[|None|False|\"\")", words)


def test_help_shows_a_default_as_it_would_be_typed(here: Path, capsys: Captured) -> None:
    assert hilum(["evaluate", "--help"]) == 0
    shown = capsys.readouterr().out
    assert "[default: 0.01 0.05 0.1 0.25 0.5 0.75]" in shown and "[default: 0]" in shown and "[default: test]" in shown


def test_argument_may_still_be_given_by_name(here: Path) -> None:
    assert hilum(["data", "index", "--data", "ward"]) == 0


def test_group_alone_shows_its_commands(here: Path, capsys: Captured) -> None:
    assert hilum(["data"]) == 0
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("fetch", "index", "split", "check", "show"))


def test_version_is_printed(here: Path, capsys: Captured) -> None:
    assert hilum(["--version"]) == 0
    assert capsys.readouterr().out.strip() == __version__
