"""The one place here that puts hooks on a network; whatever happens meanwhile, the network is afterwards as it was.

Modules are named by their path in the network, as `named_modules` has it: body.stages.2.0.conv1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from hilum.models.operations import evaluating

Hear = Callable[[str, Tensor], None]
"""Takes a module's name and what it just said; called once each time the module runs."""


@contextmanager
def unchanged(network: nn.Module) -> Iterator[None]:
    """Within this context the network is in evaluation mode and its parameters ask for no gradient.

    Afterwards every module has the mode and every parameter the mark that it had, also after an exception or Ctrl-C.
    Buffers need no care: in evaluation mode a norm does not touch its statistics.
    """
    marks = [(parameter, parameter.requires_grad) for parameter in network.parameters()]
    try:
        with evaluating(network):
            network.requires_grad_(False)
            yield
    finally:
        for parameter, learns in marks:
            parameter.requires_grad_(learns)


@contextmanager
def listening(network: nn.Module, names: Iterable[str], hear: Hear) -> Iterator[None]:
    """Within this context `hear` gets the output of each named module as it runs; nothing is kept here.

    The network goes on with a copy, so that what was heard stays what the module said: an activation in place, or a sum
    in place at the end of a block, would overwrite it. Gradients flow through it.

    Args:
        network: as in `unchanged`, which holds within this context.
        names: paths of modules; a path that does not exist is our own mistake (AttributeError).
    """
    hooks = []
    with unchanged(network):
        try:
            for name in names:
                hooks.append(network.get_submodule(name).register_forward_hook(_hook(name, hear)))
            yield
        finally:
            for hook in hooks:
                hook.remove()


@contextmanager
def outputs_of(network: nn.Module, names: Iterable[str]) -> Iterator[dict[str, Tensor]]:
    """Within this context the dictionary holds the last output of each named module that has run, by name."""
    outputs: dict[str, Tensor] = {}
    with listening(network, names, outputs.__setitem__):
        yield outputs


def _hook(name: str, hear: Hear) -> Callable[[nn.Module, Any, Any], Any]:
    def tell(_module: nn.Module, _inputs: Any, output: Any) -> Any:
        if not isinstance(output, Tensor):
            return output
        hear(name, output)
        return output.clone()

    return tell
