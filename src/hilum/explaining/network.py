"""From a model folder back to the network that its graph was exported from."""

from __future__ import annotations

import json
from typing import Any, Final, Literal, TypeVar

from msgspec import Struct
from pydantic import ValidationError
from torch import Tensor

from hilum.errors import HilumError
from hilum.files import printable
from hilum.json_files import parse_json, typed
from hilum.modelfolder import ModelFolder
from hilum.models import FilmClassifier
from hilum.models.stored import restore_imported, restore_network
from hilum.recipe import Network

WEIGHTS: Final = "model.safetensors"
CONFIG: Final = "config.json"
IMPORTED: Final = "keras"
"""The architecture that `config.json` names for a network that Keras saved."""

AGAIN: Final = "Copy or export the model again."
Config = TypeVar("Config", bound=Struct)


def open_network(folder: ModelFolder) -> FilmClassifier:
    """The network of a model folder, in evaluation mode on the processor; its logits are the graph's.

    Weights and description are read by their checked hashes; nothing is unpickled and nothing fetched.

    Raises:
        HilumError: a file is missing or altered, or the weights are not those of the network that is described.
    """
    tensors = _tensors(folder)
    if _described(folder, _Architecture).architecture == IMPORTED:
        keras = _described(folder, _KerasConfig)
        return restore_imported(keras.description, keras.scaling, keras.side, tensors)
    scaling = _described(folder, _TimmConfig).pretrained_cfg
    return restore_network(_recipe_network(folder), folder.manifest.side, tensors, scaling.mean, scaling.std)


class _Architecture(Struct, frozen=True):
    """What `config.json` says in every case; other keys are left to others."""

    architecture: str


class _KerasConfig(Struct, frozen=True):
    """`config.json` of a network that Keras saved: what it is built from."""

    description: dict[str, Any]
    scaling: Literal["unit", "tf", "caffe", "torch", "none"]
    side: int


class _Scaling(Struct, frozen=True):
    """Of grey levels in 0 to 1, a number each channel."""

    mean: tuple[float, ...]
    std: tuple[float, ...]


class _TimmConfig(Struct, frozen=True):
    """`config.json` in timm's layout, as far as the network needs it."""

    pretrained_cfg: _Scaling


def _described(folder: ModelFolder, kind: type[Config]) -> Config:
    """What `config.json` says of the network."""
    path = printable(folder.path / CONFIG)
    try:
        values = parse_json(folder.read(CONFIG))
    except (ValueError, RecursionError) as error:
        raise _damaged(path, str(error), "a JSON object") from error
    return typed(
        values,
        kind,
        f"'{path}' has a wrong value",
        expected="a description of the network that hilum wrote",
        do=AGAIN,
    )


def _recipe_network(folder: ModelFolder) -> Network:
    """[network] of the recipe in the manifest."""
    try:
        return Network.model_validate(folder.manifest.recipe.get("network"))
    except ValidationError as error:
        raise HilumError(
            f"The manifest of '{printable(folder.path)}' describes a network that this version does not know: "
            f"{error.errors()[0]['msg']}.",
            expected="the [network] of a recipe",
            do="Install the newest hilum: pip install --upgrade hilum",
        ) from error


def _tensors(folder: ModelFolder) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load

    content = folder.read(WEIGHTS)
    try:
        return load(content)
    except (SafetensorError, json.JSONDecodeError) as error:
        raise _damaged(printable(folder.path / WEIGHTS), str(error), "a complete safetensors file") from error


def _damaged(path: str, how: str, expected: str) -> HilumError:
    return HilumError(f"'{path}' is damaged: {how}.", expected=expected, do=AGAIN)
