"""hilum model finish: an older model folder gets its gate and its answer sets, and nothing else changes."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from msgspec import to_builtins

from hilum.engine import FEATURE_DISTANCE
from hilum.errors import HilumError
from hilum.modelfolder import Faithfulness, open_model_folder
from hilum.modelfolder.neighbours import read_neighbours
from hilum.modelfolder.schema import MeasuredFigure
from hilum.runtime import Predictor
from hilum.training.refit import require_same_logits
from hilum.verbs.model_finish import FinishedModel, finish_model


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
    del manifest["gate"], manifest["conformal"], manifest["normal_map"]
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
    assert made.normal_map is not None and trained.normal_map is not None
    np.testing.assert_allclose(made.normal_map.rows, trained.normal_map.rows, atol=1e-5)


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
    assert "| Finished by | hilum" in (finished / "README.md").read_text(encoding="utf-8")


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
    assert answer.model == ungated.parent / "model-finished"
    open_model_folder(answer.model).check()


def test_model_with_a_gate_is_left_alone(phantom_run: Path, phantom_films: Path, tmp_path: Path) -> None:
    with pytest.raises(HilumError, match="has a gate already"):
        finish_model(phantom_run, phantom_films, output=tmp_path / "new", workspace=tmp_path)


def test_similar_cases_are_added_to_a_model_that_has_all_else(
    phantom_run: Path, phantom_films: Path, tmp_path: Path
) -> None:
    old = open_model_folder(phantom_run)
    answers = {}
    model = phantom_run
    for name, option in (("features", "with_neighbours"), ("pictures", "with_thumbnails")):
        answers[name] = finish_model(
            model, phantom_films, output=tmp_path / name, workspace=tmp_path / "workspace", threads=1, **{option: True}
        )
        model = tmp_path / name
    for name, answer in answers.items():
        new = open_model_folder(answer.model)
        new.check()
        assert new.manifest.training == old.manifest.training and new.read("model.onnx") == old.read("model.onnx")
        cases = read_neighbours(new)
        assert cases is not None and set(cases.films) == set(old.manifest.training.fit.films)
        assert (cases.thumbnails is not None) == answer.has_thumbnails == (name == "pictures")
        assert answer.similar_cases == len(cases.films)
        card = new.read("README.md").decode("utf-8")
        assert "## Similar cases" in card and ("They are patients' images" in card) == (name == "pictures")
    with pytest.raises(HilumError, match="keeps these similar cases"):
        finish_model(model, phantom_films, output=tmp_path / "new", workspace=tmp_path, with_neighbours=True)


def test_answer_says_that_thumbnails_are_patients_images(phantom_run: Path) -> None:
    from io import StringIO

    from rich.console import Console

    manifest = open_model_folder(phantom_run).manifest
    assert manifest.conformal is not None
    answer = FinishedModel(Path("new"), "a" * 64, manifest.gate, manifest.conformal, "passes", 20, 12, True)
    console = Console(file=StringIO(), width=200)
    console.print(answer)
    assert "12 fit films with thumbnails: patients' images" in console.file.getvalue()  # type: ignore[attr-defined]
    assert "the mean map of 20 normal fit films" in console.file.getvalue()  # type: ignore[attr-defined]
    assert "too few normal fit films" in str(replace(answer, normal_films=None).__rich__())
    assert "none are kept" in str(replace(answer, similar_cases=None).__rich__())
    assert json.loads(json.dumps(answer.as_json()))["similar_cases"] == 12


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


def altered(run: Path, target: Path, **values: object) -> Path:
    """The small model with other values in its manifest."""
    shutil.copytree(run / "model", target)
    manifest = json.loads((target / "hilum.json").read_text(encoding="utf-8"))
    (target / "hilum.json").write_text(json.dumps(manifest | values), encoding="utf-8")
    return target


def test_places_alone_are_reason_enough(phantom_run: Path, phantom_films: Path, tmp_path: Path) -> None:
    old = altered(phantom_run, tmp_path / "old", map_places=None, map_kind=None)
    new = finish_model(old, phantom_films, output=tmp_path / "new", workspace=tmp_path / "w", threads=1).model
    made, trained = (open_model_folder(path).manifest for path in (new, phantom_run))
    assert made.map_places == trained.map_places is not None
    assert (made.faithfulness, made.map_kind) == (trained.faithfulness, "exact")
    with pytest.raises(HilumError, match="has a gate already"):
        finish_model(new, phantom_films, output=tmp_path / "again", workspace=tmp_path / "w")


def test_folder_is_not_written_again_for_what_its_films_cannot_give(
    phantom_run: Path, phantom_films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With too few normal fit films, and too few select films, it lacks a level and a measure for good."""
    monkeypatch.setattr("hilum.training.normal_map.FEWEST_FILMS", 10_000)
    monkeypatch.setattr("hilum.training.faithfulness.FEWEST_FILMS", 10_000)
    old = altered(phantom_run, tmp_path / "old", normal_map=None, faithfulness=None)
    with pytest.raises(HilumError, match="its map is measured or cannot be"):
        finish_model(old, phantom_films, output=tmp_path / "new", workspace=tmp_path / "w", threads=1)
    with pytest.raises(HilumError, match="The map cannot be measured: too few select patients"):
        finish_model(
            old, phantom_films, output=tmp_path / "new", workspace=tmp_path / "w", threads=1, measure_again=True
        )
    assert not (tmp_path / "new").exists()


def test_stored_verdict_is_corrected_by_a_measure_on_more_films(
    phantom_run: Path, phantom_films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hilum.training.faithfulness.FEWEST_FILMS", 4)  # of the small model's select patients
    trained, figure = open_model_folder(phantom_run).manifest, MeasuredFigure(0.1, None, None)
    wrong = Faithfulness(
        method="map", reasons=("nobody knows",), notes=(), films=2, rank=figure, sizes=figure, chance=0.2,
        deletion_gain=figure, insertion_gain=figure, blob_deletion_gain=figure, blob_insertion_gain=figure,
    )  # fmt: skip
    old = altered(phantom_run, tmp_path / "old", faithfulness=to_builtins(wrong))
    answer = finish_model(
        old, phantom_films, output=tmp_path / "new", workspace=tmp_path / "w", threads=1, measure_again=True
    )
    made = open_model_folder(answer.model).manifest
    assert made.faithfulness is not None
    assert made.faithfulness.films == min(96, len(made.training.select.patients))
    assert "nobody knows" not in made.faithfulness.reasons
    assert (made.gate, made.normal_map, made.calibration) == (trained.gate, trained.normal_map, trained.calibration)
    assert f"{made.faithfulness.films} select films" in (answer.model / "README.md").read_text(encoding="utf-8")
