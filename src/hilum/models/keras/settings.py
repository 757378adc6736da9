"""The settings of the Keras layers that are understood. What is not here is refused by name."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from hilum.errors import HilumError
from hilum.files import printable

Activation = Literal[
    "linear", "relu", "relu6", "elu", "selu", "gelu", "silu", "swish", "tanh", "sigmoid", "softplus", "softmax"
]
_Small = Annotated[int, Field(ge=1, le=64)]
Pair = Annotated[tuple[_Small, _Small], BeforeValidator(lambda value: (value, value) if _is_int(value) else value)]
Channels = Annotated[int, Field(ge=1, le=1 << 20)]
Side = Annotated[int, Field(ge=0, le=64)]
LastAxis = Annotated[Literal[-1, 1, 3], BeforeValidator(lambda value: value[0] if _is_single(value) else value)]
"""Of features (n, c) or of maps (n, h, w, c); 1 is the last of the former alone."""


def _is_int(value: Any) -> bool:
    return isinstance(value, int)


def _is_single(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 1


def _all_four(value: Any) -> Any:
    """Keras pads by one number, by (rows, columns), or by ((top, bottom), (left, right))."""
    pair = (value, value) if _is_int(value) else value
    return [[side, side] if _is_int(side) else side for side in pair] if isinstance(pair, (list, tuple)) else pair


class LayerSettings(BaseModel):
    """What all layers have in common: names and initial values that play no part are left aside."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)
    data_format: Literal["channels_last"] | None = None


class Window(LayerSettings):
    """A kernel that moves over the map."""

    kernel_size: Pair
    strides: Pair = (1, 1)
    padding: Literal["valid", "same"] = "valid"
    dilation_rate: Pair = (1, 1)
    use_bias: bool = True
    activation: Activation = "linear"


class Conv2D(Window):
    """Keras's Conv2D."""

    filters: Channels
    groups: Channels = 1


class DepthwiseConv2D(Window):
    """Keras's DepthwiseConv2D."""

    depth_multiplier: _Small = 1


class SeparableConv2D(DepthwiseConv2D):
    """Keras's SeparableConv2D: depthwise, then 1 x 1."""

    filters: Channels


class BatchNormalization(LayerSettings):
    """Keras's BatchNormalization over the channels of maps, or over flat features."""

    axis: LastAxis = -1
    epsilon: float = Field(1e-3, gt=0)
    center: bool = True
    scale: bool = True


class Pooling(LayerSettings):
    """Maximum or average of a window."""

    pool_size: Pair
    strides: Pair | None = None
    padding: Literal["valid", "same"] = "valid"


class ZeroPadding2D(LayerSettings):
    """Rows and columns of zeros: ((top, bottom), (left, right))."""

    padding: Annotated[tuple[tuple[Side, Side], tuple[Side, Side]], BeforeValidator(_all_four)]


class GlobalPooling(LayerSettings):
    """Maximum or average of the whole map."""

    keepdims: Literal[False] = False


class Dense(LayerSettings):
    """Keras's Dense."""

    units: Channels
    activation: Activation = "linear"
    use_bias: bool = True


class ActivationLayer(LayerSettings):
    """An activation as a layer of its own."""

    activation: Activation


class ReLU(LayerSettings):
    """Keras's ReLU with an upper end or a slope below zero."""

    max_value: float | None = None
    negative_slope: float = 0.0
    threshold: Literal[0] = 0


class LeakyReLU(LayerSettings):
    """Keras's LeakyReLU; `alpha` in Keras 2."""

    alpha: float = 0.3
    negative_slope: float | None = None


class Merge(LayerSettings):
    """Add, or Concatenate over the channels of maps."""

    axis: Literal[-1, 3] = -1


class Rescaling(LayerSettings):
    """scale * x + offset."""

    scale: float
    offset: float = 0.0


class Softmax(LayerSettings):
    """Softmax over the classes."""

    axis: LastAxis = -1


AUGMENTATION: Final = frozenset(
    f"Random{name}" for name in ("Flip", "Rotation", "Zoom", "Translation", "Contrast", "Brightness", "Height", "Width")
) | {"GaussianNoise"}
"""Layers that act while training only."""

DROPOUTS: Final = frozenset({"Dropout", "SpatialDropout2D", "GaussianDropout"})

SETTINGS: Final[dict[str, type[LayerSettings]]] = {
    "Conv2D": Conv2D,
    "DepthwiseConv2D": DepthwiseConv2D,
    "SeparableConv2D": SeparableConv2D,
    "BatchNormalization": BatchNormalization,
    "MaxPooling2D": Pooling,
    "AveragePooling2D": Pooling,
    "ZeroPadding2D": ZeroPadding2D,
    "GlobalAveragePooling2D": GlobalPooling,
    "GlobalMaxPooling2D": GlobalPooling,
    "Flatten": LayerSettings,
    "Dense": Dense,
    "Activation": ActivationLayer,
    "ReLU": ReLU,
    "LeakyReLU": LeakyReLU,
    "Softmax": Softmax,
    "Add": Merge,
    "Concatenate": Merge,
    "Rescaling": Rescaling,
    **dict.fromkeys(DROPOUTS | AUGMENTATION, LayerSettings),
}
_OLD_NAMES: Final = {"BatchNormalizationV1": "BatchNormalization", "BatchNormalizationV2": "BatchNormalization"}
_CODE: Final = {"Lambda": "holds Python code, which is never run"}


def known_kind(kind: str, layer: str, model: str) -> str:
    """The layer's class, once it is known to be one that can be rebuilt.

    Raises:
        HilumError: names layer and class.
    """
    kind = _OLD_NAMES.get(kind, kind)
    if kind not in SETTINGS:
        why = _CODE.get(kind, "is not among the layers that hilum rebuilds")
        raise HilumError(
            f"'{printable(model)}' has a layer '{printable(layer)}' of the class {printable(kind)}, which {why}.",
            expected="layers of " + ", ".join(sorted(SETTINGS.keys() - AUGMENTATION)),
            do="Build the network from such layers; leave preprocessing out and name it with --scaling.",
        )
    return kind


def read_settings(kind: str, values: dict[str, Any], layer: str, model: str) -> LayerSettings:
    """The settings of a layer.

    Raises:
        HilumError: names the layer, the key and its value.
    """
    try:
        return SETTINGS[kind].model_validate(values)
    except ValidationError as error:
        problem = error.errors()[0]
        key = str(problem["loc"][0]) if problem["loc"] else "settings"
        raise HilumError(
            f"'{printable(model)}' has a layer '{printable(layer)}' ({kind}) with "
            f"{key} = {printable(repr(values.get(key)))[:60]}.",
            expected=problem["msg"].removeprefix("Input should be ").removeprefix("Value error, "),
            do="Only layers with plain settings, on maps with the channels last, can be rebuilt.",
        ) from None
