"""From Keras's description of a model to one list of layers, models inside models laid open."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from hilum.errors import HilumError
from hilum.files import printable
from hilum.models.keras.layers import BODIES, keras_layers
from hilum.models.keras.saved import Origin, SavedModel
from hilum.models.keras.settings import AUGMENTATION, LayerSettings, known_kind, read_settings

MOST_LAYERS: Final = 3000
FILM: Final = -1
"""Stands for the film where the inputs of a layer are named."""

_MODELS: Final = ("Functional", "Model", "Sequential")
_NO_EFFECT: Final = {"training": (None, False), "mask": (None,)}


@dataclass(frozen=True, slots=True)
class Node:
    """One layer.

    Args:
        kind: Keras's class.
        inputs: positions of the layers that it takes its input from, or `FILM`.
    """

    kind: str
    settings: LayerSettings
    inputs: tuple[int, ...]
    origin: Origin

    @property
    def name(self) -> str:
        """The layer's name in Keras."""
        return self.origin.layer


@dataclass(frozen=True, slots=True)
class Graph:
    """A network: its layers, each behind those that it takes its input from; the last one is the answer.

    Args:
        side: of the film in pixels; 0 where the file leaves it open.
        channels: of the film.
        left_out: names of layers that act while training only.
    """

    side: int
    channels: int
    nodes: tuple[Node, ...]
    left_out: tuple[str, ...]

    @property
    def body(self) -> str:
        """The name in Keras of the known body that it is built on, or ""; told by the classes of the layers."""
        kinds = [node.kind for node in self.nodes]
        for known in BODIES:
            body = [layer.kind for layer in keras_layers(known.keras_name)[1:]]
            if any(kinds[start : start + len(body)] == body for start in range(len(kinds) - len(body) + 1)):
                return known.keras_name
        return ""


def read_graph(saved: SavedModel) -> Graph:
    """The network that a saved model describes.

    Raises:
        HilumError: a layer that cannot be rebuilt, several films in, several answers out, or a damaged description.
    """
    reader = _Reader(saved.name)
    try:
        answer = reader.lay_open(saved.description, FILM, owner="", path="")
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise HilumError(
            f"'{printable(saved.name)}' describes its layers in a way that Keras does not: {type(error).__name__}, "
            f"{printable(str(error))[:80]}.",
            expected="the description that model.save writes",
            do="Save the whole model again where it was trained: model.save('model.keras')",
        ) from error
    side, channels = reader.film_shape()
    return Graph(side, channels, _needed_for(answer, reader.nodes), tuple(reader.left_out))


