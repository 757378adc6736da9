"""Keras layers as torch modules: the same weights, TensorFlow's padding, the same numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from hilum.errors import HilumError
from hilum.files import printable
from hilum.models.keras.graph import Node
from hilum.models.keras.hdf5 import Array
from hilum.models.keras.saved import Weights
from hilum.models.keras.settings import (
    DROPOUTS,
    ActivationLayer,
    BatchNormalization,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    LayerSettings,
    LeakyReLU,
    Pooling,
    ReLU,
    Rescaling,
    SeparableConv2D,
    Window,
    ZeroPadding2D,
)

Shape = tuple[int, ...]  # of one film's map: (c, h, w), or (c,) behind a pool
Settings = TypeVar("Settings", bound=LayerSettings)

ACTIVATIONS: Final[dict[str, Callable[[], nn.Module]]] = {
    "linear": nn.Identity,
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "elu": nn.ELU,
    "selu": nn.SELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "swish": nn.SiLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "softplus": nn.Softplus,
}


class Convolution(nn.Conv2d):
    """A convolution that pads each side by its own number of zeros."""

    def __init__(self, weight: Array, bias: Array | None, window: Window, pad: tuple[int, int, int, int]) -> None:
        outputs, inputs, *kernel = weight.shape
        super().__init__(inputs, outputs, (kernel[0], kernel[1]), bias=bias is not None, device="meta")
        self.weight = nn.Parameter(torch.tensor(weight))
        self.bias = None if bias is None else nn.Parameter(torch.tensor(bias))
        self.stride, self.dilation = window.strides, window.dilation_rate
        self.pad = pad  # left, right, top, bottom
        self.is_even = pad[0] == pad[1] and pad[2] == pad[3]
        self.padding = (pad[2], pad[0]) if self.is_even else (0, 0)

    def forward(self, maps: Tensor) -> Tensor:
        """(n, c, h, w) -> (n, filters, h', w')."""
        maps = maps if self.is_even else functional.pad(maps, self.pad)
        return functional.conv2d(maps, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)


class MaximumPool(nn.Module):
    """The maximum of a window; what is padded never wins."""

    def __init__(self, settings: Pooling, pad: tuple[int, int, int, int]) -> None:
        super().__init__()
        self.size, self.strides, self.pad = settings.pool_size, settings.strides or settings.pool_size, pad

    def forward(self, maps: Tensor) -> Tensor:
        """(n, c, h, w) -> (n, c, h', w')."""
        padded = functional.pad(maps, self.pad, value=float("-inf")) if any(self.pad) else maps
        return functional.max_pool2d(padded, self.size, self.strides)


class AveragePool(nn.Module):
    """The average of a window over what is not padded."""

    share: Tensor

    def __init__(self, settings: Pooling, pad: tuple[int, int, int, int], shape: Shape) -> None:
        super().__init__()
        self.size, self.strides, self.pad = settings.pool_size, settings.strides or settings.pool_size, pad
        self.register_buffer("share", self._mean(torch.ones(1, 1, *shape[1:])), persistent=False)

    def forward(self, maps: Tensor) -> Tensor:
        """(n, c, h, w) -> (n, c, h', w')."""
        return self._mean(maps) / self.share if any(self.pad) else self._mean(maps)

    def _mean(self, maps: Tensor) -> Tensor:
        return functional.avg_pool2d(functional.pad(maps, self.pad), self.size, self.strides)


class Padding(nn.Module):
    """Zeros around a map."""

    def __init__(self, settings: ZeroPadding2D) -> None:
        super().__init__()
        (top, bottom), (left, right) = settings.padding
        self.pad = (left, right, top, bottom)

    def forward(self, maps: Tensor) -> Tensor:
        """(n, c, h, w) -> (n, c, h + top + bottom, w + left + right)."""
        return functional.pad(maps, self.pad)


class Scaling(nn.Module):
    """scale * x + offset."""

    def __init__(self, settings: Rescaling) -> None:
        super().__init__()
        self.scale, self.offset = settings.scale, settings.offset

    def forward(self, maps: Tensor) -> Tensor:
        """Any shape."""
        return maps * self.scale + self.offset


class CappedReLU(nn.Module):
    """Keras's ReLU layer: a slope below zero, an upper end, or neither."""

    def __init__(self, settings: ReLU) -> None:
        super().__init__()
        self.slope, self.most = settings.negative_slope, settings.max_value

    def forward(self, maps: Tensor) -> Tensor:
        """Any shape."""
        maps = functional.leaky_relu(maps, self.slope) if self.slope else functional.relu(maps)
        return maps if self.most is None else maps.clamp(max=self.most)


