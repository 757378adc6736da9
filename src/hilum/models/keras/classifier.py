"""A saved Keras classifier as a `FilmClassifier` with the same answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import torch
from torch import Tensor, nn

from hilum.errors import HilumError
from hilum.files import printable
from hilum.models.keras.blocks import build_layer
from hilum.models.keras.graph import FILM, Graph, Node, read_graph
from hilum.models.keras.head import POOLS, build_head
from hilum.models.keras.saved import SavedModel, Weights
from hilum.models.network import FilmClassifier

Scaling = Literal["unit", "tf", "caffe", "torch", "none"]
SIDES: Final = (28, 1024)
MOST_NUMBERS: Final = 1 << 27
"""Of the maps of one film that are kept at once: 512 MiB in fp32."""

_SCALINGS: Final[dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]]] = {
    "unit": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    "tf": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    # Blue, green, red, as the weights were made by Caffe; on a grey film the order decides nothing but the means.
    "caffe": ((103.939 / 255, 116.779 / 255, 123.68 / 255), (1 / 255, 1 / 255, 1 / 255)),
    "torch": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "none": ((0.0, 0.0, 0.0), (1 / 255, 1 / 255, 1 / 255)),
}
"""Mean and spread of grey levels in 0 to 1. Source: keras/src/applications/imagenet_utils.py, `preprocess_input`."""


@dataclass(frozen=True, slots=True)
class ImportedNetwork:
    """A Keras classifier in torch.

    Args:
        classifier: uint8 film -> logit, features, maps.
        side: of the film in pixels.
        body: name in Keras of the known body, or "".
        layers: of the Keras model, without its inputs.
        scaling: of the grey levels.
        is_scaled_twice: True where the network rescales by itself what was scaled before.
        left_out: names of layers that act while training only.
    """

    classifier: FilmClassifier
    side: int
    body: str
    layers: int
    scaling: str
    is_scaled_twice: bool
    left_out: tuple[str, ...]


class RebuiltBody(nn.Module):
    """The layers up to the last feature maps.

    Args:
        layers: in an order in which each stands behind those that it takes its input from.
        inputs: for each layer the positions of those, or `FILM`.
    """

    def __init__(self, layers: Sequence[nn.Module], inputs: Sequence[tuple[int, ...]]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.inputs = tuple(inputs)
        self._done = _done_with(self.inputs)

    def forward_features(self, film: Tensor) -> Tensor:
        """(n, channels, side, side) scaled -> (n, c, h, w) the last maps; each map is let go after its last use."""
        values = {FILM: film}
        for place, layer in enumerate(self.layers):
            values[place] = layer(*(values[source] for source in self.inputs[place]))
            for source in self._done[place]:
                del values[source]
        return values[len(self.layers) - 1]


def _done_with(inputs: Sequence[tuple[int, ...]]) -> tuple[tuple[int, ...], ...]:
    """For each layer the maps that no later one needs."""
    last_use = {source: place for place, sources in enumerate(inputs) for source in sources}
    return tuple(
        tuple(source for source in set(sources) if last_use[source] == place) for place, sources in enumerate(inputs)
    )


def import_classifier(saved: SavedModel, scaling: Scaling | None, positive: int, side: int = 0) -> ImportedNetwork:
    """The classifier that a saved Keras model is.

    Args:
        scaling: what was done to grey levels before the network saw them; may be left out where it rescales itself.
        positive: which answer means pneumonia.
        side: of the films in pixels, where the file leaves it open.

    Raises:
        HilumError: the network cannot be rebuilt, or the file does not say what it needs to.
    """
    graph = read_graph(saved)
    side = _side(graph, side, saved.name)
    scaling = scaling or _own_scaling(graph, saved.name)
    start = _start_of_head(graph, saved.name)
    layers, shape = _build_body(graph, start, side, saved.weights)
    body = RebuiltBody(layers, [node.inputs for node in graph.nodes[:start]])
    head = build_head(graph.nodes[start:], shape, saved.weights, positive)
    mean, std = _SCALINGS[scaling]
    classifier = FilmClassifier(body, head, mean[: graph.channels], std[: graph.channels])
    is_scaled_twice = _rescales_itself(graph) and scaling != "none"
    return ImportedNetwork(
        classifier.eval(), side, graph.body, len(graph.nodes), scaling, is_scaled_twice, graph.left_out
    )


def _side(graph: Graph, asked: int, name: str) -> int:
    """The side that the file states, or the one asked for where it states none."""
    if graph.side and asked not in (0, graph.side):
        raise HilumError(
            f"'{printable(name)}' takes films of {graph.side} px, not of {asked}.",
            expected="its own side",
            do="Leave --side out.",
        )
    side = graph.side or asked
    if not SIDES[0] <= side <= SIDES[1]:
        raise HilumError(
            f"'{printable(name)}' takes films of {side} px." if side else f"'{printable(name)}' leaves its side open.",
            expected=f"{SIDES[0]} to {SIDES[1]} px",
            do="Name the side that it was trained with: --side 224" if not graph.side else "It cannot be imported.",
        )
    return side


def _own_scaling(graph: Graph, name: str) -> Scaling:
    """ "none" where the network rescales by itself; else nothing says what it was given."""
    if _rescales_itself(graph):
        return "none"
    raise HilumError(
        f"'{printable(name)}' does not say how grey levels were scaled before the network saw them.",
        expected="--scaling unit (rescale=1/255), caffe (preprocess_input of VGG and ResNet), "
        "tf (preprocess_input of Inception, Xception and MobileNetV2), torch, or none (0 to 255)",
        do="Look it up in the notebook that trained it.",
    )


def _rescales_itself(graph: Graph) -> bool:
    return bool(graph.nodes) and graph.nodes[0].kind == "Rescaling"


def _start_of_head(graph: Graph, name: str) -> int:
    """Position of the first pool or Flatten from which on the layers follow each other to the answer."""
    nodes = graph.nodes
    starts = [place for place, node in enumerate(nodes) if node.kind in POOLS]
    start = starts[0] if starts else 0
    if not starts or start == 0 or not _is_chain(nodes, start):
        raise HilumError(
            f"'{printable(name)}' is not a body of convolutions with a head behind it.",
            expected="feature maps, then Flatten or one global pool, then dense layers that follow each other",
            do="Only such classifiers can be imported.",
        )
    return start


def _is_chain(nodes: Sequence[Node], start: int) -> bool:
    return all(nodes[place].inputs == (place - 1,) for place in range(start, len(nodes)))


@torch.no_grad()
def _build_body(graph: Graph, start: int, side: int, weights: Weights) -> tuple[list[nn.Module], tuple[int, int, int]]:
    """The layers before the head, and the shape of their last maps; shapes are learned by sending one film through."""
    layers = list[nn.Module]()
    done = _done_with([node.inputs for node in graph.nodes[:start]])
    values = {FILM: torch.zeros(1, graph.channels, side, side)}
    for place, node in enumerate(graph.nodes[:start]):
        maps = [values[source] for source in node.inputs]
        layer = build_layer(node, tuple(maps[0].shape[1:]), weights).eval()
        try:
            values[place] = layer(*maps)
        except (RuntimeError, ValueError, TypeError) as error:
            raise _misfit(node, maps, str(error).splitlines()[0][:100]) from error
        if sum(one.numel() for one in values.values()) > MOST_NUMBERS:
            raise _misfit(node, maps, f"more than {MOST_NUMBERS:,} numbers for one film")
        for source in done[place]:
            del values[source]
        layers.append(layer)
    _, channels, height, width = values[start - 1].shape
    return layers, (channels, height, width)


def _misfit(node: Node, maps: Sequence[Tensor], reason: str) -> HilumError:
    shapes = " and ".join(" x ".join(map(str, one.shape[1:])) for one in maps[:3])
    return HilumError(
        f"The Keras layer '{printable(node.name)}' ({node.kind}) cannot take maps of {shapes}: {printable(reason)}.",
        expected="layers that fit each other",
        do="Save the whole model again where it was trained: model.save('model.keras')",
    )