class _Reader:
    """Collects the layers of a model and of the models inside it."""

    def __init__(self, model: str) -> None:
        self.model = model
        self.nodes: list[Node] = []
        self.left_out: list[str] = []
        self._shapes: list[tuple[Any, ...]] = []

    def lay_open(self, description: dict[str, Any], film: int, owner: str, path: str) -> int:
        """Add all layers of a model; the position of its answer comes back.

        Args:
            film: position of what the model is called with.
            owner: the outermost model's layer that this model is, or "" for the outermost model itself.
            path: of this model in a .keras archive.
        """
        self._require_keras(description)
        config = description["config"]
        layers = config["layers"] if isinstance(config, dict) else config  # a bare list before Keras 2.2.3
        if len(self.nodes) + len(layers) > MOST_LAYERS:
            raise ValueError(f"more than {MOST_LAYERS} layers")
        is_chain = description["class_name"] == "Sequential"
        known: dict[str, int] = {}
        numbers: Counter[str] = Counter()
        last = film
        for layer in layers:
            name = str(layer["config"]["name"])
            origin = Origin(name, owner or name, f"{path}layers/{_numbered(layer['class_name'], numbers)}")
            sources = [last] if is_chain else [known[source] for source in self._sources(layer, name)]
            last = self._add(layer, origin, sources, film)
            known[name] = last
        return last if is_chain else known[_only(config["output_layers"])]

    def _add(self, layer: dict[str, Any], origin: Origin, sources: list[int], film: int) -> int:
        """Add one layer, or all of a model that stands in a layer's place."""
        kind, config = layer["class_name"], layer["config"]
        self._shapes += [
            tuple(config[key])
            for key in ("batch_shape", "batch_input_shape")
            if isinstance(config, dict) and config.get(key)
        ]
        if kind == "InputLayer":
            return film
        self._require_keras(layer)
        if kind in _MODELS:
            return self.lay_open(layer, _single(sources), origin.owner, f"{origin.path}/")
        kind = known_kind(kind, origin.layer, self.model)
        if kind in AUGMENTATION:
            self.left_out.append(origin.layer)
            return _single(sources)
        settings = read_settings(kind, config, origin.layer, self.model)
        self.nodes.append(Node(kind, settings, tuple(sources), origin))
        return len(self.nodes) - 1

    def _sources(self, layer: dict[str, Any], name: str) -> list[str]:
        """Names of the layers that a layer is called with, in Keras 2's and Keras 3's writing."""
        calls = layer["inbound_nodes"]
        if layer["class_name"] == "InputLayer":
            return []
        if len(calls) != 1:
            raise self._refusal(name, f"is used {len(calls)} times", "layers that are used once")
        (call,) = calls
        histories, options = _of_keras_3(call) if isinstance(call, dict) else _of_keras_2(call)
        if layer["class_name"] in AUGMENTATION:  # Keras 3 notes training=True with them by itself
            options = {}
        odd = [key for key, value in options.items() if value not in _NO_EFFECT.get(key, ())]
        if odd:
            raise self._refusal(name, f"is called with {odd[0]}={options[odd[0]]!r}", "layers called with maps alone")
        return [str(history[0]) for history in histories]

    def _require_keras(self, layer: dict[str, Any]) -> None:
        """Refuse a class of the user's own, also where it goes by a known name."""
        module, registered = layer.get("module"), layer.get("registered_name")
        is_keras = module is None or str(module).partition(".")[0] in ("keras", "tf_keras")
        if not is_keras or registered not in (None, layer["class_name"]):
            name = layer["config"].get("name", "") if isinstance(layer["config"], dict) else ""
            raise self._refusal(
                str(name),
                f"is of a class of its own, {registered or module}",
                "layers of Keras itself; code is never run",
            )

    def _refusal(self, layer: str, happened: str, expected: str) -> HilumError:
        return HilumError(
            f"'{printable(self.model)}' has a layer '{printable(layer)}' that {printable(happened)}.",
            expected=expected,
            do="Build the network as a body and a head that follow each other, and save it again.",
        )

    def film_shape(self) -> tuple[int, int]:
        """(side or 0, channels) of the film, from the first input that states them."""
        films = [shape[1:] for shape in self._shapes if len(shape) == 4]
        full = [shape for shape in films if all(isinstance(length, int) for length in shape)]
        shape = next(iter([*full, *films]), None)
        if shape is None or shape[2] not in (1, 3) or shape[0] != shape[1]:
            stated = " x ".join(map(str, shape)) if shape else "no input"
            raise HilumError(
                f"'{printable(self.model)}' takes {printable(stated)}.",
                expected="square films of 1 or 3 channels, the channels last",
                do="Only such networks can be imported.",
            )
        return shape[0] or 0, shape[2]


def _of_keras_2(call: list[Any]) -> tuple[list[list[Any]], dict[str, Any]]:
    """[["name", 0, 0, {"training": false}], ...]: what a layer is called with, and how."""
    options = {key: value for history in call for key, value in (history[3] if len(history) > 3 else {}).items()}
    return [_first_output(history) for history in call], options


def _of_keras_3(call: dict[str, Any]) -> tuple[list[list[Any]], dict[str, Any]]:
    """{"args": [tensor or list of tensors], "kwargs": {}}: likewise."""
    (tensors,) = call["args"]
    listed = tensors if isinstance(tensors, list) else [tensors]
    return [_first_output(tensor["config"]["keras_history"]) for tensor in listed], call["kwargs"]


def _first_output(history: list[Any]) -> list[Any]:
    if history[2] != 0:
        raise ValueError("a layer with several outputs")
    return history


def _only(outputs: list[Any]) -> str:
    """The one answer: ["name", 0, 0] in Keras 3, [["name", 0, 0]] in Keras 2."""
    first = outputs[0]
    if isinstance(first, str):
        return first
    if len(outputs) != 1:
        raise ValueError(f"{len(outputs)} outputs")
    return str(_first_output(first)[0])


def _single(sources: list[int]) -> int:
    if len(sources) != 1:
        raise ValueError("a model that is called with several maps")
    return sources[0]


def _numbered(kind: str, numbers: Counter[str]) -> str:
    """The name of a layer's group in a .keras archive: its class in small letters, and its number among its like.

    Source: keras/src/utils/naming.py, `to_snake_case`.

    >>> _numbered("SeparableConv2D", Counter()), _numbered("Conv2D", Counter({"conv2d": 2}))
    ('separable_conv2d', 'conv2d_2')
    """
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", kind))
    name = re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
    numbers[name] += 1
    return f"{name}_{numbers[name] - 1}" if numbers[name] > 1 else name


def _needed_for(answer: int, nodes: list[Node]) -> tuple[Node, ...]:
    """The layers that the answer depends on, renumbered."""
    needed = {answer}
    for position in range(answer, -1, -1):
        if position in needed:
            needed |= set(nodes[position].inputs)
    kept = sorted(needed - {FILM})
    place = {FILM: FILM} | {old: new for new, old in enumerate(kept)}
    return tuple(_moved(nodes[old], (place[source] for source in nodes[old].inputs)) for old in kept)


def _moved(node: Node, inputs: Iterable[int]) -> Node:
    return Node(node.kind, node.settings, tuple(inputs), node.origin)
