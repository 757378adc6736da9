"""hilum train: from a folder of films to a model folder that reads without torch."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import load_file

from hilum.cli import run as hilum
from hilum.datasets import resolve_catalogue, split_films
from hilum.metrics import PlattScaling
from hilum.modelfolder import open_model_folder, salted_hash
from hilum.modelfolder.neighbours import read_neighbours
from hilum.models import FilmClassifier, build_network
from hilum.progress import Progress
from hilum.recipe import read_recipe
from hilum.training import Feed, Job, TrainedNetwork, train_network
from small_model import train_small

pytestmark = pytest.mark.slow  # seconds a test: `make check` leaves them to `make test`


def test_model_folder_is_whole_and_names_who_served_what(
    phantom_run: Path, phantom_films: Path, tmp_path: Path
) -> None:
    folder = open_model_folder(phantom_run)
    folder.check()
    training = folder.manifest.training
    catalogue, _ = resolve_catalogue(phantom_films, tmp_path)
    split = split_films(catalogue.usable, "official", seed=0)
    for part in ("fit", "select", "calibrate"):
        patients = {catalogue.films[row].patient for row in split.rows(part)}
        expected = {salted_hash(training.salt, f"{catalogue.name}/{patient}") for patient in patients}
        assert set(getattr(training, part).patients) == expected
    test = {
        salted_hash(training.salt, f"{catalogue.name}/{catalogue.films[row].patient}") for row in split.rows("test")
    }
    assert not test & training.patients


def test_loop_and_calibration_are_given_the_parts_they_are_named_for_and_no_test_film(
    phantom_films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is used, not what is recorded: the rows that learn, choose and calibrate, and the labels of each."""
    import hilum.training as training
    from hilum.training import assemble

    catalogue, _ = resolve_catalogue(phantom_films, tmp_path / "workspace")
    split = split_films(catalogue.usable, "official", seed=0)
    labels = {part: catalogue.usable.is_pneumonia[split.rows(part)] for part in ("fit", "select", "calibrate")}
    seen: dict[str, Any] = {}

    def spied_training(classifier: FilmClassifier, feed: Feed, job: Job, progress: Progress) -> TrainedNetwork:
        seen["fit"], seen["select"] = job.is_pneumonia[job.fit_rows], job.is_pneumonia[job.select_rows]
        seen["films"] = len(job.pixels)
        return train_network(classifier, feed, job, progress)

    def spied_platt(logit: np.ndarray, truth: np.ndarray) -> PlattScaling:
        seen["calibrate"] = truth
        return PlattScaling(1.0, 0.0)

    monkeypatch.setattr(training, "train_network", spied_training)
    monkeypatch.setattr(assemble, "fit_platt", spied_platt)
    assert train_small(phantom_films, tmp_path / "run", "--set", "train.epochs=1") == 0
    assert seen["films"] == len(split.development_rows) == len(catalogue.films) - len(split.rows("test"))
    for part, expected in labels.items():
        assert np.array_equal(seen[part], expected), part


