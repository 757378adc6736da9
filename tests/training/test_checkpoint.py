"""A state comes back whole, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from hilum.errors import HilumError
from hilum.training.checkpoint import (
    optimizer_tensors,
    read_tensors_and_facts,
    restore_optimizer,
    write_tensors,
)

TENSORS = {"a": torch.arange(6.0).reshape(2, 3), "count": torch.tensor(7), "empty": torch.zeros(0)}


def test_tensors_and_facts_come_back(tmp_path: Path) -> None:
    write_tensors(tmp_path / "state.safetensors", TENSORS, {"epoch": 3, "loss": 0.1})
    tensors, facts = read_tensors_and_facts(tmp_path / "state.safetensors")
    assert facts == {"epoch": 3, "loss": 0.1}
    assert all(torch.equal(tensors[name], tensor) for name, tensor in TENSORS.items())


@pytest.mark.parametrize("byte", range(0, 400, 13))
def test_flipped_bit_is_caught(tmp_path: Path, byte: int) -> None:
    path = tmp_path / "state.safetensors"
    write_tensors(path, TENSORS, {"epoch": 3})
    content = bytearray(path.read_bytes())
    content[byte % len(content)] ^= 1
    path.write_bytes(content)
    with pytest.raises(HilumError, match="is damaged"):
        read_tensors_and_facts(path)


def test_file_cut_short_is_caught(tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    write_tensors(path, TENSORS, {})
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(HilumError, match="is damaged"):
        read_tensors_and_facts(path)


@pytest.mark.parametrize("kind", [torch.optim.AdamW, torch.optim.SGD])
def test_optimizer_goes_on_as_if_never_stopped(kind: type[torch.optim.Optimizer]) -> None:
    def run(stop_after: int | None) -> torch.Tensor:
        torch.manual_seed(0)
        layer = nn.Linear(3, 1)
        options: dict[str, Any] = {"lr": 0.1} | ({"momentum": 0.9} if kind is torch.optim.SGD else {})
        optimizer = kind(layer.parameters(), **options)
        for step in range(6):
            if step == stop_after:
                saved = {name: tensor.clone() for name, tensor in optimizer_tensors(optimizer).items()}
                optimizer = kind(layer.parameters(), **options)
                restore_optimizer(optimizer, saved)
            optimizer.zero_grad()
            layer(torch.ones(2, 3) * step).square().sum().backward()
            optimizer.step()
        return layer.weight.detach()

    assert torch.equal(run(None), run(3))
