"""Keras's own lists of layers, in Keras's order, beside the timm modules that hold the same parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from hilum.errors import HilumError, nearest
from hilum.models.keras.bodies import Rows, inception_v3, mobilenet_v2, resnet50, vgg19, xception


@dataclass(frozen=True, slots=True)
class KerasLayer:
    """One entry of `keras.applications.NAME(include_top=False).layers`.

    Attributes:
        name: as in a fresh Keras session; layers that Keras numbers itself carry other numbers in other sessions.
        kind: Keras's class, such as "SeparableConv2D".
        modules: timm modules with the same parameters; two for a separable convolution, none for an activation.
    """

    name: str
    kind: str
    modules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListedBody:
    """A network that both Keras and timm know.

    Args:
        rows: its layers.
        has_bias: True where Keras's convolutions have a bias that timm's have not.
        has_scale: False where Keras's norms lack the scale that timm's have.
    """

    keras_name: str
    timm_names: tuple[str, ...]
    rows: Callable[[], Iterator[Rows]]
    has_bias: bool = False
    has_scale: bool = True


BODIES = (
    ListedBody("Xception", ("xception", "legacy_xception"), xception),
    ListedBody("InceptionV3", ("inception_v3",), inception_v3, has_scale=False),
    ListedBody("ResNet50", ("resnet50",), resnet50, has_bias=True),
    ListedBody("VGG19", ("vgg19",), vgg19),
    ListedBody("MobileNetV2", ("mobilenetv2_100",), mobilenet_v2),
)


def keras_body(architecture: str) -> ListedBody:
    """The body of a timm network, or of a network under Keras's name; a timm tag (`resnet50.a1_in1k`) is set aside.

    Raises:
        HilumError: Keras's list of this network is not known here.
    """
    wanted = architecture.partition(".")[0]
    for body in BODIES:
        if wanted in (body.keras_name, *body.timm_names):
            return body
    known = [name for body in BODIES for name in body.timm_names]
    raise HilumError(
        f"Keras's list of layers is not known for '{architecture}'.",
        expected="one of " + ", ".join(known),
        do=f"{nearest(architecture, known)} Or choose the layers otherwise: --set network.trained=head or all.",
    )


def keras_layers(architecture: str) -> tuple[KerasLayer, ...]:
    """The body's layers in Keras's order, from the InputLayer to the last one before pooling and head.

    Raises:
        HilumError: the list of this network is not known.
    """
    return _layers_of(keras_body(architecture).keras_name)


@cache
def _layers_of(keras_name: str) -> tuple[KerasLayer, ...]:
    return tuple(KerasLayer(*row) for rows in keras_body(keras_name).rows() for row in rows)


def trained_from(architecture: str, last_layers: int) -> frozenset[str]:
    """Names of the timm modules that hold the parameters of the last `last_layers` Keras layers of the body.

    Layers without parameters count too, as they do for whoever writes `body.layers[-55:]`.

    Raises:
        HilumError: the list is not known, or is shorter.
    """
    layers = keras_layers(architecture)
    if not 1 <= last_layers <= len(layers):
        raise HilumError(
            f"The body of {architecture} has no last {last_layers} layers.",
            expected=f"1 to {len(layers)}, counted in Keras's list",
            do=f"For instance: --set network.last_layers={min(55, len(layers))}",
        )
    return frozenset(module for layer in layers[-last_layers:] for module in layer.modules)
