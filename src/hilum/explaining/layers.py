"""The layers of a network in running order, and what each says of films, one at a time.

A layer is a convolution, a pool or a dense product with the norm, activation and dropout that directly follow it. An
activation of something else, such as the sum at the end of a residual block, is a layer of its own kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from hilum.errors import HilumError, nearest
from hilum.explaining.receptive_field import Field, receptive_fields
from hilum.models import FilmClassifier
from hilum.models.network import FilmOutputs
from hilum.models.operations import Operation, operations_of, run_with_results

LayerKind = Literal["convolution", "pooling", "dense", "sum"]
Take = Callable[["NetworkLayer", Tensor], None]
"""Gets a layer and what it says of n films, (n, c, h, w) or (n, c); to be used up or copied before it returns."""

_MAIN: Final[dict[str, LayerKind]] = {
    "convolution": "convolution",
    "addmm": "dense",
    "mm": "dense",
    "linear": "dense",
    "max_pool2d_with_indices": "pooling",
    "max_pool2d": "pooling",
    "avg_pool2d": "pooling",
    "_adaptive_avg_pool2d": "pooling",
    "adaptive_max_pool2d": "pooling",
    "mean": "pooling",
    "amax": "pooling",
}
_ALSO_ARITHMETIC: Final = ("mean", "amax", "mm", "addmm")
"""Pools and products only where a module of their own makes them; elsewhere they are a step of something else."""

_NORMS: Final = ("native_batch_norm", "cudnn_batch_norm", "native_layer_norm", "native_group_norm", "batch_norm")
_ACTIVATIONS: Final = (
    "relu", "hardtanh", "leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid", "hardswish", "hardsigmoid", "mish",
    "prelu", "_prelu_kernel", "softplus", "selu", "celu", "clamp", "clamp_min",
)  # fmt: skip
_SHORT: Final = {"max_pool2d_with_indices": "max_pool2d", "_adaptive_avg_pool2d": "adaptive_avg_pool2d"}


@dataclass(frozen=True, slots=True)
class NetworkLayer:
    """One layer.

    Args:
        number: from 1, in running order.
        name: path of its main module, as `get_submodule` takes it; for a pool or an activation that is a function,
            the module that calls it and the function's name. A module that runs again has its turn behind: "name:2".
        output: (c, h, w) or (c,) of what it says of one film.
        parameters: that a gradient can reach, with those of its norm.
        receptive_field_px: the longer side of what one place depends on, padding included; None for the whole film.
        multiply_adds: for one film.
        ends_in: path of the module whose output is the layer's; "" where a function makes it.
        is_activated: True where an activation ends it.
        sees: both axes of the receptive field; None for the whole film.
        operation: number of the operation that ends it.
        layers_in_all: of the network.
    """

    number: int
    name: str
    kind: LayerKind
    output: tuple[int, ...]
    parameters: int
    receptive_field_px: int | None
    multiply_adds: int
    ends_in: str
    is_activated: bool
    sees: Field | None
    operation: int
    layers_in_all: int

    @property
    def channels(self) -> int:
        """Maps, or units of a dense layer."""
        return self.output[0]

    @property
    def map_shape(self) -> tuple[int, int]:
        """(h, w) of each channel; (1, 1) for a unit."""
        return (self.output[1], self.output[2]) if len(self.output) == 3 else (1, 1)


def network_layers(classifier: FilmClassifier, side: int) -> tuple[NetworkLayer, ...]:
    """Every layer in running order, for films of this side; the network runs once and is afterwards as it was.

    Works for every network of which a film's way is one list of operations: the operations are looked at, not names.
    """
    operations = operations_of(classifier, side)
    fields = receptive_fields(operations)
    found: list[_Found] = []
    for unit in _units(operations):
        _take_up(unit, found)
    named = [one for one in found if one.kind is not None]
    names = _unique([one.name for one in named])
    return tuple(
        _layer(number, name, one, fields, classifier, len(named))
        for number, (name, one) in enumerate(zip(names, named, strict=True), 1)
    )


def layer_named(layers: Iterable[NetworkLayer], name: str) -> NetworkLayer:
    """The layer of this name.

    Raises:
        HilumError: there is none; the nearest is named.
    """
    known = {layer.name: layer for layer in layers}
    if name not in known:
        raise HilumError(
            f"The network has no layer '{name}'.",
            expected="the name of one of its layers, as `hilum model summary MODEL --layers` lists them",
            do=nearest(name, list(known), most=12),
        )
    return known[name]


def layer_outputs(
    classifier: FilmClassifier, squares: npt.NDArray[np.uint8], layers: Sequence[NetworkLayer], take: Take
) -> FilmOutputs:
    """Hand over what each of these layers says of the films, one layer at a time, as the network runs.

    Nothing is kept: memory stays that of a prediction. What is handed over is the layer's own output, even where the
    network overwrites it in the next step. The network is afterwards as it was, also after an exception.

    Args:
        squares: (side, side) or (n, side, side) of the side that the layers were found for.
        layers: of `network_layers`.
        take: called once a layer.

    Returns:
        What the network answers.
    """
    films = torch.from_numpy(np.array(squares)).view(-1, 1, *squares.shape[-2:])
    by_operation = {layer.operation: layer for layer in layers}

    def hand_over(operation: int, output: Tensor) -> None:
        layer = by_operation[operation]
        take(layer, _channels_first(output, layer))

    device = next(classifier.parameters()).device
    answer: FilmOutputs = run_with_results(classifier, films.to(device), list(by_operation), hand_over)
    return answer


@dataclass(frozen=True, slots=True)
class _Unit:
    """What one module did in one go: operations of a module without children, else a single operation."""

    operations: tuple[Operation, ...]

    @property
    def last(self) -> Operation:
        return self.operations[-1]

    def first_of(self, names: Iterable[str]) -> Operation | None:
        wanted = set(names)
        return next((one for one in self.operations if _plain(one.name) in wanted), None)


@dataclass(frozen=True, slots=True)
class _Found:
    """A layer so far: a norm of something else has no kind, until an activation follows it."""

    name: str
    kind: LayerKind | None
    units: tuple[_Unit, ...]
    is_activated: bool

    @property
    def last(self) -> Operation:
        return self.units[-1].last


def _units(operations: Sequence[Operation]) -> list[_Unit]:
    units: list[list[Operation]] = []
    for operation in operations:
        goes_on = units and operation.is_of_leaf and units[-1][-1].module == operation.module
        if goes_on and any(source in units[-1][-1].results for source in operation.sources):
            units[-1].append(operation)
        else:
            units.append([operation])
    return [_Unit(tuple(unit)) for unit in units]


def _take_up(unit: _Unit, found: list[_Found]) -> None:
    """Begin a layer with this unit, or let it end the layer whose untouched output it takes in; else leave it."""
    kind, main = _main(unit)
    if kind and main:
        found.append(_Found(_name(main), kind, (unit,), unit.first_of(_ACTIVATIONS) is not None))
        return
    activation, norm = unit.first_of(_ACTIVATIONS), unit.first_of(_NORMS)
    step = norm or activation
    if step is None:
        return
    source = unit.operations[0].sources[0]
    place = next((at for at, one in enumerate(found) if one.last.result == source), None)
    if place is not None:
        before = found[place]
        grown = replace(before, units=(*before.units, unit))
        if activation:
            grown = replace(grown, is_activated=True)
            if before.kind is None:
                grown = replace(grown, kind="sum", name=_name(activation))
        found[place] = grown
    else:
        found.append(_Found(_name(step), "sum" if activation else None, (unit,), activation is not None))


def _main(unit: _Unit) -> tuple[LayerKind | None, Operation | None]:
    """The kind of layer that a unit begins, and the operation that says so."""
    for operation in unit.operations:
        name = _plain(operation.name)
        if name in _MAIN and (operation.is_of_leaf or name not in _ALSO_ARITHMETIC):
            kind = _MAIN[name]
            is_reduction = name in ("mean", "amax")
            if is_reduction and (len(operation.sources[0].shape) != 4 or len(unit.operations) > 1):
                continue  # a step of a norm that is written out
            return kind, operation
    return None, None


def _plain(name: str) -> str:
    """An operation's name without the mark of those in place."""
    return name.removesuffix("_")


