"""The end of an imported classifier: a pool or flattened maps, then dense layers, as a head of hilum's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor, nn

from hilum.errors import HilumError
from hilum.files import printable
from hilum.modelfolder.maps import EXACT_EVIDENCE, GRADIENT_EVIDENCE
from hilum.models.heads import AveragePool, Head, MaximumPool, derivative, norm_scale, share_of_maximum
from hilum.models.keras.blocks import ACTIVATIONS, Shape, build_dense, build_norm
from hilum.models.keras.graph import Node
from hilum.models.keras.saved import Weights
from hilum.models.keras.settings import DROPOUTS, ActivationLayer, BatchNormalization, Dense, LayerSettings, ReLU
from hilum.recipe.keys import Activation

POOLS: Final = {"GlobalAveragePooling2D": "average", "GlobalMaxPooling2D": "maximum", "Flatten": "flatten"}
_SLOPES: Final[dict[type[nn.Module], Activation]] = {
    nn.ReLU: "relu",
    nn.ELU: "elu",
    nn.GELU: "gelu",
    nn.SiLU: "silu",
    nn.Tanh: "tanh",
}
_LAST: Final = {1: ("sigmoid", "linear"), 2: ("softmax", "linear")}
_HIDDEN: Final = ("linear", "relu", "elu", "gelu", "silu", "swish", "tanh", "sigmoid")


class KerasFlatten(nn.Module):
    """Rows, then columns, then channels, as Keras flattens maps."""

    def forward(self, maps: Tensor) -> Tensor:
        """(n, c, h, w) -> (n, h w c)."""
        return maps.permute(0, 2, 3, 1).flatten(1)


_POOL_MODULES: Final[dict[str, type[nn.Module]]] = {
    "average": AveragePool,
    "maximum": MaximumPool,
    "flatten": KerasFlatten,
}


class KerasHead(Head):
    """Pool, hidden layers and the last dense layer; its evidence goes the same way back, by the chain rule.

    Args:
        pool: "average", "maximum" or "flatten".
        hidden: dense layers, norms and activations in front of the last layer.
        last: scores (n, 1) or (n, 2), pneumonia first.
    """

    def __init__(self, pool: str, hidden: Sequence[nn.Module], last: nn.Linear) -> None:
        super().__init__()
        self.kind = pool
        self.pool = _POOL_MODULES[pool]()
        self.hidden = nn.ModuleList(hidden)
        self.last = last
        # Norms in evaluation mode and dense layers without activation are one affine layer together.
        is_exact = pool == "average" and all(isinstance(layer, nn.Linear | nn.BatchNorm1d) for layer in hidden)
        self.evidence_in_words = EXACT_EVIDENCE if is_exact else GRADIENT_EVIDENCE

    def forward(self, maps: Tensor) -> Tensor:
        """(n, c, h, w) -> (n, nodes)."""
        values = self.pool(maps)
        for layer in self.hidden:
            values = layer(values)
        scores: Tensor = self.last(values)
        return scores

    def evidence(self, maps: Tensor) -> Tensor:
        """Gradient of the logit by the maps, times the maps, h w times, as a mean over places undoes it."""
        values = [self.pool(maps)]
        for layer in self.hidden:
            values.append(layer(values[-1]))
        gradient = self.logit_weights().expand_as(values[-1])
        for layer, value in zip(reversed(self.hidden), reversed(values[:-1]), strict=True):
            gradient = _back(layer, value, gradient)
        return (maps * self._unpooled(gradient, maps)).sum(dim=1)

    def _unpooled(self, gradient: Tensor, maps: Tensor) -> Tensor:
        """(n, c, h, w) or (n, c, 1, 1): the gradient by each place, h w times."""
        _, channels, height, width = maps.shape
        if self.kind == "average":
            return gradient[:, :, None, None]
        if self.kind == "maximum":
            return gradient[:, :, None, None] * share_of_maximum(maps) * (height * width)
        return gradient.view(-1, height, width, channels).permute(0, 3, 1, 2) * (height * width)


def _back(layer: nn.Module, value: Tensor, gradient: Tensor) -> Tensor:
    """The gradient by a layer's input, from the gradient by its output."""
    if isinstance(layer, nn.Linear):
        return gradient @ layer.weight
    if isinstance(layer, nn.BatchNorm1d):
        return gradient * norm_scale(layer)
    if isinstance(layer, nn.Sigmoid):
        gate = torch.sigmoid(value)
        return gradient * gate * (1 - gate)
    return gradient * derivative(_SLOPES[type(layer)], value)


