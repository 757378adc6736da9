"""hilum model summary: what a recipe trains, block by block and in Keras's count."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hilum.cli import run as hilum
from hilum.errors import HilumError
from hilum.recipe import read_recipe

pytestmark = pytest.mark.slow  # seconds a test: `make check` leaves them to `make test`

# `xception-last55` on another body: 55 of Keras's 154 layers of MobileNetV2.
LAST = ("mobilenetv2-frozen", "--set", "network.trained=last", "--set", "network.last_layers=55")


def summarised(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert hilum(["model", "summary", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_last_layers_are_trained_frozen_ones_lie_before_the_cut(capsys: pytest.CaptureFixture[str]) -> None:
    shown = summarised(capsys, *LAST)
    states = {row["name"]: (row["state"], row["is_trunk"]) for row in shown["blocks"]}
    assert states["body.conv_stem"] == ("frozen", True)
    assert states["body.blocks.4.0"] == ("frozen", True)
    assert states["body.blocks.4.1.conv_pw"] == ("frozen", False)  # frozen, but behind the cut: it stays in the tail
    assert states["body.blocks.4.1.bn1"] == ("trained", False)
    assert states["head.last"] == ("trained", False)
    trained = [row["trained"] for row in shown["blocks"]]
    assert sum(trained) == shown["trainable"]
    assert shown["trainable"] + shown["frozen"] == sum(row["parameters"] for row in shown["blocks"])


def test_keras_counts_of_the_last_layers_are_kerass(capsys: pytest.CaptureFixture[str]) -> None:
    keras = summarised(capsys, *LAST)["keras"]
    assert len(keras["rows"]) == 154
    assert (keras["body"], keras["trainable"], keras["statistics"]) == ("MobileNetV2", 1_862_592, 34_112)
    first = next(row for row in keras["rows"] if row["is_trained"])
    assert (first["number"], first["name"], first["modules"]) == (99, "block_11_expand_BN", ["blocks.4.1.bn1"])
    assert all(row["is_trained"] == bool(row["modules"]) for row in keras["rows"][99:])


def test_network_without_frozen_layers_has_no_cut_and_no_list(capsys: pytest.CaptureFixture[str]) -> None:
    shown = summarised(capsys, "cnn-scratch")
    assert (shown["frozen"], shown["cut_after"], shown["keras"]) == (0, "", None)
    assert {row["state"] for row in shown["blocks"]} == {"trained"}
    assert shown["blocks"][1]["output"] == [24, 40, 40]


def test_norms_that_learn_in_a_frozen_body_are_said_so(capsys: pytest.CaptureFixture[str]) -> None:
    shown = summarised(capsys, "mobilenetv2-frozen", "--set", "network.norms=trained", "--set", "cache.enabled=false")
    assert {row["state"] for row in shown["blocks"] if row["name"].startswith("body.blocks")} == {
        "frozen, norms trained"
    }


@pytest.mark.parametrize(
    ("changes", "trained"),
    [
        ({"network.norms": "trained"}, "the head, and all batch norms"),
        ({"train.unfreeze_epoch": "2"}, "the head; then all layers, after epoch 2"),
        (
            {"network.norms": "trained", "train.unfreeze_epoch": "2"},
            "the head, and all batch norms; then all layers, after epoch 2",
        ),
    ],
)
def test_no_cut_is_promised_that_the_cache_would_refuse(
    changes: dict[str, str], trained: str, capsys: pytest.CaptureFixture[str]
) -> None:
    set_ = [word for key, value in changes.items() for word in ("--set", f"{key}={value}")]
    shown = summarised(capsys, "mobilenetv2-frozen", "--set", "cache.enabled=false", *set_)
    assert shown["cut_after"] == ""
    assert not any(row["is_trunk"] for row in shown["blocks"])
    assert shown["what_is_trained"] == trained
    refused = [word for word in set_ if word != "--set"]
    with pytest.raises(HilumError, match="keeps frozen layers in a cache"):
        read_recipe("mobilenetv2-frozen", ["cache.enabled=true", *refused])


def test_multiply_adds_are_those_of_the_literature(capsys: pytest.CaptureFixture[str]) -> None:
    """300 million for MobileNetV2 at 224 px: Sandler et al. 2018, table 4."""
    shown = summarised(capsys, "mobilenetv2-frozen")
    assert shown["work"]["multiply_adds"] == pytest.approx(300e6, rel=0.01)
    assert sum(row["multiply_adds"] for row in shown["blocks"]) == shown["work"]["multiply_adds"]
    stem = next(row for row in shown["blocks"] if row["name"] == "body.conv_stem")
    assert stem["multiply_adds"] == 112 * 112 * 32 * 27
    assert stem["activations_bytes"] == 112 * 112 * 32 * 4


def test_memory_of_one_film(capsys: pytest.CaptureFixture[str]) -> None:
    shown = summarised(capsys, "mobilenetv2-frozen")
    work, tracked = shown["work"], 52 * 8  # a whole number in each norm counts its batches
    scaling = 2 * 3 * 4
    assert work["weights_bytes"] == 4 * (shown["trainable"] + shown["frozen"] + shown["statistics"]) + tracked + scaling
    # At most at once: the 96 maps of 112 px that the second block grows to, before and behind their norm.
    assert work["most_at_once_bytes"] == 2 * 96 * 112 * 112 * 4
    assert work["most_at_once_bytes"] < work["activations_bytes"] < 10 * work["most_at_once_bytes"]


def test_table_reads_at_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.console import Console

    from hilum.verbs.model_summary import summary

    console = Console(width=80)
    with console.capture() as captured:
        console.print(summary(LAST[0], layers=True, set_=LAST[2::2]))
    lines = captured.get().splitlines()
    assert max(map(len, lines)) <= 80
    row = next(line for line in lines if "block_11_depthwise_BN" in line)
    assert row.split() == ["102", "block_11_depthwise_BN", "blocks.4.1.bn2", "2,304", "trained"]
    assert any(line.startswith("Cut ") and "body.blocks.4.0" in line for line in lines)


def test_layers_have_the_names_that_other_verbs_take(capsys: pytest.CaptureFixture[str]) -> None:
    shown = summarised(capsys, "cnn-scratch", "--layers")
    stem, last = shown["layers"][0], shown["layers"][-1]
    assert (stem["number"], stem["name"], stem["kind"], stem["output"]) == (
        1,
        "body.stem.0",
        "convolution",
        [24, 80, 80],
    )
    assert stem["receptive_field_px"] == 5 and stem["multiply_adds"] == 80 * 80 * 24 * 25
    assert (last["name"], last["receptive_field_px"]) == ("head.last", None)
    assert hilum(["model", "summary", "cnn-scratch", "--layers"]) == 0
    assert "body.stages.0.0.conv1" in capsys.readouterr().out


def test_model_or_run_is_summarised_by_the_recipe_that_it_holds(
    phantom_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    of_run, of_model = (summarised(capsys, str(path)) for path in (phantom_run, phantom_run / "model"))
    assert of_run == of_model
    assert of_run["side"] == 48 and of_run["frozen"] == 0 and of_run["what_is_trained"] == "all layers"


def test_recipe_of_a_model_cannot_be_changed(phantom_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert hilum(["model", "summary", str(phantom_run), "--set", "train.epochs=3"]) == 2
    assert "is a model, and a key of its recipe was to be changed" in " ".join(capsys.readouterr().err.split())


def test_folder_without_a_model_is_refused_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert hilum(["model", "summary", str(tmp_path)]) == 2
    assert "is not a model folder" in " ".join(capsys.readouterr().err.split())


def test_list_of_a_network_that_keras_lacks_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert summarised(capsys, "cnn-scratch", "--layers")["keras"] is None
    assert hilum(["model", "summary", "cnn-scratch", "--set", "network.trained=last", "--set", "network.last_layers=3"])
    assert "Keras's list of layers is not known for 'small-cnn'" in capsys.readouterr().err
