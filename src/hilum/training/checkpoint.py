"""The whole state of a run in one safetensors file: tensors, and JSON in its header. Nothing is pickled.

One file, written beside and renamed, is either the old state or the new one, whenever the process dies.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from hilum.errors import HilumError
from hilum.files import explained, printable, write_atomically


def write_tensors(path: Path, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
    """Write tensors and JSON facts with a digest over both."""
    from safetensors.torch import save

    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    text = json.dumps(facts, sort_keys=True, allow_nan=False)
    content = save(tensors, {"facts": text, "digest": _digest(tensors, text)})
    write_atomically(path, lambda file: file.write(content))


def read_tensors_and_facts(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """What `write_tensors` wrote.

    Raises:
        HilumError: the file is cut short, or a bit of it has changed.
    """
    from safetensors import SafetensorError, safe_open

    damaged = HilumError(
        f"'{printable(path)}' is damaged.",
        expected="a state as it was written",
        do="Delete the run folder and train again.",
    )
    with explained(path, "read"):
        try:
            with safe_open(path, "pt") as file:
                header = file.metadata() or {}
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except SafetensorError as error:
            raise damaged from error
    if header.get("digest") != _digest(tensors, header.get("facts", "")):
        raise damaged
    return tensors, json.loads(header["facts"])


def write_network(path: Path, network: nn.Module, facts: dict[str, Any]) -> None:
    """Write a network's parameters and buffers."""
    write_tensors(path, network.state_dict(), facts)


def read_network(path: Path, network: nn.Module) -> dict[str, Any]:
    """Put a written network's parameters and buffers into `network`; the facts come back."""
    tensors, facts = read_tensors_and_facts(path)
    network.load_state_dict(tensors)
    return facts


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The optimizer's moments and counters under names of the form "optimizer.INDEX.KEY"."""
    state = optimizer.state_dict()["state"]
    return {
        f"optimizer.{index}.{key}": value
        for index, values in state.items()
        for key, value in values.items()
        if isinstance(value, Tensor)
    }


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Put back what `optimizer_tensors` gave; rates and decays come from the recipe, not from the file."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        _, index, key = name.split(".", 2)
        state.setdefault(int(index), {})[key] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def _digest(tensors: dict[str, Tensor], text: str) -> str:
    """SHA-256 over names, bytes of the tensors and the facts."""
    digest = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(tensors[name].flatten().view(torch.uint8).numpy().data if tensors[name].numel() else b"")
    return digest.hexdigest()
