"""A network as rows that a person can read: blocks, their maps, their parameters, and which of them learn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from hilum.errors import HilumError
from hilum.models.cut import Cut, cut_network
from hilum.models.network import FilmClassifier
from hilum.models.operations import Operation, operations_of

TRAINED: Final = "trained"
FROZEN: Final = "frozen"
NORMS: Final = "frozen, norms trained"
MIXED: Final = "mixed"


@dataclass(frozen=True, slots=True)
class BlockRow:
    """One block.

    Args:
        output: (c, h, w) or (c,) of what it says of one film; () where it was not seen to run.
        parameters: that a gradient can reach.
        statistics: running means and variances of its norms, which none reaches.
        state: `TRAINED`, `FROZEN`, `NORMS`, or `MIXED` where what holds both cannot be taken apart.
        is_trunk: True where it lies before the cut: frozen work that can be done once.
        multiply_adds: for one film.
        activations_bytes: that it makes of one film, each in memory of its own.
    """

    name: str
    output: tuple[int, ...]
    parameters: int
    trained: int
    statistics: int
    state: str
    is_trunk: bool
    multiply_adds: int
    activations_bytes: int


@dataclass(frozen=True, slots=True)
class Work:
    """What a network costs for one film.

    Args:
        multiply_adds: of convolutions and products; all else together is a few per cent of it.
        weights_bytes: parameters and statistics.
        activations_bytes: everything that it makes of the film; training keeps about so much of each.
        most_at_once_bytes: of these, what a prediction needs at the same time, film included.
    """

    multiply_adds: int
    weights_bytes: int
    activations_bytes: int
    most_at_once_bytes: int


@dataclass(frozen=True, slots=True)
class _Block:
    """Layers that make one row, in their order."""

    name: str
    layers: tuple[nn.Module, ...]

    def parameters(self) -> list[nn.Parameter]:
        return [one for layer in self.layers for one in layer.parameters()]


def block_rows(
    classifier: FilmClassifier, side: int, stays_frozen: bool = True
) -> tuple[tuple[BlockRow, ...], str, Work]:
    """The blocks of a network whose trained layers are marked, the layer behind which it is cut or "", and its cost.

    Args:
        side: of the film in pixels.
        stays_frozen: False where what is frozen now will learn later, or learns in part; then there is no cut.
    """
    blocks = [block for name in ("body", "head") for block in _blocks(name, getattr(classifier, name), depth=0)]
    operations = operations_of(classifier, side)
    names = {id(module): name for name, module in classifier.named_modules()}
    cut = _cut(classifier, side) if stays_frozen else None
    in_trunk = {id(one) for one in cut.trunk.parameters()} if cut else set()
    rows = tuple(_row(block, _operations_in(block, operations, names), in_trunk) for block in blocks)
    return rows, cut.after if cut else "", _work(classifier, operations)


def _blocks(name: str, module: nn.Module, depth: int) -> Iterator[_Block]:
    """Rows as coarse as they can be with layers of one state in each."""
    if not any(True for _ in module.parameters()):
        return
    children = dict(module.named_children())
    is_list = isinstance(module, nn.Sequential) and any(_is_composite(child) for child in children.values())
    if depth == 0 or (depth == 1 and is_list) or (children and _state(_Block(name, (module,))) == MIXED):
        yield from _of_children(name, module, depth)
    else:
        yield _Block(name, (module,))


def _of_children(name: str, module: nn.Module, depth: int) -> Iterator[_Block]:
    """A row for each child; layers in a row without names of their own go together up to the next pool."""
    own = tuple(module.parameters(recurse=False))
    if own:  # such a module cannot be taken apart
        yield _Block(name, (module,))
        return
    for child_name, child in module.named_children():
        full = f"{name}.{child_name}"
        if isinstance(child, nn.Sequential) and not any(map(_is_composite, child.children())) and depth == 0:
            yield from _up_to_pools(full, child)
        else:
            yield from _blocks(full, child, depth + 1)


def _up_to_pools(name: str, layers: nn.Sequential) -> Iterator[_Block]:
    """Plain layers between two pools, of one state each."""
    group: list[tuple[str, nn.Module]] = []
    for number, layer in layers.named_children():
        other_state = (
            bool(list(layer.parameters())) and _state(_Block("", (*(one for _, one in group), layer))) == MIXED
        )
        if group and other_state:
            yield _numbered(name, group)
            group = []
        group.append((number, layer))
        if isinstance(layer, nn.MaxPool2d | nn.AvgPool2d):
            yield _numbered(name, group)
            group = []
    if any(list(layer.parameters()) for _, layer in group):
        yield _numbered(name, group)


def _numbered(name: str, group: list[tuple[str, nn.Module]]) -> _Block:
    span = group[0][0] if len(group) == 1 else f"{group[0][0]}-{group[-1][0]}"
    return _Block(f"{name}.{span}", tuple(layer for _, layer in group))


def _is_composite(module: nn.Module) -> bool:
    return any(any(True for _ in child.parameters()) for child in module.children())


def _state(block: _Block) -> str:
    """Which of a block's parameters learn."""
    norms = {
        id(one)
        for layer in block.layers
        for part in layer.modules()
        if isinstance(part, _BatchNorm)
        for one in part.parameters()
    }
    everywhere = block.parameters()
    if all(one.requires_grad for one in everywhere):
        return TRAINED
    if not any(one.requires_grad for one in everywhere):
        return FROZEN
    return NORMS if all(one.requires_grad == (id(one) in norms) for one in everywhere) else MIXED


