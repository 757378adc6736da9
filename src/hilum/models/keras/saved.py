"""A saved Keras model: its description as data, and a way to its weights. Nothing of it is run.

Three kinds are read: HDF5 of Keras 2 and of Keras 3 (`model.save("x.h5")`), and the .keras archive of both.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from hilum.errors import HilumError
from hilum.files import explained, printable
from hilum.models.keras.hdf5 import SIGNATURE, Array, Hdf5, damaged, opened_hdf5

MOST_WEIGHTS: Final = 2 << 30
MOST_TEXT: Final = 16 << 20
MOST_MEMBERS: Final = 100
MOST_RATIO: Final = 100
"""Unpacked bytes for each packed one; Keras packs nothing."""

_SAVE_AGAIN: Final = "Save the whole model again where it was trained: model.save('model.keras')"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a layer's weights lie.

    Args:
        layer: the layer's name.
        owner: the layer of the outermost model that it is, or lies in.
        path: of its group in a .keras archive.
    """

    layer: str
    owner: str
    path: str


class Weights(Protocol):
    """What gives a layer its arrays."""

    def arrays(self, origin: Origin, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Array]:
        """Arrays by name; `shapes` are given in the order in which Keras makes the weights."""


@dataclass(frozen=True, slots=True)
class SavedModel:
    """What a file says.

    Args:
        name: of the file.
        keras_version: that wrote it, or "".
        description: class name and settings of the model, as Keras serialises it.
        weights: gives arrays while the file is open.
    """

    name: str
    keras_version: str
    description: dict[str, Any]
    weights: Weights


@contextmanager
def opened_model(path: Path) -> Iterator[SavedModel]:
    """The saved model within this context; the first bytes decide what it is, not the name.

    Raises:
        HilumError: weights without a description, damage, or no Keras file at all.
    """
    with explained(path, "read"):
        if path.is_dir():
            raise _no_keras(path, "is a folder")
        with path.open("rb") as file:
            start = file.read(8)
    if start == SIGNATURE:
        with opened_hdf5(path, str(path)) as content:
            yield _of_hdf5(content)
    elif start[:4] == b"PK\x03\x04":
        with _unpacked(path) as (texts, weights):
            yield _of_archive(str(path), texts, weights)
    else:
        raise _no_keras(path, "is no HDF5 file and no .keras archive")


def _no_keras(path: Path, what: str) -> HilumError:
    return HilumError(
        f"'{printable(path)}' {what}.", expected="a .keras or .h5 file that holds a whole model", do=_SAVE_AGAIN
    )


def _of_hdf5(content: Hdf5) -> SavedModel:
    text = content.text("", "model_config")
    if not text:
        raise HilumError(
            f"'{printable(content.name)}' holds no description of the layers: it has weights alone, or none.",
            expected="a whole model",
            do="Load the weights in the notebook that made them and type: model.save('model.keras')",
        )
    root = "model_weights" if content.has("model_weights") else ""
    version = content.text("", "keras_version") or content.text(root, "keras_version")
    return SavedModel(content.name, version, _description(text, content.name), _LegacyWeights(content, root))


def _of_archive(name: str, texts: dict[str, str], weights: Hdf5) -> SavedModel:
    metadata = _description(texts["metadata.json"], name) if "metadata.json" in texts else {}
    description = _description(texts["config.json"], name)
    return SavedModel(name, str(metadata.get("keras_version", "")), description, _ArchiveWeights(weights))


def _description(text: str, name: str) -> dict[str, Any]:
    try:
        values = json.loads(text)
        if not isinstance(values, dict):
            raise ValueError("the description is not an object")
    except (ValueError, RecursionError) as error:
        raise damaged(name, error) from error
    return values


