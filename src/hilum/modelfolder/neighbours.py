"""`neighbours.safetensors` of a model folder: what the graph made of each fit film, so that like cases can be shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hilum.errors import HilumError
from hilum.files import printable
from hilum.json_files import parse_json
from hilum.modelfolder.folder import ModelFolder

NEIGHBOURS: Final = "neighbours.safetensors"
_FORMAT: Final = "1"
_HASH_BYTES: Final = 16
_JPEG: Final = b"\xff\xd8\xff"
_TYPES: Final = {
    "features": (np.dtype(np.float16), 2),
    "is_pneumonia": (np.dtype(np.bool_), 1),
    "patient": (np.dtype(np.int32), 1),
    "film": (np.dtype(np.uint8), 2),
    "usual": (np.dtype(np.float32), 1),
}
"""Every tensor that the file must have, with its dimensions."""

Features = npt.NDArray[np.float16]
Distances = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """The fit films of a model as cases to compare with.

    Args:
        features: (n, c) float16, the graph's output `features` of each film, brought to length 1.
        is_pneumonia: (n,) bool.
        patient: (n,) int32, equal for films of one patient; the numbers say nothing else.
        films: n salted hashes, those of the manifest's `training.fit.films`.
        usual: (m,) float32, rising: how far each select film is from its nearest case.
        thumbnails: n JPEG files, small pictures of patients; None where the folder was made without.
    """

    features: Features
    is_pneumonia: npt.NDArray[np.bool_]
    patient: npt.NDArray[np.int32]
    films: tuple[str, ...]
    usual: Distances
    thumbnails: tuple[bytes, ...] | None = None


def of_unit_length(features: npt.ArrayLike) -> Features:
    """(n, c) features of any scale as float16 rows of length 1; a row of zeros stays one.

    Two rows are then as far apart as the angle between them is wide: what counts is which features a film has more
    than others, not how strong all of them are. It also keeps every number within what float16 holds.
    """
    values = np.asarray(features, dtype=np.float32)
    length = np.linalg.norm(values, axis=1, keepdims=True)
    unit: Features = (values / np.where(length > 0, length, 1)).astype(np.float16)
    return unit


def neighbours_bytes(neighbours: Neighbours) -> bytes:
    """The contents of `neighbours.safetensors`."""
    from safetensors.numpy import save

    tensors: dict[str, npt.NDArray[Any]] = {
        "features": np.ascontiguousarray(neighbours.features),
        "is_pneumonia": neighbours.is_pneumonia,
        "patient": neighbours.patient,
        "film": np.array([list(bytes.fromhex(film)) for film in neighbours.films], dtype=np.uint8),
        "usual": neighbours.usual,
    }
    if neighbours.thumbnails is not None:
        tensors["thumbnails"] = np.frombuffer(b"".join(neighbours.thumbnails), dtype=np.uint8)
        tensors["thumbnail_ends"] = np.cumsum([len(one) for one in neighbours.thumbnails], dtype=np.int64)
    content: bytes = save(tensors, {"format": _FORMAT})
    return content


def read_neighbours(folder: ModelFolder) -> Neighbours | None:
    """The cases of a model folder; None where it was made without.

    Raises:
        HilumError: the file is missing or altered, or does not hold what it should.
    """
    if NEIGHBOURS not in folder.manifest.files:
        return None
    return parsed_neighbours(folder.read(NEIGHBOURS), printable(folder.path / NEIGHBOURS))


def parsed_neighbours(content: bytes, name: str) -> Neighbours:
    """The cases in these bytes.

    Args:
        content: of a `neighbours.safetensors`.
        name: how an error calls the file.

    Raises:
        HilumError: they are no such file, or its tensors contradict each other.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        tensors = load(content)
        _require_format(content, name)
        _require_tensors(tensors)
        return Neighbours(
            features=tensors["features"],
            is_pneumonia=tensors["is_pneumonia"],
            patient=tensors["patient"],
            films=tuple(row.tobytes().hex() for row in tensors["film"]),
            usual=tensors["usual"],
            thumbnails=_thumbnails(tensors, len(tensors["features"])),
        )
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise HilumError(
            f"'{name}' is damaged: {error}.",
            expected="the cases that hilum wrote",
            do="Copy or export the model again.",
        ) from error


def _require_format(content: bytes, name: str) -> None:
    """Refuse a file that another version means otherwise, before any tensor is judged; it was read without error."""
    length = int.from_bytes(content[:8], "little")
    found = parse_json(content[8 : 8 + length]).get("__metadata__", {}).get("format")
    if found != _FORMAT:
        raise HilumError(
            f"'{name}' has the format '{printable(str(found))}'." if found else f"'{name}' does not say its format.",
            expected=f"format '{_FORMAT}'",
            do="Install the newest hilum (pip install --upgrade hilum), or copy the model again.",
        )


def _require_tensors(tensors: dict[str, npt.NDArray[Any]]) -> None:
    """Raise ValueError where a tensor is missing, of another kind, or of another number of films."""
    for name, (kind, dimensions) in _TYPES.items():
        if name not in tensors:
            raise ValueError(f"it has no '{name}'")
        if tensors[name].dtype != kind or tensors[name].ndim != dimensions or not tensors[name].size:
            raise ValueError(f"'{name}' has the shape {tensors[name].shape} and type {tensors[name].dtype}")
    if tensors["film"].shape[1] != _HASH_BYTES:
        raise ValueError(f"'film' holds hashes of {tensors['film'].shape[1]} bytes, not of {_HASH_BYTES}")
    films = {len(tensors[name]) for name in _TYPES if name != "usual"}
    if len(films) != 1:
        raise ValueError("its tensors are of different numbers of films")
    for name in ("features", "usual"):
        if not np.isfinite(tensors[name]).all():
            raise ValueError(f"'{name}' holds numbers that are not finite")
    if (np.diff(tensors["usual"]) < 0).any() or tensors["usual"][0] < 0:
        raise ValueError("'usual' does not rise from 0")


def _thumbnails(tensors: dict[str, npt.NDArray[Any]], films: int) -> tuple[bytes, ...] | None:
    """The pictures cut apart; None where there are none. ValueError where they are not one JPEG a film."""
    if "thumbnails" not in tensors:
        return None
    ends, content = tensors["thumbnail_ends"], tensors["thumbnails"].tobytes()
    is_one_a_film = ends.dtype == np.int64 and ends.shape == (films,)
    starts = np.concatenate([[0], ends[:-1]]) if is_one_a_film else ends
    if not is_one_a_film or (starts >= ends).any() or ends[-1] != len(content):
        raise ValueError("its thumbnails are not one a film")
    pictures = tuple(content[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True))
    if not all(picture.startswith(_JPEG) for picture in pictures):
        raise ValueError("a thumbnail is no JPEG file")
    return pictures


def card_section(neighbours: Neighbours) -> str:
    """What the model card says of the cases, as Markdown."""
    patients = len(np.unique(neighbours.patient))
    pictures = (
        "none."
        if neighbours.thumbnails is None
        else "one of every film. **They are patients' images: pass this folder on only where those may go.**"
    )
    return f"""
## Similar cases
`{NEIGHBOURS}` holds the pooled features of {len(neighbours.films)} fit films of {patients} patients, with label and
salted hash, so that a reader is shown the nearest ones. Features are derived from each film by itself: they are no
picture, but whoever has a film can tell that it is among them. Thumbnails: {pictures}
"""
