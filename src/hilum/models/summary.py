"""A network as rows that a person can read: blocks, their maps, their parameters, and which of them learn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from hilum.errors import HilumError
from hilum.models.cut import Cut, cut_network
from hilum.models.network import FilmClassifier

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
    """

    name: str
    output: tuple[int, ...]
    parameters: int
    trained: int
    statistics: int
    state: str
    is_trunk: bool


@dataclass(frozen=True, slots=True)
class _Block:
    """Layers that make one row, in their order."""

    name: str
    layers: tuple[nn.Module, ...]

    def parameters(self) -> list[nn.Parameter]:
        return [one for layer in self.layers for one in layer.parameters()]


def block_rows(classifier: FilmClassifier, side: int, stays_frozen: bool = True) -> tuple[tuple[BlockRow, ...], str]:
    """The blocks of a network whose trained layers are marked, and the layer behind which it is cut, or "".

    Args:
        side: of the film in pixels.
        stays_frozen: False where what is frozen now will learn later, or learns in part; then there is no cut.
    """
    blocks = [block for name in ("body", "head") for block in _blocks(name, getattr(classifier, name), depth=0)]
    outputs = _outputs(classifier, [block.layers[-1] for block in blocks], side)
    cut = _cut(classifier, side) if stays_frozen else None
    in_trunk = {id(one) for one in cut.trunk.parameters()} if cut else set()
    rows = tuple(_row(block, outputs.get(id(block.layers[-1]), ()), in_trunk) for block in blocks)
    return rows, cut.after if cut else ""


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


def _row(block: _Block, output: tuple[int, ...], in_trunk: set[int]) -> BlockRow:
    parameters = block.parameters()
    norms = [part for layer in block.layers for part in layer.modules() if isinstance(part, _BatchNorm)]
    return BlockRow(
        name=block.name,
        output=output,
        parameters=sum(one.numel() for one in parameters),
        trained=sum(one.numel() for one in parameters if one.requires_grad),
        statistics=sum(2 * norm.num_features for norm in norms),
        state=_state(block),
        is_trunk=bool(in_trunk) and all(id(one) in in_trunk for one in parameters),
    )


def _cut(classifier: FilmClassifier, side: int) -> Cut | None:
    """Where the network is cut into trunk and tail; None where nothing is frozen before the first layer that moves."""
    try:
        return cut_network(classifier, side)
    except HilumError:
        return None


@torch.no_grad()
def _outputs(classifier: FilmClassifier, layers: list[nn.Module], side: int) -> dict[int, tuple[int, ...]]:
    """What each of these layers gives for one film, by its id."""
    seen: dict[int, tuple[int, ...]] = {}

    def note(layer: nn.Module, _: Any, output: Any) -> None:
        if isinstance(output, Tensor):
            seen[id(layer)] = tuple(output.shape[1:])

    hooks = [layer.register_forward_hook(note) for layer in layers]
    was_training = classifier.training
    try:
        classifier.eval()
        classifier(torch.zeros((1, 1, side, side), dtype=torch.uint8))
    finally:
        classifier.train(was_training)
        for hook in hooks:
            hook.remove()
    return seen