class Sum(nn.Module):
    """Maps added up."""

    def forward(self, *maps: Tensor) -> Tensor:
        """Maps of one shape -> their sum."""
        total = maps[0]
        for one in maps[1:]:
            total = total + one
        return total


class Side(nn.Module):
    """Maps side by side, by channels."""

    def forward(self, *maps: Tensor) -> Tensor:
        """(n, c1, h, w), (n, c2, h, w), ... -> (n, c1 + c2 + ..., h, w)."""
        return torch.cat(maps, dim=1)


def build_layer(node: Node, shape: Shape, weights: Weights) -> nn.Module:
    """A layer of the body with its weights.

    Args:
        shape: (c, h, w) of the first map that it takes.

    Raises:
        HilumError: such a layer cannot stand in a body, or the file has no such weights, or of another shape.
    """
    settings = node.settings
    if isinstance(settings, Window):
        layer, name = _convolution(node, settings, shape, weights), settings.activation
        return layer if name == "linear" else nn.Sequential(layer, _activation(node, name))
    if isinstance(settings, BatchNormalization):
        if settings.axis == 1:
            raise _unfit(node, "works over axis 1 of maps, which are rows", "norms over channels, the last axis")
        return build_norm(nn.BatchNorm2d(shape[0], settings.epsilon), node, weights)
    return _without_weights(node, shape)


def _without_weights(node: Node, shape: Shape) -> nn.Module:
    settings = node.settings
    match settings:
        case Pooling():
            pad = _padding(settings.pool_size, settings.strides or settings.pool_size, (1, 1), settings.padding, shape)
            is_maximum = node.kind == "MaxPooling2D"
            return MaximumPool(settings, pad) if is_maximum else AveragePool(settings, pad, shape)
        case ZeroPadding2D():
            return Padding(settings)
        case Rescaling():
            return Scaling(settings)
        case ReLU():
            return CappedReLU(settings)
        case LeakyReLU():
            return nn.LeakyReLU(settings.alpha if settings.negative_slope is None else settings.negative_slope)
        case ActivationLayer():
            return _activation(node, settings.activation)
    layer = {"Add": Sum, "Concatenate": Side, **dict.fromkeys(DROPOUTS, nn.Identity)}.get(node.kind)
    if layer is None:
        raise _unfit(node, "stands in the middle of the network", "such a layer behind the last feature maps only")
    return layer()