class _LegacyWeights:
    """Keras 2's layout: a group for each layer of the outermost model, with the names of all weights inside it.

    Older files have `block1_conv1/kernel:0`, newer ones `sequential/dense/kernel`.
    """

    def __init__(self, content: Hdf5, root: str) -> None:
        self._content, self._root = content, root
        self._known: dict[str, dict[tuple[str, str], list[str]]] = {}

    def arrays(self, origin: Origin, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Array]:
        """See `Weights`."""
        group = f"{self._root}/{origin.owner}"
        return {
            weight: self._content.array(f"{group}/{self._named(origin, weight)}", shape)
            for weight, shape in shapes.items()
        }

    def _named(self, origin: Origin, weight: str) -> str:
        if origin.owner not in self._known:
            self._known[origin.owner] = _by_layer(
                self._content.texts(f"{self._root}/{origin.owner}", "weight_names"), origin
            )
        known = self._known[origin.owner]
        # Keras 2 calls the one kernel of a depthwise convolution by its kind.
        candidates = known.get((origin.layer, weight)) or known.get((origin.layer, f"depthwise_{weight}")) or []
        if len(candidates) != 1:
            raise HilumError(
                f"'{printable(self._content.name)}' has {len(candidates)} weights '{weight}' for its layer "
                f"'{printable(origin.layer)}'.",
                expected="one",
                do=_SAVE_AGAIN,
            )
        return candidates[0]


def _by_layer(names: tuple[str, ...], origin: Origin) -> dict[tuple[str, str], list[str]]:
    """Full names by (layer, weight); a layer that is its own owner takes every name, whatever scope it stands in."""
    known: dict[tuple[str, str], list[str]] = {}
    for name in names:
        scope, _, weight = name.rpartition("/")
        layer = origin.layer if origin.layer == origin.owner else scope.rpartition("/")[2]
        known.setdefault((layer, weight.partition(":")[0]), []).append(name)
    return known


class _ArchiveWeights:
    """The .keras layout: a group for each layer by its class and number, its weights numbered."""

    def __init__(self, content: Hdf5) -> None:
        self._content = content

    def arrays(self, origin: Origin, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Array]:
        """See `Weights`."""
        return {
            weight: self._content.array(f"{origin.path}/vars/{number}", shape)
            for number, (weight, shape) in enumerate(shapes.items())
        }


@contextmanager
def _unpacked(path: Path) -> Iterator[tuple[dict[str, str], Hdf5]]:
    """Texts and weights of a .keras archive, in memory; nothing is written to the disc."""
    name = str(path)
    with explained(path, "read"), path.open("rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                members = _surveyed(archive, name)
                texts: dict[str, str] = {
                    member: _read(archive, members[member], MOST_TEXT).decode("utf-8")
                    for member in ("config.json", "metadata.json")
                    if member in members
                }
                weights = _read(archive, members["model.weights.h5"], MOST_WEIGHTS)
        except (zipfile.BadZipFile, zlib.error, EOFError, UnicodeDecodeError, RuntimeError) as error:
            raise damaged(name, error) from error
    with opened_hdf5(io.BytesIO(weights), f"{name}: model.weights.h5") as content:
        yield texts, content


def _surveyed(archive: zipfile.ZipFile, name: str) -> dict[str, zipfile.ZipInfo]:
    """The members by name, before any is unpacked."""
    members = archive.infolist()
    by_name = {member.filename: member for member in members}
    for needed in ("config.json", "model.weights.h5"):
        if needed not in by_name:
            raise _no_keras(Path(name), f"is an archive without '{needed}'")
    sizes = [(member, MOST_TEXT if member.filename.endswith(".json") else MOST_WEIGHTS) for member in members]
    large = [member for member, most in sizes if member.file_size > min(most, MOST_RATIO * member.compress_size + 4096)]
    if large or len(members) > MOST_MEMBERS or len(by_name) < len(members):
        about = f"'{large[0].filename}' unpacks to {large[0].file_size:,} bytes" if large else f"{len(members)} members"
        raise HilumError(
            f"'{printable(name)}' is no archive as Keras writes it: {printable(about)}.",
            expected=f"up to {MOST_MEMBERS} members, none named twice or packed more than {MOST_RATIO}-fold, "
            f"and weights up to {MOST_WEIGHTS >> 30} GiB",
            do=_SAVE_AGAIN,
        )
    return by_name


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> bytes:
    """The bytes of a member, never more than it declares."""
    with archive.open(member) as file:
        content = file.read(min(most, member.file_size) + 1)
    if len(content) != member.file_size:
        raise zipfile.BadZipFile(f"'{member.filename}' has not the size that it declares")
    return content
