"""First weights: from safetensors alone, and refused in words."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from hilum.errors import HilumError
from hilum.models import build_network, load_pretrained
from hilum.recipe import Network

NETWORK = Network(architecture="small-cnn", widths=(16, 16))
MOBILENET = Network(architecture="mobilenetv2_100", pretrained=True)


def test_body_is_loaded_and_head_starts_at_zero(tmp_path: Path) -> None:
    source, target = build_network(NETWORK), build_network(NETWORK)
    save_file(source.body.state_dict(), tmp_path / "small-cnn.safetensors")
    origin = load_pretrained(target, NETWORK, tmp_path)
    assert not target.head.last.weight.any() and not target.head.last.bias.any()
    assert torch.equal(target.body.state_dict()["stem.0.weight"], source.body.state_dict()["stem.0.weight"])
    assert len(origin.sha256) == 64


def test_weights_of_another_network_are_refused_by_name(tmp_path: Path) -> None:
    save_file({"conv.weight": torch.zeros(3)}, tmp_path / "other.safetensors")
    with pytest.raises(HilumError, match="the weights of timm's 'small-cnn'"):
        load_pretrained(build_network(NETWORK), NETWORK, tmp_path / "other.safetensors")


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_weights_that_are_no_numbers_are_refused(tmp_path: Path, value: float) -> None:
    tensors = build_network(NETWORK).body.state_dict()
    tensors["stem.0.weight"][0, 0, 0, 0] = value
    save_file(tensors, tmp_path / "w.safetensors")
    with pytest.raises(HilumError, match=r"holds values that are no numbers in 'stem\.0\.weight'"):
        load_pretrained(build_network(NETWORK), NETWORK, tmp_path / "w.safetensors")


def test_quantised_weights_are_refused_and_half_precision_is_taken(tmp_path: Path) -> None:
    tensors = build_network(NETWORK).body.state_dict()
    save_file({name: tensor.half() for name, tensor in tensors.items()}, tmp_path / "half.safetensors")
    target = build_network(NETWORK)
    load_pretrained(target, NETWORK, tmp_path / "half.safetensors")
    assert target.body.state_dict()["stem.0.weight"].dtype == torch.float32
    save_file(tensors | {"stem.0.weight": tensors["stem.0.weight"].to(torch.int8)}, tmp_path / "int.safetensors")
    with pytest.raises(HilumError, match=r"holds 'stem\.0\.weight' as int8"):
        load_pretrained(build_network(NETWORK), NETWORK, tmp_path / "int.safetensors")


@pytest.mark.parametrize("name", ["w.pt", "w.pth", "w.pkl", "w.h5", "w.joblib"])
def test_file_that_may_carry_code_is_never_opened(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\x80\x04cos\nsystem\n")
    with pytest.raises(HilumError, match="cannot carry code"):
        load_pretrained(build_network(NETWORK), NETWORK, tmp_path / name)


@pytest.mark.parametrize("content", [b"", b"\x80\x04cos\nsystem\n", b"\xff" * 64, b'\x10\0\0\0\0\0\0\0{"a":{"dtype"'])
def test_damaged_file_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w.safetensors").write_bytes(content)
    with pytest.raises(HilumError, match="is damaged"):
        load_pretrained(build_network(NETWORK), NETWORK, tmp_path / "w.safetensors")


def test_facts_beside_the_weights_are_taken(tmp_path: Path) -> None:
    save_file(build_network(NETWORK).body.state_dict(), tmp_path / "w.safetensors")
    facts = {"source_repo": "a/b", "licence": "MIT", "mean": [1], "std": [0.25], "top1": 0.9}
    (tmp_path / "w.json").write_text(json.dumps(facts))
    classifier = build_network(NETWORK)
    origin = load_pretrained(classifier, NETWORK, tmp_path / "w.safetensors")
    assert (origin.source, origin.licence, float(classifier.mean), float(classifier.std)) == ("a/b", "MIT", 1.0, 0.25)


@pytest.mark.parametrize(
    ("facts", "wrong"),
    [
        ('{"mean": "0.5", "std": [0.2]}', "mean"),
        ('{"mean": [0.5], "std": [0]}', r"std\.0"),
        ('{"mean": [0.5]}', "mean or std"),
        ('{"mean": [0.5, 0.5, 0.5], "std": [1, 1, 1]}', "mean or std"),
        ('{"missing_keys": "stem.0.weight"}', "missing_keys"),
        ('{"source_repo": 3}', "source_repo"),
        ('{"licence": null}', "licence"),
        ("[]", "form"),
    ],
)
def test_wrong_facts_beside_the_weights_are_refused_by_name(tmp_path: Path, facts: str, wrong: str) -> None:
    save_file(build_network(NETWORK).body.state_dict(), tmp_path / "w.safetensors")
    (tmp_path / "w.json").write_text(facts)
    with pytest.raises(HilumError, match=rf"w\.json' has a wrong {wrong}\."):
        load_pretrained(build_network(NETWORK), NETWORK, tmp_path / "w.safetensors")


def test_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(HilumError, match="No such file"):
        load_pretrained(build_network(NETWORK), NETWORK, tmp_path)


def test_offline_without_weights_names_the_ways_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(HilumError, match=r"--weights FILE\.safetensors.*network\.pretrained=false"):
        load_pretrained(build_network(MOBILENET), MOBILENET, None)


def test_real_imagenet_weights_fit(shared_weights: Path) -> None:
    classifier = build_network(MOBILENET)
    origin = load_pretrained(classifier, MOBILENET, shared_weights)
    assert origin.fresh == () and origin.licence.startswith("Apache")


def test_scaling_by_255_alone_stays_whatever_the_weights_say(shared_weights: Path) -> None:
    network = Network(architecture="inception_v3", pretrained=True, scaling="unit")
    classifier = build_network(network, 128)
    origin = load_pretrained(classifier, network, shared_weights)
    assert not classifier.mean.any() and origin.fresh
