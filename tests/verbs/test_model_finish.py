"""hilum model finish: an older model folder gets its gate and its answer sets, and nothing else changes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from hilum.engine import FEATURE_DISTANCE
from hilum.errors import HilumError
from hilum.modelfolder import open_model_folder
from hilum.runtime import Predictor
from hilum.training.refit import require_same_logits
from hilum.verbs.model_finish import finish_model


@pytest.fixture(scope="module")
def ungated(phantom_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small model as it would have been before there were gates, but for the output that its graph has."""
    import hashlib

    import onnx

    old = tmp_path_factory.mktemp("old") / "model"
    shutil.copytree(phantom_run / "model", old)
    graph = onnx.load(str(old / "model.onnx"))
    added = [node for node in graph.graph.node if any(name.startswith("gate_") for name in (*node.input, *node.output))]
    for node in [*added, *(node for node in graph.graph.node if FEATURE_DISTANCE in " ".join(node.output))]:
        if node in graph.graph.node:
            graph.graph.node.remove(node)
    del graph.graph.output[-1]
    onnx.save(graph, str(old / "model.onnx"))
    manifest = json.loads((old / "hilum.json").read_text(encoding="utf-8"))
    del manifest["gate"], manifest["conformal"]
    manifest["files"]["model.onnx"] = hashlib.sha256((old / "model.onnx").read_bytes()).hexdigest()
    (old / "hilum.json").write_text(json.dumps(manifest), encoding="utf-8")
    return old


@pytest.fixture(scope="module")
def finished(ungated: Path, phantom_films: Path) -> Path:
    output = ungated.parent / "new"
    finish_model(ungated, phantom_films, output=output, workspace=ungated.parent / "workspace", threads=1)
    return output


def test_gate_and_sets_are_those_that_the_training_gave(finished: Path, phantom_run: Path) -> None:
    made, trained = (open_model_folder(path).manifest for path in (finished, phantom_run))
    assert made.gate is not None and trained.gate is not None
    assert made.gate.refuse_above == pytest.approx(trained.gate.refuse_above, rel=1e-4)
    assert made.conformal == trained.conformal


def test_answers_calibration_and_thresholds_stay(finished: Path, ungated: Path) -> None:
    old, new = Predictor.open(ungated, 1), Predictor.open(finished, 1)
    films = np.random.default_rng(0).integers(0, 256, (3, old.side, old.side), dtype=np.uint8)
    assert np.array_equal(old.logits(films), new.logits(films))
    assert old.manifest.operating_points == new.manifest.operating_points
    assert old.manifest.calibration == new.manifest.calibration and old.manifest.training == new.manifest.training
    assert old.distances(films) is None and new.distances(films) is not None


def test_new_folder_is_whole_and_its_card_tells_of_the_gate(finished: Path) -> None:
    open_model_folder(finished).check()
    card = (finished / "README.md").read_text(encoding="utf-8")
    assert "| Gate | refuses pictures at a distance" in card and "conformal by class" in card


def test_making_stays_and_the_finishing_stands_beside_it(finished: Path, ungated: Path) -> None:
    old, new = (open_model_folder(path).manifest for path in (ungated, finished))
    assert (old.command, old.commit, old.created, old.versions) == (new.command, new.commit, new.created, new.versions)
    assert old.finished is None and new.finished is not None
    assert new.finished.command and new.finished.hilum_version and new.finished.created >= old.created
    assert "| Gate and answer sets added by | hilum" in (finished / "README.md").read_text(encoding="utf-8")


def test_graph_that_answers_otherwise_is_refused() -> None:
    logit = np.array([0.5, -1.0])
    require_same_logits(logit, logit.copy())
    with pytest.raises(HilumError, match=r"1 of 2 calibrate films get another logit: up to 0\.25 apart"):
        require_same_logits(logit, np.array([0.5, -0.75]))
    with pytest.raises(HilumError, match="1 of 2"):
        require_same_logits(logit, np.array([0.5, np.nan]))


def test_model_may_be_named_by_a_dot(ungated: Path, phantom_films: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ungated)
    answer = finish_model(Path(), phantom_films, workspace=ungated.parent / "workspace", threads=1)
    assert answer.model == ungated.parent / "model-gated"
    open_model_folder(answer.model).check()


def test_model_with_a_gate_is_left_alone(phantom_run: Path, phantom_films: Path, tmp_path: Path) -> None:
    with pytest.raises(HilumError, match="has a gate already"):
        finish_model(phantom_run, phantom_films, output=tmp_path / "new", workspace=tmp_path)


def test_other_data_are_refused(ungated: Path, phantom_films: Path, tmp_path: Path) -> None:
    shutil.copytree(phantom_films, tmp_path / "films")
    film = next((tmp_path / "films" / "train" / "NORMAL").iterdir())
    film.write_bytes(film.read_bytes() + b"\0")  # another file, the same picture
    with pytest.raises(HilumError, match="films are not those that served"):
        finish_model(ungated, tmp_path / "films", output=tmp_path / "new", workspace=tmp_path / "workspace")
    assert not (tmp_path / "new").exists()


def test_taken_output_is_refused(ungated: Path, phantom_films: Path, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "file").touch()
    with pytest.raises(HilumError, match="exists already"):
        finish_model(ungated, phantom_films, output=tmp_path / "new", workspace=tmp_path)
