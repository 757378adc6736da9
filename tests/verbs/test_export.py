"""hilum export: what is written, and what is refused."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hilum.browser import runtime_files
from hilum.browser.runtime_files import HASHES, RUNTIME
from hilum.errors import HilumError
from hilum.images import read_film, to_square
from hilum.verbs.export import export

needs_runtime = pytest.mark.skipif(
    not all((RUNTIME / name).exists() for name in HASHES), reason="ONNX Runtime Web has not been fetched: make web"
)


def test_graph_with_its_numbers_gives_the_known_answer_elsewhere(phantom_run: Path, tmp_path: Path) -> None:
    import onnxruntime

    written = export(phantom_run, output=tmp_path / "graph", format_="onnx")
    assert set(written.files) == {"README.md", "model.onnx", "answering.json", "known-film.jpeg"}
    known: dict[str, Any] = json.loads((tmp_path / "graph" / "answering.json").read_text())
    square = to_square(read_film(tmp_path / "graph" / "known-film.jpeg").pixels, known["side"], known["geometry"])
    session = onnxruntime.InferenceSession(tmp_path / "graph" / "model.onnx", providers=["CPUExecutionProvider"])
    assert [output.name for output in session.get_outputs()] == known["outputs"]
    [logit] = session.run(["logit"], {"film": square[None, None]})
    assert float(logit[0]) == pytest.approx(known["known_film"]["logit"], abs=1e-5)
    point = {one["name"]: one for one in known["operating_points"]}[known["answer"]["operating_point"]]
    assert 0 <= point["threshold"] <= 1 and math.isfinite(known["calibration"]["slope"])
    assert np.array_equal(square.shape, (known["side"], known["side"]))
    assert "not a medical device" in (tmp_path / "graph" / "README.md").read_text()


@needs_runtime
def test_page_is_one_file_and_a_folder(phantom_run: Path, tmp_path: Path) -> None:
    written = export(phantom_run, output=tmp_path / "page", prevalence=0.05)
    assert {"hilum.html", "web/index.html", "web/worker.js", "web/model.onnx"} <= set(written.files)
    page = (tmp_path / "page" / "hilum.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in page and "connect-src" not in page and "unsafe-inline" not in page
    assert "http" not in page.split("<script")[0].replace("http-equiv", "")
    assert "{%" not in page.split("<script")[0] and 'src="static' not in page and 'href="static' not in page
    assert written.as_json()["files"]["hilum.html"] == len(page.encode())


@needs_runtime
def test_same_model_gives_the_same_bytes(phantom_run: Path, tmp_path: Path) -> None:
    first, second = (export(phantom_run, output=tmp_path / name) for name in ("one", "two"))
    assert first.files == second.files
    assert all((tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes() for name in first.files)


def test_missing_runtime_is_one_sentence_and_nothing_is_written(
    phantom_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hilum.verbs import export as verb

    monkeypatch.setattr(verb, "runtime_files", lambda: runtime_files.runtime_files(tmp_path))
    with pytest.raises(HilumError, match="make web"):
        export(phantom_run, output=tmp_path / "page")
    assert not (tmp_path / "page").exists()


def test_unknown_format_writes_nothing(phantom_run: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        export(phantom_run, output=tmp_path / "page", format_="onx")  # type: ignore[arg-type]
    assert not (tmp_path / "page").exists()


def test_folder_that_holds_something_is_left_alone(phantom_run: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(HilumError):
        export(phantom_run, output=tmp_path, format_="onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_site_file_gives_prevalence_and_operating_point(phantom_run: Path, tmp_path: Path) -> None:
    (tmp_path / "hilum.toml").write_text('prevalence = 0.1\noperating_point = "youden"\n')
    export(phantom_run, output=tmp_path / "graph", format_="onnx", site=tmp_path)
    known = json.loads((tmp_path / "graph" / "answering.json").read_text())
    assert (known["site_prevalence"], known["answer"]["operating_point"]) == (0.1, "youden")


def test_answer_for_people_names_every_file(phantom_run: Path, tmp_path: Path) -> None:
    from rich.console import Console

    written = export(phantom_run, output=tmp_path / "graph", format_="onnx")
    console = Console(width=80, record=True)
    console.print(written)
    text = console.export_text()
    assert all(name in text for name in written.files)