def _activation(node: Node, name: str) -> nn.Module:
    if name not in ACTIVATIONS:
        raise _unfit(node, f"has the activation '{name}' in the body", f"one of {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[name]()


def _unfit(node: Node, happened: str, expected: str) -> HilumError:
    return HilumError(
        f"The Keras layer '{printable(node.name)}' ({node.kind}) {happened}.",
        expected=expected,
        do="Only a body and a head that follow each other can be imported.",
    )


def _convolution(node: Node, settings: Window, shape: Shape, weights: Weights) -> nn.Module:
    pad = _padding(settings.kernel_size, settings.strides, settings.dilation_rate, settings.padding, shape)
    height, width = settings.kernel_size
    if isinstance(settings, Conv2D):
        inputs = shape[0] // settings.groups
        arrays = weights.arrays(
            node.origin, _shapes({"kernel": (height, width, inputs, settings.filters)}, settings.filters, settings)
        )
        layer = Convolution(_filters_first(arrays["kernel"]), arrays.get("bias"), settings, pad)
        layer.groups = settings.groups
        return layer
    assert isinstance(settings, DepthwiseConv2D)
    channels = shape[0] * settings.depth_multiplier
    kernel: Shape = (height, width, shape[0], settings.depth_multiplier)
    if not isinstance(settings, SeparableConv2D):
        arrays = weights.arrays(node.origin, _shapes({"kernel": kernel}, channels, settings))
        return _depthwise(arrays["kernel"], arrays.get("bias"), settings, pad)
    both = {"depthwise_kernel": kernel, "pointwise_kernel": (1, 1, channels, settings.filters)}
    arrays = weights.arrays(node.origin, _shapes(both, settings.filters, settings))
    first = _depthwise(arrays["depthwise_kernel"], None, settings, pad)
    pointwise = Window(kernel_size=(1, 1))
    second = Convolution(_filters_first(arrays["pointwise_kernel"]), arrays.get("bias"), pointwise, (0, 0, 0, 0))
    return nn.Sequential(first, second)


def _shapes(kernels: dict[str, Shape], outputs: int, settings: Window | Dense) -> dict[str, Shape]:
    return kernels | ({"bias": (outputs,)} if settings.use_bias else {})


def _depthwise(kernel: Array, bias: Array | None, settings: Window, pad: tuple[int, int, int, int]) -> Convolution:
    """(h, w, c, m) -> one filter for each of c x m outputs; output c * m + i sees channel c alone."""
    height, width, channels, multiplier = kernel.shape
    filters = kernel.transpose(2, 3, 0, 1).reshape(channels * multiplier, 1, height, width)
    layer = Convolution(np.ascontiguousarray(filters), bias, settings, pad)
    layer.groups = channels
    return layer


def _filters_first(kernel: Array) -> Array:
    """(h, w, in, out) -> (out, in, h, w)."""
    return np.ascontiguousarray(kernel.transpose(3, 2, 0, 1))


Norm = TypeVar("Norm", nn.BatchNorm1d, nn.BatchNorm2d)


def build_norm(norm: Norm, node: Node, weights: Weights) -> Norm:
    """A batch norm with its statistics; where Keras has no scale or no centre they stay 1 and 0."""
    assert isinstance(node.settings, BatchNormalization)
    names = ["gamma"] * node.settings.scale + ["beta"] * node.settings.center + ["moving_mean", "moving_variance"]
    arrays = weights.arrays(node.origin, dict.fromkeys(names, (norm.num_features,)))
    own = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}
    norm.load_state_dict({own[name]: torch.tensor(array) for name, array in arrays.items()}, strict=False)
    return norm


def build_dense(node: Node, inputs: int, weights: Weights) -> nn.Linear:
    """A dense layer without its activation."""
    settings = node.settings
    assert isinstance(settings, Dense)
    arrays = weights.arrays(node.origin, _shapes({"kernel": (inputs, settings.units)}, settings.units, settings))
    layer = nn.Linear(inputs, settings.units, device="meta")
    layer.weight = nn.Parameter(torch.tensor(np.ascontiguousarray(arrays["kernel"].T)))
    layer.bias = nn.Parameter(torch.tensor(arrays.get("bias", np.zeros(settings.units, np.float32))))
    return layer


def _padding(
    size: tuple[int, int], strides: tuple[int, int], dilation: tuple[int, int], padding: str, shape: Shape
) -> tuple[int, int, int, int]:
    """Zeros left, right, above and below, as TensorFlow counts them for "same": an odd one goes right and below."""
    if padding == "valid":
        return (0, 0, 0, 0)
    sides = []
    for axis in (1, 0):  # columns first, as torch wants them
        length, step = shape[1 + axis], strides[axis]
        reach = (size[axis] - 1) * dilation[axis] + 1
        total = max((-(-length // step) - 1) * step + reach - length, 0)
        sides += [total // 2, total - total // 2]
    return (sides[0], sides[1], sides[2], sides[3])
