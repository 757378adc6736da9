"""The only place that opens a session."""

from __future__ import annotations

from pathlib import Path

import numpy as np
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
    assert Engine.open(phantom_run / "model" / "model.onnx").outputs == ("logit", "features", "activation_map")


def test_there_is_a_core_to_run_on() -> None:
    assert usable_cores() >= 1
