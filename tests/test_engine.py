"""The only place that opens a session."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from hilum.engine import Engine, usable_cores
from hilum.errors import HilumError


@pytest.mark.parametrize("content", [b"", b"not a graph", b"\x08\x07" * 40])
def test_bytes_that_are_no_graph_are_refused_in_one_sentence(content: bytes) -> None:
    with pytest.raises(HilumError, match=r"model\.onnx' cannot be run"):
        Engine(content, "model.onnx")


def test_answers_do_not_depend_on_the_batch(phantom_run: Path) -> None:
    engine = Engine.open(phantom_run / "model" / "model.onnx")
    films = np.random.default_rng(0).integers(0, 256, (7, engine.side, engine.side), dtype=np.uint8)
    np.testing.assert_allclose(engine.logits(films, batch_size=3), engine.logits(films, batch_size=7), atol=1e-5)


def test_no_films_give_no_logits(phantom_run: Path) -> None:
    engine = Engine.open(phantom_run / "model" / "model.onnx")
    assert engine.logits(np.zeros((0, engine.side, engine.side), np.uint8)).shape == (0,)


def test_graph_says_all_that_the_model_folder_promises(phantom_run: Path) -> None:
    outputs = Engine.open(phantom_run / "model" / "model.onnx").outputs
    assert outputs == ("logit", "features", "activation_map", "feature_distance")


@pytest.mark.parametrize("threads", [-1, 1025, 10**12])
def test_impossible_number_of_threads_is_refused(threads: int) -> None:
    with pytest.raises(HilumError, match=f"Got {threads} threads"):
        Engine(b"", "model.onnx", threads)


@pytest.mark.parametrize("films", [np.zeros((1, 9, 9), np.uint8), np.zeros((48, 48), np.uint8), np.zeros((1, 48, 48))])
def test_films_of_another_shape_or_type_are_refused(phantom_run: Path, films: np.ndarray) -> None:
    engine = Engine.open(phantom_run / "model" / "model.onnx")
    for refused in (engine.run, engine.logits):
        with pytest.raises(HilumError, match=r"Expected \(n, 48, 48\) and uint8"):
            refused(films)


def test_batch_of_no_films_and_unknown_output_are_refused(phantom_run: Path) -> None:
    engine = Engine.open(phantom_run / "model" / "model.onnx")
    films = np.zeros((1, engine.side, engine.side), np.uint8)
    with pytest.raises(HilumError, match="at least one film a batch"):
        engine.logits(films, batch_size=0)
    with pytest.raises(HilumError, match=r"no output 'heatmap'\. Expected outputs among logit, features"):
        engine.run(films, ("heatmap",))


def test_graph_with_another_input_is_refused() -> None:
    image = onnx.helper.make_tensor_value_info("image", onnx.TensorProto.FLOAT, ["n", 3, 8, 8])
    same = onnx.helper.make_tensor_value_info("logit", onnx.TensorProto.FLOAT, ["n", 3, 8, 8])
    graph = onnx.helper.make_graph([onnx.helper.make_node("Identity", ["image"], ["logit"])], "g", [image], [same])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=9)
    with pytest.raises(HilumError, match=r"cannot be run: its input is 'image', tensor\(float\)"):
        Engine(model.SerializeToString(), "model.onnx")


def test_there_is_a_core_to_run_on() -> None:
    assert usable_cores() >= 1


def test_runtime_writes_no_id_of_the_machine(phantom_run: Path, tmp_path: Path) -> None:
    """ONNX Runtime's Linux wheels have telemetry, which makes such an id as the library is imported."""
    home = tmp_path / "home"
    home.mkdir()
    code = "import sys; from pathlib import Path; from hilum.runtime import Predictor\n"
    code += "Predictor.open(Path(sys.argv[1])).engine"
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    environment |= {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-c", code, str(phantom_run)], check=True, env=environment)
    assert not list(home.rglob("*"))
