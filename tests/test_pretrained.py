"""Which file of a folder holds the weights of a network."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hilum.errors import HilumError
from hilum.pretrained import weights_file


def put(folder: Path, name: str, **description: object) -> Path:
    (folder / f"{name}.json").write_text(json.dumps(description))
    (folder / f"{name}.safetensors").touch()
    return folder / f"{name}.safetensors"


def test_file_of_the_networks_name_comes_first(tmp_path: Path) -> None:
    put(tmp_path, "other", timm_name="resnet50")
    (tmp_path / "resnet50.safetensors").touch()
    assert weights_file(tmp_path, "resnet50") == tmp_path / "resnet50.safetensors"


def test_description_may_name_the_network(tmp_path: Path) -> None:
    partial = put(tmp_path, "inception_v3_tf2015_partial", timm_name="inception_v3")
    assert weights_file(tmp_path, "inception_v3") == partial
    assert weights_file(tmp_path, "resnet50") is None


def test_weights_for_another_wiring_are_not_the_networks(tmp_path: Path) -> None:
    put(tmp_path, "mobilenetv2_100_tf", timm_name="mobilenetv2_100", timm_kwargs={"pad_type": "same"})
    assert weights_file(tmp_path, "mobilenetv2_100") is None


def test_description_without_its_file_is_no_weights(tmp_path: Path) -> None:
    put(tmp_path, "a", timm_name="resnet50").unlink()
    assert weights_file(tmp_path, "resnet50") is None


def test_two_files_for_one_network_are_refused(tmp_path: Path) -> None:
    put(tmp_path, "a", timm_name="resnet50")
    put(tmp_path, "b", timm_name="resnet50")
    with pytest.raises(HilumError, match="both say that they hold 'resnet50'"):
        weights_file(tmp_path, "resnet50")


def test_weights_at_hand_are_found_by_network(shared_weights: Path) -> None:
    found = {
        name: weights_file(shared_weights, name) for name in ("inception_v3", "mobilenetv2_100", "resnet50", "vgg19")
    }
    assert {name: path and path.stem for name, path in found.items()} == {
        "inception_v3": "inception_v3_tf2015_partial",
        "mobilenetv2_100": "mobilenetv2_100",
        "resnet50": None,
        "vgg19": None,
    }