def build_head(nodes: Sequence[Node], shape: Shape, weights: Weights, positive: int) -> KerasHead:
    """The head of a Keras classifier.

    Args:
        nodes: its layers, a pool or Flatten first.
        shape: (c, h, w) of the maps that it stands on.
        positive: which of the two answers means pneumonia: for one sigmoid node, the label 0 or 1 that it was given.

    Raises:
        HilumError: the layers do not follow each other, or do not end in one or two nodes.
    """
    pool = POOLS[nodes[0].kind]
    chain = [node for node in nodes[1:] if node.kind not in DROPOUTS | {"Flatten"}]
    answer = max((place for place, node in enumerate(chain) if node.kind == "Dense"), default=-1)
    if answer < 0:
        raise _unlike(nodes[-1], "has no dense layer behind its maps")
    width, hidden = math.prod(shape) if pool == "flatten" else shape[0], list[nn.Module]()
    for node in chain[:answer]:
        hidden += _hidden_layers(node, width, weights)
        width = node.settings.units if isinstance(node.settings, Dense) else width
    last = build_dense(chain[answer], width, weights)
    _require_two_classes(chain[answer], chain[answer + 1 :], last.out_features)
    return KerasHead(pool, hidden, _pneumonia_first(last, positive))


def _hidden_layers(node: Node, width: int, weights: Weights) -> list[nn.Module]:
    """What one Keras layer in front of the last becomes."""
    settings = node.settings
    if isinstance(settings, Dense):
        return [build_dense(node, width, weights), *_activations(node, settings.activation)]
    if isinstance(settings, BatchNormalization):
        return [build_norm(nn.BatchNorm1d(width, settings.epsilon), node, weights)]
    return _activations(node, _named_activation(settings))


def _activations(node: Node, name: str) -> list[nn.Module]:
    if name not in _HIDDEN:
        raise _unlike(node, f"has '{name or node.kind}' between the dense layers of its head")
    return [] if name == "linear" else [ACTIVATIONS[name]()]


def _named_activation(settings: LayerSettings) -> str:
    """The activation that a layer of its own stands for, or "" where it is another layer."""
    if isinstance(settings, ActivationLayer):
        return settings.activation
    is_plain = isinstance(settings, ReLU) and settings.max_value is None and settings.negative_slope == 0
    return "relu" if is_plain else ""


def _require_two_classes(last: Node, behind: Sequence[Node], outputs: int) -> None:
    """Refuse what does not tell two classes apart by one logit or by two scores."""
    settings = last.settings
    assert isinstance(settings, Dense)
    names = [
        settings.activation,
        *("softmax" if node.kind == "Softmax" else _named_activation(node.settings) for node in behind),
    ]
    acting = [name for name in names if name != "linear"] or ["linear"]
    if outputs not in _LAST:
        raise _unlike(last, f"tells {outputs} classes apart")
    if len(acting) > 1 or acting[0] not in _LAST[outputs]:
        raise _unlike(last, f"ends in {outputs} nodes with '{' and '.join(acting)}'")


def _pneumonia_first(last: nn.Linear, positive: int) -> nn.Linear:
    """The layer with its scores turned so that the first, or the only one, speaks for pneumonia."""
    with torch.no_grad():
        if last.out_features == 2 and positive == 1:
            last.weight.copy_(last.weight.flip(0))
            last.bias.copy_(last.bias.flip(0))
        elif last.out_features == 1 and positive == 0:
            last.weight.neg_()
            last.bias.neg_()
    return last


def _unlike(node: Node, happened: str) -> HilumError:
    return HilumError(
        f"The network {happened} (layer '{printable(node.name)}').",
        expected="Flatten or a global pool, dense layers, and one sigmoid or two softmax nodes: pneumonia and normal",
        do="Only such classifiers can be imported.",
    )