def test_begun_run_is_neither_written_over_nor_gone_on_with_unasked(
    phantom_run: Path, phantom_films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(phantom_run, tmp_path / "run", ignore=shutil.ignore_patterns("model"))
    assert train_small(phantom_films, tmp_path / "run") == 2
    assert "was begun before" in capsys.readouterr().err
    assert train_small(phantom_films, tmp_path / "typo", "--resume") == 2
    assert "no run at" in capsys.readouterr().err


def test_resume_after_films_were_renamed_is_refused(
    phantom_run: Path, phantom_films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(phantom_films, tmp_path / "phantom-films")
    folder = tmp_path / "phantom-films" / "train" / "NORMAL"
    first = min(folder.iterdir())
    first.rename(folder / first.name.replace("IM-0", "IM-9"))
    shutil.copytree(phantom_run, tmp_path / "run", ignore=shutil.ignore_patterns("model"))
    assert train_small(tmp_path / "phantom-films", tmp_path / "run", "--resume") == 2
    assert "begun with other films" in capsys.readouterr().err


def test_resume_with_other_means_is_refused(
    phantom_run: Path, phantom_films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(phantom_run, tmp_path / "run", ignore=shutil.ignore_patterns("model"))
    shutil.copy(phantom_run / "kept.safetensors", tmp_path / "run" / "state.safetensors")
    assert train_small(phantom_films, tmp_path / "run", "--resume", "--threads", "7") == 2
    assert "others round otherwise" in capsys.readouterr().err


def test_network_and_graph_agree_on_every_development_film(phantom_run: Path) -> None:
    manifest = open_model_folder(phantom_run).manifest
    training = manifest.training
    assert manifest.parity.films == sum(len(part.films) for part in (training.fit, training.select, training.calibrate))
    assert manifest.parity.largest_probability_difference <= 1e-4
    assert manifest.parity.flipped_decisions == 0


@pytest.mark.parametrize(
    ("begun_with", "asked", "kept"),
    [
        ("thumbnails", ["--with-neighbours"], "features"),
        ("thumbnails", [], "none"),
        ("none", ["--with-thumbnails"], "thumbnails"),
    ],
)
def test_last_command_decides_what_is_kept_of_the_fit_films(
    phantom_run: Path,
    phantom_films: Path,
    tmp_path: Path,
    begun_with: str,
    asked: list[str],
    kept: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nobody's images stay in a model folder because of a flag of an earlier command."""
    shutil.copytree(phantom_run, tmp_path / "run", ignore=shutil.ignore_patterns("model", "kept.safetensors"))
    facts = json.loads((tmp_path / "run" / "run.json").read_text())
    facts["recipe"]["train"]["epochs"] = 1
    (tmp_path / "run" / "run.json").write_text(json.dumps(facts | {"neighbours": begun_with}))
    more = ["--set", "train.epochs=1", "--resume", *asked]
    assert train_small(phantom_films, tmp_path / "run", *more) == 0
    assert json.loads((tmp_path / "run" / "run.json").read_text())["neighbours"] == kept
    said = capsys.readouterr().err
    assert "Of the fit films the model folder will keep" in said and "as this command asks" in said
    folder = open_model_folder(tmp_path / "run")
    cases = read_neighbours(folder)
    assert (cases is not None) == (kept != "none")
    if cases is not None:
        assert (cases.thumbnails is not None) == (kept == "thumbnails")
        assert set(cases.films) == set(folder.manifest.training.fit.films)
    assert read_neighbours(open_model_folder(phantom_run)) is None  # nobody asked for any


def test_flag_added_to_a_run_with_a_state_is_written_down(
    phantom_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from types import SimpleNamespace

    from hilum.training import RunFolder
    from hilum.training.run import _facts
    from hilum.verbs.train import _Start

    path = tmp_path / "run.json"
    shutil.copy(phantom_run / "run.json", path)
    facts = _facts(json.loads(path.read_text()), path)
    start = _Start(RunFolder(tmp_path), None, None, SimpleNamespace(writes=True), None, "thumbnails", 0)  # type: ignore[arg-type]
    assert start._keeping(facts).neighbours == "thumbnails"
    assert json.loads(path.read_text())["neighbours"] == "thumbnails"
    assert "thumbnails, which are patients' images" in capsys.readouterr().err
    assert start._keeping(start._keeping(facts)) == start._keeping(facts)


def test_history_has_a_row_an_epoch(phantom_run: Path) -> None:
    assert len((phantom_run / "history.csv").read_text().splitlines()) == 1 + 4


def test_finished_run_is_not_written_over(
    phantom_run: Path, phantom_films: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train_small(phantom_films, phantom_run) == 2
    assert "is finished. Expected a new output folder" in capsys.readouterr().err


def test_resume_with_another_recipe_is_refused(
    phantom_run: Path, phantom_films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(phantom_run, tmp_path / "run", ignore=shutil.ignore_patterns("model"))
    assert train_small(phantom_films, tmp_path / "run", "--resume", "--set", "train.epochs=5") == 2
    assert "begun with another recipe" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["train", "cnn-scrach", "."], "Did you mean 'cnn-scratch'"),
        (["train", "cnn-scratch", "nowhere"], "nowhere"),
        (["train", "cnn-scratch", ".", "--set", "train.epoch=2"], "Did you mean 'epochs'"),
        (["train", "cnn-scratch", ".", "--devise", "cpu"], "--devise"),
    ],
)
def test_wrong_use_is_one_sentence_and_exit_status_2(
    words: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert hilum(words) == 2
    error = capsys.readouterr().err
    assert sentence in error and "Traceback" not in error


def test_one_class_only_is_refused_before_training(
    phantom_films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for part in ("train", "test"):
        shutil.copytree(phantom_films / part / "NORMAL", tmp_path / "films" / part / "NORMAL")
    assert train_small(tmp_path / "films", tmp_path / "run") == 2
    assert "pneumonia" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_bad_film_is_refused_by_name_or_skipped_on_request(
    phantom_films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(phantom_films, tmp_path / "films")
    (tmp_path / "films" / "train" / "NORMAL" / "IM-9999-0001.jpeg").write_text("no film")
    assert train_small(tmp_path / "films", tmp_path / "run") == 2
    error = capsys.readouterr().err
    assert "IM-9999-0001.jpeg" in error and "--skip-bad" in error
    assert not (tmp_path / "run").exists()
    assert train_small(tmp_path / "films", tmp_path / "run", "--skip-bad", "--set", "seed=1") == 0
    assert open_model_folder(tmp_path / "run").manifest.training.left_out == 1


@pytest.mark.slow
def test_two_processes_share_every_batch_and_write_once(phantom_films: Path, tmp_path: Path) -> None:
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "hilum"]
    words = ["train", "cnn-scratch", str(phantom_films), "--output", "run", "--threads", "1", "--json"]
    changes = ["film.side=48", "train.epochs=4", "network.widths=[16, 32, 64]", "train.learning_rate=0.01"]
    options = [word for change in changes for word in ("--set", change)]
    done = subprocess.run([*torchrun, *words, *options], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["epochs"] == 4
    open_model_folder(tmp_path / "run").check()


@pytest.mark.slow
def test_run_killed_three_times_ends_in_the_same_weights(
    phantom_run: Path, phantom_films: Path, tmp_path: Path
) -> None:
    code = (
        "import sys, small_model, pathlib; sys.exit(small_model.train_small("
        "pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), '--save-every', '0', *sys.argv[3:]))"
    )
    run = tmp_path / "run"
    command = [sys.executable, "-c", code, str(phantom_films), str(run)]
    for life in range(3):
        resume = ["--resume"] if life else []
        process = subprocess.Popen([*command, *resume], cwd=Path(__file__).parents[1])
        _wait_for_a_newer_state(run / "state.safetensors", process)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not (run / "model").exists()
    subprocess.run([*command, "--resume"], cwd=Path(__file__).parents[1], check=True)
    killed, whole = ((path / "model" / "model.safetensors").read_bytes() for path in (run, phantom_run))
    assert killed == whole


@pytest.mark.slow
def test_interrupt_saves_and_says_how_to_go_on(phantom_films: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "hilum",
        "train",
        "cnn-scratch",
        str(phantom_films),
        "--output",
        "run",
        "--set",
        "film.side=32",
        "--set",
        "train.epochs=50",
        "--save-every",
        "0",
    ]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    _wait_for_a_newer_state(tmp_path / "run" / "state.safetensors", process)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the state is saved" in error and "--resume" in error and "Traceback" not in error


@pytest.mark.slow
def test_frozen_timm_network_keeps_its_body_and_loads_without_hilum(phantom_films: Path, tmp_path: Path) -> None:
    words = ["train", "mobilenetv2-frozen", str(phantom_films), "--output", str(tmp_path / "run"), "--workspace"]
    changes = ["network.pretrained=false", "film.side=64", "train.epochs=1"]
    assert hilum([*words, str(tmp_path), *(word for change in changes for word in ("--set", change))]) == 0
    torch.manual_seed(0)
    first = build_network(read_recipe("mobilenetv2-frozen", changes).network, 64).body.state_dict()
    last = load_file(tmp_path / "run" / "model" / "model.safetensors")
    changed = {name for name, tensor in last.items() if name not in first or not torch.equal(tensor, first[name])}
    assert changed == {"classifier.weight", "classifier.bias"}
    model = timm.create_model(f"local-dir:{tmp_path / 'run' / 'model'}", pretrained=True).eval()
    facts = json.loads((tmp_path / "run" / "model" / "config.json").read_text())
    assert facts["pretrained_cfg"]["crop_mode"] == "squash"
    film = torch.full((1, 1, 64, 64), 128, dtype=torch.uint8)
    mean, std = (torch.tensor(facts["pretrained_cfg"][key]).view(1, 3, 1, 1) for key in ("mean", "std"))
    with torch.no_grad():
        by_timm = model((film / 255 - mean) / std)
    from hilum.runtime import Predictor

    assert float(by_timm[0, 0]) == pytest.approx(
        float(Predictor.open(tmp_path / "run").logits(film[0].numpy())[0]), abs=1e-4
    )


@pytest.mark.slow
def test_runs_at_the_same_time_share_frozen_layers_and_end_alike(phantom_films: Path, tmp_path: Path) -> None:
    changes = ["film.side=48", "network.widths=[16, 32]", "network.trained=head", "train.epochs=2", "augment.views=2"]
    changes += ["cache.enabled=true", "cache.engine=torch"]
    options = [word for change in changes for word in ("--set", change)]
    command = [sys.executable, "-m", "hilum", "train", "cnn-scratch", str(phantom_films), "--workspace", "ws", *options]
    resolve_catalogue(phantom_films, tmp_path / "ws")
    runs = [subprocess.Popen([*command, "--output", f"run{n}"], cwd=tmp_path, stderr=subprocess.PIPE) for n in range(3)]
    assert [run.wait(timeout=250) for run in runs] == [0, 0, 0]
    kept = [load_file(tmp_path / f"run{n}" / "model" / "model.safetensors") for n in range(3)]
    assert all(torch.equal(tensor, other[name]) for other in kept[1:] for name, tensor in kept[0].items())
    assert len(list(tmp_path.glob("ws/*/activations/*/key.json"))) == 1


def _wait_for_a_newer_state(path: Path, process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    """Until the run has written a state of its own life."""
    before = path.stat().st_mtime_ns if path.exists() else 0
    deadline = time.monotonic() + 120
    while not path.exists() or path.stat().st_mtime_ns == before:
        assert process.poll() is None and time.monotonic() < deadline, "the run ended before it wrote a state"
        time.sleep(0.01)


def test_cross_fitted_run_calibrates_on_its_fit_patients_and_says_so(phantom_films: Path, tmp_path: Path) -> None:
    assert train_small(phantom_films, tmp_path / "run", "--cross-fit", "2", "--set", "train.epochs=1") == 0
    folder = open_model_folder(tmp_path / "run")
    training, catalogue = folder.manifest.training, resolve_catalogue(phantom_films, tmp_path)[0].usable
    split = split_films(catalogue, "official", seed=0)
    learned = {catalogue.films[row].patient for part in ("fit", "calibrate") for row in split.rows(part)}
    assert training.cross_fitted == 2 and training.fit == training.calibrate
    assert set(training.fit.patients) == {salted_hash(training.salt, f"{catalogue.name}/{one}") for one in learned}
    assert folder.manifest.calibration.patients == len(learned) and folder.manifest.gate is not None
    assert folder.manifest.gate.films == folder.manifest.calibration.films == len(training.fit.films)
    assert "answered by one of 2 networks made without" in folder.read("README.md").decode()


def test_resume_with_another_number_of_folds_is_refused(
    phantom_run: Path, phantom_films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(phantom_run, tmp_path / "run", ignore=shutil.ignore_patterns("model"))
    assert train_small(phantom_films, tmp_path / "run", "--resume", "--cross-fit", "3") == 2
    assert "begun with another --cross-fit" in capsys.readouterr().err