def _name(operation: Operation) -> str:
    if operation.is_of_leaf or _plain(operation.name) in _NORMS:
        return operation.module
    function = _SHORT.get(operation.name, _plain(operation.name))
    return f"{operation.module}.{function}".lstrip(".")


def _unique(names: Sequence[str]) -> list[str]:
    """The same names; one that comes again has its turn behind it."""
    turns: dict[str, int] = {}
    unique = []
    for name in names:
        turns[name] = turns.get(name, 0) + 1
        unique.append(name if turns[name] == 1 else f"{name}:{turns[name]}")
    return unique


def _layer(
    number: int,
    name: str,
    found: _Found,
    fields: dict[int, Field | None],
    classifier: FilmClassifier,
    layers_in_all: int,
) -> NetworkLayer:
    result, field = found.last.result, fields[found.last.result.number]
    shape = result.shape[1:]
    if len(shape) == 3 and field is not None and field.axes == (1, 2):
        shape = (shape[2], shape[0], shape[1])
    return NetworkLayer(
        number=number,
        name=name,
        kind=found.kind or "sum",
        output=shape,
        parameters=_parameters(found, classifier),
        receptive_field_px=field.side_px if field else None,
        multiply_adds=sum(one.multiply_adds for unit in found.units for one in unit.operations),
        # A norm of timm's holds its activation, and is the output where that one does nothing.
        ends_in=found.last.module if found.last.is_of_leaf or _plain(found.last.name) in _NORMS else "",
        is_activated=found.is_activated,
        sees=field,
        operation=found.last.number,
        layers_in_all=layers_in_all,
    )


def _parameters(found: _Found, classifier: nn.Module) -> int:
    """Of the modules that make the layer; a function's module is not the layer's."""
    names = {
        one.module for unit in found.units for one in unit.operations if one.is_of_leaf or _plain(one.name) in _NORMS
    }
    return sum(one.numel() for name in names for one in classifier.get_submodule(name).parameters(recurse=False))


def _channels_first(output: Tensor, layer: NetworkLayer) -> Tensor:
    is_last: Any = layer.sees is not None and layer.sees.axes == (1, 2) and output.ndim == 4
    return output.permute(0, 3, 1, 2) if is_last else output
