"""A network in two: a frozen trunk that is computed once, and a tail that is trained on what the trunk says.

The cut lies at the last place before the first layer that moves where a single tensor carries everything on: the end of
a block, or of the pooling in front of a trained head. Frozen layers behind the cut stay in the tail.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, fx, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from hilum.errors import HilumError
from hilum.models.freeze import set_training_mode
from hilum.models.network import FilmClassifier, LogitOfFilms


@dataclass(frozen=True, slots=True)
class Cut:
    """Trunk and tail share their layers with the network that was cut: what the tail learns, the network knows.

    Args:
        trunk: uint8 films (n, 1, side, side) -> activations (n, *shape); nothing in it learns or is random.
        tail: activations -> (n,) logits.
        after: the last operation of the trunk, by its layer's name or its kind.
        shape: of one film's activation.
    """

    trunk: fx.GraphModule
    tail: fx.GraphModule
    after: str
    shape: tuple[int, ...]


def cut_network(classifier: FilmClassifier, side: int) -> Cut:
    """Cut a network whose trained layers are marked (`freeze`).

    Raises:
        HilumError: no layer is frozen before the first that learns.
    """
    set_training_mode(classifier)
    root = LogitOfFilms(classifier)
    graph = _traced(root)
    flow = _flow(graph)
    first_moving = next(index for index, node in enumerate(flow) if _any_moves(node, set(flow), root))
    passes = [node for node in _single_passes(flow) if flow.index(node) < first_moving]
    if not any(_has_parameters(node, root) for node in flow[:first_moving]) or not passes:
        raise HilumError(
            "No layer is frozen before the first one that learns.",
            expected="a frozen trunk to compute once",
            do="Set network.trained='head' or 'last', or leave the cache out: --set cache.enabled=false",
        )
    cut = passes[-1]
    trunk, tail = _part(root, cut, None, "Trunk"), _part(root, flow[-1], cut, "Tail")
    device = next(classifier.parameters()).device
    with torch.no_grad():
        shape = tuple(trunk(torch.zeros((1, 1, side, side), dtype=torch.uint8, device=device)).shape[1:])
    return Cut(trunk, tail, _name_of(cut), shape)


class _Tracer(fx.Tracer):
    """Sees torch's and timm's layers as units, everything else as what it is made of."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return super().is_leaf_module(m, module_qualified_name) or type(m).__module__.startswith("timm.layers")


def _traced(root: LogitOfFilms) -> fx.Graph:
    try:
        return _Tracer().trace(root)
    except (fx.proxy.TraceError, TypeError, AttributeError) as error:
        raise HilumError(
            f"The network cannot be cut into a frozen and a trained half: {str(error).splitlines()[0][:120]}.",
            expected="a network whose operations do not depend on the film",
            do="Leave the cache out: --set cache.enabled=false",
        ) from error


def _flow(graph: fx.Graph) -> list[fx.Node]:
    """The operations that depend on the film, in order."""
    flow: dict[fx.Node, None] = {}
    for node in graph.nodes:
        if node.op == "placeholder" or any(source in flow for source in node.all_input_nodes):
            flow[node] = None
    return list(flow)


def _single_passes(flow: list[fx.Node]) -> list[fx.Node]:
    """The operations past which only their own result is used."""
    place = {node: index for index, node in enumerate(flow)}
    passes, furthest_use = [], 0
    for index, node in enumerate(flow[:-1]):
        if furthest_use <= index:
            passes.append(node)
        furthest_use = max([furthest_use, *(place[user] for user in node.users)])
    return passes


def _any_moves(node: fx.Node, flow: set[fx.Node], root: nn.Module) -> bool:
    """True where an operation moves, or takes in what moves beside the film."""
    return _moves(node, root) or any(_any_moves(one, flow, root) for one in node.all_input_nodes if one not in flow)


def _moves(node: fx.Node, root: nn.Module) -> bool:
    """True where an operation learns, or draws at random, or gathers statistics while training."""
    if node.op == "get_attr":  # a parameter that no layer of its own holds
        return bool(_attribute(node, root).requires_grad)
    if node.op != "call_module":
        return node.op == "output"
    layer = root.get_submodule(str(node.target))
    return any(parameter.requires_grad for parameter in layer.parameters()) or any(
        part.training and (isinstance(part, (_BatchNorm, _DropoutNd)) or type(part).__name__ == "DropPath")
        for part in layer.modules()
    )


def _attribute(node: fx.Node, root: nn.Module) -> Tensor:
    """The parameter or buffer that a node reads."""
    owner, _, name = str(node.target).rpartition(".")
    tensor: Tensor = getattr(root.get_submodule(owner), name)
    return tensor


def _has_parameters(node: fx.Node, root: nn.Module) -> bool:
    return node.op == "call_module" and any(True for _ in root.get_submodule(str(node.target)).parameters())


def _part(root: nn.Module, last: fx.Node, first: fx.Node | None, name: str) -> fx.GraphModule:
    """What `last` needs, as a module of its own; where `first` is given, its result comes in from outside."""
    graph, copied = fx.Graph(), dict[fx.Node, fx.Node]()
    if first is not None:
        copied[first] = graph.placeholder("activation")
    needed = _ancestors(last, first)
    for node in last.graph.nodes:
        if node in needed:
            copied[node] = graph.node_copy(node, copied.__getitem__)
    if last.op != "output":
        graph.output(copied[last])
    return fx.GraphModule(root, graph, name)


def _ancestors(last: fx.Node, stop: fx.Node | None) -> set[fx.Node]:
    """`last` and all that it is made from, up to but without `stop`."""
    needed, left = set[fx.Node](), [last]
    while left:
        node = left.pop()
        if node is not stop and node not in needed:
            needed.add(node)
            left.extend(node.all_input_nodes)
    return needed


def _name_of(node: fx.Node) -> str:
    """The layer's name as the network has it, or what is done."""
    return str(node.target).removeprefix("classifier.") if node.op == "call_module" else node.name
