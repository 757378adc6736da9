"""hilum model import: from a file that Keras saved to a calibrated model folder that says what is not known."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from hilum.cli import run as hilum
from hilum.datasets import resolve_catalogue, split_films
from hilum.modelfolder import open_model_folder, salted_hash
from hilum.models.keras.classifier import import_classifier
from hilum.models.keras.hdf5 import Array
from hilum.models.keras.saved import Origin, SavedModel
from hilum.runtime import Predictor
from hilum.verbs.model_import import ImportedModel
from keras_files import ANSWERS, grey_films, tiny_layers, write_h5, write_keras

pytestmark = pytest.mark.slow  # seconds a test: `make check` leaves them to `make test`

THREADS = 3  # another number than torch takes by itself on most machines


@pytest.fixture(scope="module")
def answer(phantom_films: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ImportedModel]:
    """What the command says of the tiny classifier; torch keeps the command's threads until the module ends."""
    place = tmp_path_factory.mktemp("imported")
    file, threads = write_keras(place / "Tiny CNN.keras", tiny_layers()), torch.get_num_threads()
    with redirect_stdout(StringIO()) as said:
        assert bring_in(file, phantom_films, place / "model", "--threads", str(THREADS), "--json") == 0
    yield ImportedModel(**json.loads(said.getvalue()))
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def imported_model(answer: ImportedModel) -> Path:
    """The model folder made of the tiny classifier."""
    return Path(answer.model)


def bring_in(file: Path, films: Path, output: Path, *more: str) -> int:
    workspace = output.parent / "workspace"
    given = ["--data", films, "--output", output, "--workspace", workspace, "--positive", "1", "--scaling", "unit"]
    return hilum(["model", "import", str(file), *map(str, given), *more])


def test_folder_is_whole_and_answers_as_keras_did(imported_model: Path, tmp_path: Path) -> None:
    folder = open_model_folder(imported_model)
    folder.check()
    predictor = Predictor.open(imported_model)
    assert 1 / (1 + np.exp(-predictor.logits(grey_films()))) == pytest.approx(ANSWERS, abs=1e-6)
    for number, film in enumerate(grey_films()):
        Image.fromarray(film).save(tmp_path / f"{number}.png")
    answers = list(predictor.assess(sorted(tmp_path.glob("*.png"))))
    assert [one.logit for one in answers] == pytest.approx(
        np.log(np.array(ANSWERS) / (1 - np.array(ANSWERS))), abs=1e-5
    )


def test_only_calibrate_patients_serve_and_the_training_films_are_not_known(
    imported_model: Path, phantom_films: Path, tmp_path: Path
) -> None:
    training = open_model_folder(imported_model).manifest.training
    catalogue, _ = resolve_catalogue(phantom_films, tmp_path)
    rows = split_films(catalogue.usable, "official", seed=0).rows("calibrate")
    patients = {f"{catalogue.name}/{catalogue.usable.films[row].patient}" for row in rows}
    assert set(training.calibrate.patients) == {salted_hash(training.salt, patient) for patient in patients}
    assert not training.fit.films and not training.select.films
    assert not training.are_films_known


def test_every_answer_and_figure_says_that_the_training_films_are_not_known(
    imported_model: Path, phantom_films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sentence = "trained elsewhere, on films that are not known"
    assert sentence in (imported_model / "README.md").read_text()
    given = ["--workspace", str(tmp_path / "workspace"), "--output", str(tmp_path / "report"), "--draws", "20"]
    assert hilum(["evaluate", str(imported_model), str(phantom_films), *given]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert sentence in shown
    assert "patients served nothing before" not in shown
    assert sentence in (tmp_path / "report" / "index.html").read_text()


class Blank:
    """Stands for weights that are put in later."""

    def arrays(self, origin: Origin, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Array]:
        return {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}


def test_folder_holds_the_network_as_it_was_rebuilt(imported_model: Path) -> None:
    config = json.loads((imported_model / "config.json").read_text())
    saved = SavedModel("config.json", "", config["description"], Blank())
    classifier = import_classifier(saved, config["scaling"], positive=1, side=config["side"]).classifier
    classifier.load_state_dict(load_file(imported_model / "model.safetensors"))
    with torch.no_grad():
        logit = classifier(torch.from_numpy(grey_films())[:, None]).logit
    assert torch.sigmoid(logit).numpy() == pytest.approx(ANSWERS, abs=1e-6)
    said = (imported_model / "README.md").read_text()
    assert "`model.safetensors` and `config.json` hold the network as hilum built it" in said


def test_answer_names_what_was_found(answer: ImportedModel) -> None:
    assert (answer.keras_version, answer.layers, answer.side) == ("3.15.1", 11, 30)
    assert (answer.scaling, answer.positive) == ("unit", 1)


def test_scaling_on_top_of_the_networks_own_is_warned_of(answer: ImportedModel) -> None:
    def said(one: ImportedModel) -> str:
        return str(one.__rich__())

    assert not answer.is_scaled_twice
    assert "rescales grey levels by itself" not in said(answer)
    assert "rescales grey levels by itself, and scaling 'unit' came before" in said(
        replace(answer, is_scaled_twice=True)
    )


def test_network_runs_on_the_threads_that_are_written_down(imported_model: Path) -> None:
    assert open_model_folder(imported_model).manifest.training.threads == THREADS
    assert torch.get_num_threads() == THREADS


@pytest.mark.parametrize("suffix", [".joblib", ".pkl", ".sav", ".PICKLE"])
def test_pickle_is_refused_unopened_with_the_line_that_helps(
    suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # No such file: the name alone decides, so nothing can have been opened.
    assert hilum(["model", "import", str(tmp_path / f"model{suffix}")]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "is a pickle: opening it runs whatever code was put into it" in said
    assert "In the notebook that wrote it, with the network loaded there, type: model.save('model.keras')" in said


def test_torch_pickle_is_refused_with_another_way_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert hilum(["model", "import", str(tmp_path / "model.pth")]) == 2
    assert "safetensors.torch.save_file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ([], "means pneumonia is not known. Expected --positive 0 or --positive 1"),
        (["--positive", "2"], "Got --positive 2."),
        (["--positive", "1"], "There are no films to calibrate"),
    ],
)
def test_what_no_file_says_is_asked_for(
    given: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_h5(tmp_path / "tiny.h5", tiny_layers())
    assert hilum(["model", "import", str(file), *given]) == 2
    assert sentence in " ".join(capsys.readouterr().err.split())


def test_folder_that_holds_something_is_left_alone(
    phantom_films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_h5(tmp_path / "tiny.h5", tiny_layers())
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mine.txt").write_text("mine")
    assert bring_in(file, phantom_films, tmp_path / "model") == 2
    assert "exists already" in capsys.readouterr().err
    assert [one.name for one in (tmp_path / "model").iterdir()] == ["mine.txt"]


def test_damaged_file_leaves_no_folder(phantom_films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write_h5(tmp_path / "tiny.h5", tiny_layers())
    file.write_bytes(file.read_bytes()[:3000])
    assert bring_in(file, phantom_films, tmp_path / "model") == 2
    assert "damaged or cut short" in capsys.readouterr().err
    assert not (tmp_path / "model").exists()
