"""What a network does with a film, operation by operation, as it runs: not what its modules are called.

Names of modules cannot show a sum at the end of a block, a pool that is a function, or how far a unit sees; the
operations that ran can. Layers, receptive fields, multiply-adds and memory are all read from this one list.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry
from torch.utils.module_tracker import ModuleTracker
from torch.utils.weak import WeakTensorKeyDictionary


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor that depends on the film, as it was between two operations that wrote into it.

    Args:
        number: of its own; an operation in place gives the same tensor a new one.
        shape: with the film's dimension in front.
        memory: number of the memory that it lies in, which views and operations in place share.
        size_bytes: of all its elements.
    """

    number: int
    shape: tuple[int, ...]
    memory: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of torch that took in what depends on the film.

    Args:
        number: its place in running order among all that were seen.
        name: torch's own, such as "convolution".
        module: path of the innermost module that ran it, "" for the classifier itself.
        is_of_leaf: True where that module holds no other module.
        sources: the values that it read.
        results: the values that it made; the first is the one that matters.
        arguments: as it was called, tensors as their shapes.
        multiply_adds: by the formulas of `torch.utils.flop_counter`; 0 for all but convolutions and products.
    """

    number: int
    name: str
    module: str
    is_of_leaf: bool
    sources: tuple[Value, ...]
    results: tuple[Value, ...]
    arguments: tuple[Any, ...]
    multiply_adds: int

    @property
    def result(self) -> Value:
        """The first of `results`."""
        return self.results[0]


@torch.no_grad()
def operations_of(network: nn.Module, side: int) -> tuple[Operation, ...]:
    """Every operation between a film of this side and what the network answers, in running order.

    The network runs once, on one black film in evaluation mode, and is afterwards as it was.
    """
    film = torch.zeros((1, 1, side, side), dtype=torch.uint8, device=next(network.parameters()).device)
    tracker = ModuleTracker()
    leaves = {name for name, module in network.named_modules() if not any(True for _ in module.children())}
    watch = _Watch(tracker, type(network).__name__, leaves)
    watch.number(film)
    with evaluating(network), tracker, watch:
        network(film)
    return tuple(watch.operations)


@torch.no_grad()
def run_with_results(
    network: nn.Module, films: Tensor, wanted: Sequence[int], take: Callable[[int, Tensor], None]
) -> Any:
    """Let the network answer films in evaluation mode, and hand over what the wanted operations make, as they make it.

    Args:
        films: (n, 1, side, side) of the side that `operations_of` saw.
        wanted: numbers of operations.
        take: gets number and result; an operation in place may overwrite that behind its back, so it must be used up
            or copied before `take` returns. Nothing else keeps it.
    """
    with evaluating(network), _Handing(frozenset(wanted), take):
        return network(films)


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Within this context every module is in evaluation mode; afterwards each has its own mode again."""
    modes = [(module, module.training) for module in network.modules()]
    try:
        network.eval()
        yield
    finally:
        for module, was_training in modes:
            module.training = was_training


class _Watch(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Writes down what runs while it is on."""

    def __init__(self, tracker: ModuleTracker, root: str, leaves: set[str]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.operations: list[Operation] = []
        self._tracker, self._root, self._leaves = tracker, root, leaves
        self._values, self._count, self._seen = WeakTensorKeyDictionary(), 0, 0

    def number(self, tensor: Tensor, memory: int | None = None) -> Value:
        """Take the tensor for a new value."""
        self._count += 1
        shape = tuple(tensor.shape)
        size = math.prod(shape) * tensor.element_size()
        value = Value(self._count, shape, self._count if memory is None else memory, size)
        self._values[tensor] = value
        return value

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        # Asked for before it runs: an operation in place gives its tensor a new value.
        tensors = [one for one in _tensors((args, kwargs or {})) if one in self._values]
        sources = tuple(self._values[one] for one in tensors)
        out = func(*args, **(kwargs or {}))
        number, self._seen = self._seen, self._seen + 1
        if sources:
            results = tuple(self.number(one, _memory(one, tensors, sources)) for one in _tensors(out))
            module = self._module()
            packet = func.overloadpacket
            flops = flop_registry[packet](*args, **(kwargs or {}), out_val=out) if packet in flop_registry else 0
            self.operations.append(
                Operation(
                    number,
                    packet.__name__,
                    module,
                    module in self._leaves,
                    sources,
                    results,
                    tuple(_shapes(one) for one in args),
                    int(flops) // 2,
                )
            )
        return out

    def _module(self) -> str:
        """The path of the innermost module that runs now: its own name is the longest."""
        inside = max(self._tracker.parents, key=len) if self._tracker.parents else ""
        return str(inside).removeprefix(self._root).removeprefix(".") if str(inside).startswith(self._root) else ""


class _Handing(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts what runs as `_Watch` does, and hands over what is wanted."""

    def __init__(self, wanted: frozenset[int], take: Callable[[int, Tensor], None]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._wanted, self._take, self._seen = wanted, take, 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        number, self._seen = self._seen, self._seen + 1
        if number in self._wanted:
            self._take(number, _tensors(out)[0])
        return out


def _tensors(value: Any) -> list[Tensor]:
    """All tensors in arguments or results, in order."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = tuple(value.values())
    return [one for part in value for one in _tensors(part)] if isinstance(value, list | tuple) else []


def _memory(result: Tensor, tensors: Sequence[Tensor], sources: Sequence[Value]) -> int | None:
    """The memory of the source that the result lies in; None where it has its own."""
    place = result.untyped_storage().data_ptr()
    for tensor, source in zip(tensors, sources, strict=True):
        if place and tensor.untyped_storage().data_ptr() == place:
            return source.memory
    return None


def _shapes(argument: Any) -> Any:
    if isinstance(argument, Tensor):
        return tuple(argument.shape)
    return tuple(map(_shapes, argument)) if isinstance(argument, list | tuple) else argument