def _operations_in(block: _Block, operations: Sequence[Operation], names: Mapping[int, str]) -> list[Operation]:
    """What ran inside a block's modules."""
    inside = {names[id(layer)] for layer in block.layers}
    return [one for one in operations if any(f"{one.module}.".startswith(f"{name}.") for name in inside)]


def _row(block: _Block, ran: Sequence[Operation], in_trunk: set[int]) -> BlockRow:
    parameters = block.parameters()
    norms = [part for layer in block.layers for part in layer.modules() if isinstance(part, _BatchNorm)]
    return BlockRow(
        name=block.name,
        output=ran[-1].result.shape[1:] if ran else (),
        parameters=sum(one.numel() for one in parameters),
        trained=sum(one.numel() for one in parameters if one.requires_grad),
        statistics=sum(2 * norm.num_features for norm in norms),
        state=_state(block),
        is_trunk=bool(in_trunk) and all(id(one) in in_trunk for one in parameters),
        multiply_adds=sum(one.multiply_adds for one in ran),
        activations_bytes=sum(_made(ran).values()),
    )


def _made(operations: Sequence[Operation]) -> dict[int, int]:
    """Bytes of each piece of memory that these operations began, by its number."""
    made: dict[int, int] = {}
    for operation in operations:
        given = {source.memory for source in operation.sources}
        made |= {one.memory: one.size_bytes for one in operation.results if one.memory not in given | made.keys()}
    return made


def _work(classifier: nn.Module, operations: Sequence[Operation]) -> Work:
    sizes = _made(operations)
    film = operations[0].sources[0]
    tensors = [*classifier.parameters(), *classifier.buffers()]
    return Work(
        multiply_adds=sum(one.multiply_adds for one in operations),
        weights_bytes=sum(one.numel() * one.element_size() for one in tensors),
        activations_bytes=sum(sizes.values()),
        most_at_once_bytes=_most_at_once(operations, {**sizes, film.memory: film.size_bytes}),
    )


def _most_at_once(operations: Sequence[Operation], sizes: Mapping[int, int]) -> int:
    """The largest sum of what is still needed, where each piece goes after its last use."""
    last_use = {one.memory: place for place, op in enumerate(operations) for one in (*op.sources, *op.results)}
    alive, most = set[int](), 0
    for place, operation in enumerate(operations):
        alive |= {one.memory for one in (*operation.sources, *operation.results)}
        most = max(most, sum(sizes.get(memory, 0) for memory in alive))
        alive -= {memory for memory in alive if last_use[memory] == place}
    return most


def _cut(classifier: FilmClassifier, side: int) -> Cut | None:
    """Where the network is cut into trunk and tail; None where nothing is frozen before the first layer that moves."""
    try:
        return cut_network(classifier, side)
    except HilumError:
        return None
