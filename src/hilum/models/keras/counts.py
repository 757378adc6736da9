"""How many parameters Keras counts in each layer of a body, told from timm's modules."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from hilum.models.keras.layers import KerasLayer, keras_body, keras_layers


@dataclass(frozen=True, slots=True)
class LayerCount:
    """A Keras layer's numbers: those that a gradient can reach, and the running statistics of a norm."""

    layer: KerasLayer
    parameters: int
    statistics: int


def count_layers(architecture: str, body: nn.Module) -> tuple[LayerCount, ...]:
    """The numbers of every layer in Keras's list, as Keras counts them.

    Keras's ResNet50 has biases in its convolutions and its InceptionV3 no scales in its norms; timm's have it the
    other way round.

    Args:
        body: the timm network.

    Raises:
        HilumError: Keras's list of this network is not known.
    """
    known = keras_body(architecture)
    counts = []
    for layer in keras_layers(architecture):
        parameters = statistics = 0
        for module in map(body.get_submodule, layer.modules):
            parameters += sum(one.numel() for one in module.parameters())
            if isinstance(module, nn.Conv2d) and known.has_bias:
                parameters += module.out_channels
            if isinstance(module, _BatchNorm):
                statistics += 2 * module.num_features
                parameters -= 0 if known.has_scale else module.num_features
        counts.append(LayerCount(layer, parameters, statistics))
    return tuple(counts)
