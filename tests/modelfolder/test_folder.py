"""A model folder is whole, unaltered and of a known format, or refused in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec import convert

from hilum.errors import HilumError
from hilum.modelfolder import Manifest, open_model_folder, write_model_folder
from hilum.modelfolder.card import LEAK, model_card

VALUES: dict[str, Any] = {
    "format": 1,
    "name": "cnn-scratch",
    "hilum_version": "0.1.0",
    "created": "2026-01-01T00:00:00+00:00",
    "command": "hilum train cnn-scratch DATA",
    "commit": "abc",
    "side": 64,
    "geometry": "squash",
    "calibration": {"slope": 1.0, "intercept": 0.0, "prevalence": 0.5, "films": 10, "patients": 8},
    "operating_points": [
        {"name": "youden", "threshold": 0.4, "goal": "best", "sensitivity": 0.9, "specificity": 0.8, "is_reached": True}
    ],
    "training": {
        "data_name": "phantom",
        "data_fingerprint": "f" * 64,
        "protocol": "official",
        "seed": 0,
        "fold": 0,
        "is_leaky": False,
        "salt": "s",
        "fit": {"patients": ["a"], "films": ["1"]},
        "select": {"patients": ["b"], "films": ["2"]},
        "calibrate": {"patients": ["c"], "films": ["3"]},
        "first_weights": "random",
        "first_weights_sha256": "",
        "first_weights_licence": "",
        "kept_epoch": 1,
        "epochs": 2,
        "seconds": 1.0,
        "machine": "a processor",
        "precision": "fp32",
        "threads": 2,
    },
    "parity": {"films": 10, "largest_probability_difference": 1e-7, "flipped_decisions": 0},
    "recipe": {"summary": "A network."},
    "versions": {},
    "licence": "Apache-2.0",
    "activation_map": "exact",
    "population": "none",
    "files": {},
}


def manifest_of(hashes: dict[str, str]) -> Manifest:
    return convert(VALUES | {"files": hashes}, Manifest)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_model_folder(tmp_path / "model", {"model.onnx": b"graph", "README.md": b"card"}, manifest_of)
    return tmp_path / "model"


def test_folder_comes_back_as_it_was_written(folder: Path) -> None:
    opened = open_model_folder(folder)
    opened.check()
    assert opened.read("model.onnx") == b"graph"
    assert opened.manifest.training.patients == {"a", "b", "c"}
    assert sorted(path.name for path in folder.parent.iterdir()) == ["model"]


def test_run_folder_stands_for_its_model(folder: Path) -> None:
    assert open_model_folder(folder.parent).path == folder


def test_altered_file_is_refused(folder: Path) -> None:
    (folder / "model.onnx").write_bytes(b"Graph")
    with pytest.raises(HilumError, match=r"model\.onnx' is not the file that hilum\.json describes"):
        open_model_folder(folder).read("model.onnx")


def test_file_that_the_manifest_does_not_name_is_refused(folder: Path) -> None:
    (folder / "extra.pkl").touch()
    with pytest.raises(HilumError, match=r"extra\.pkl"):
        open_model_folder(folder).check()


def test_newer_format_names_the_version_to_install(folder: Path) -> None:
    (folder / "hilum.json").write_text(json.dumps({"format": 2, "hilum_version": "3.1.0", "unheard-of": True}))
    with pytest.raises(HilumError, match=r"format 2.*Install hilum 3\.1\.0"):
        open_model_folder(folder)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"format": 1}', '{"format": "one"}'])
def test_damaged_manifest_is_one_sentence(folder: Path, content: str) -> None:
    (folder / "hilum.json").write_text(content)
    with pytest.raises(HilumError, match=r"hilum\.json"):
        open_model_folder(folder)


@pytest.mark.parametrize("slope", ["NaN", "Infinity", "-Infinity", "1e999", "1" * 400, "1" * 5000])
def test_number_that_is_not_finite_is_refused(folder: Path, slope: str) -> None:
    text = (folder / "hilum.json").read_text()
    (folder / "hilum.json").write_text(text.replace('"slope": 1.0', f'"slope": {slope}'))
    assert (folder / "hilum.json").read_text() != text
    with pytest.raises(HilumError, match=r"hilum\.json"):
        open_model_folder(folder)


def test_card_says_what_finished_a_model_beside_what_made_it() -> None:
    done = {
        "command": "hilum model finish old DATA",
        "commit": "def",
        "hilum_version": "0.2.0",
        "created": "2026-02-03",
    }
    first, later = (convert(values, Manifest) for values in (VALUES, VALUES | {"finished": done}))
    card = model_card(later, loads_in_timm=False)
    assert "hilum train cnn-scratch DATA" in card
    assert "| Finished by | hilum 0.2.0, `hilum model finish old DATA`, commit `def`, 2026-02-03" in card
    assert first.finished is None and "Finished by" not in model_card(first, loads_in_timm=False)


def test_card_says_what_the_map_is_worth() -> None:
    figure = {"value": 0.05, "low": 0.01, "high": 0.09}
    names = ("rank", "sizes", "deletion_gain", "insertion_gain", "blob_deletion_gain", "blob_insertion_gain")
    found = {"method": "map", "reasons": ["it shows edges"], "notes": ["no better than a blob"], "films": 32}
    measured = VALUES | {"faithfulness": found | {"chance": 0.2} | dict.fromkeys(names, figure)}
    first, later = (convert(values, Manifest) for values in (VALUES, measured))
    card = model_card(later, loads_in_timm=False)
    assert "| Worth of the map | not a faithful explanation of this model: it shows edges; gain over" in card
    assert "in deletion 0.050 [0.010, 0.090]" in card and "32 select films; no better than a blob |" in card
    assert first.faithfulness is None
    assert "| Worth of the map | not measured; `hilum audit maps` does it |" in model_card(first, loads_in_timm=False)


def test_folder_without_manifest_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(HilumError, match="is not a model folder"):
        open_model_folder(tmp_path)


def test_failure_while_writing_leaves_nothing(tmp_path: Path) -> None:
    def broken(_: dict[str, str]) -> Manifest:
        raise HilumError("No.", expected="yes", do="Try.")

    with pytest.raises(HilumError, match="No"):
        write_model_folder(tmp_path / "model", {"model.onnx": b"graph"}, broken)
    assert list(tmp_path.iterdir()) == []


def test_card_of_a_leaky_model_says_so_first() -> None:
    values = VALUES | {"training": VALUES["training"] | {"is_leaky": True, "protocol": "random20"}}
    card = model_card(convert(values, Manifest), loads_in_timm=False)
    assert LEAK.format("random20").strip() in card
    assert "not a medical device" in card


def test_card_gives_thresholds_with_their_goal_and_no_figure_without_an_interval() -> None:
    point = VALUES["operating_points"][0] | {"name": "sensitivity>=0.95", "goal": "most specific", "is_reached": False}
    values = VALUES | {"operating_points": [*VALUES["operating_points"], point]}
    card = model_card(convert(values, Manifest), loads_in_timm=True)
    assert "| youden | 0.4000 | best |" in card
    assert "| sensitivity>=0.95 | 0.4000 | most specific (not reached) |" in card
    assert "0.900" not in card and "0.800" not in card
    assert "local-dir:FOLDER" in card and card.startswith("---\nlicense: apache-2.0\n")
