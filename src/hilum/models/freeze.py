"""Which layers learn. A frozen layer runs in evaluation mode: its norms keep their statistics, nothing drops out."""

from __future__ import annotations

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from hilum.models.network import FilmClassifier
from hilum.recipe import Network


def freeze(classifier: FilmClassifier, network: Network) -> None:
    """Let the layers learn that the recipe names: all, the head, or the last of Keras's list with the head.

    The mark is `requires_grad` on the parameters; autograd then builds no graph for a frozen body.
    """
    for parameter in classifier.body.parameters():
        parameter.requires_grad_(network.trained == "all")
    for parameter in classifier.head.parameters():
        parameter.requires_grad_(True)
    if network.trained == "last":
        from hilum.models.keras import trained_from

        for name in trained_from(network.architecture, network.last_layers):
            for parameter in classifier.body.get_submodule(name).parameters():
                parameter.requires_grad_(True)
    if network.norms == "trained":
        for module in classifier.body.modules():
            if isinstance(module, _BatchNorm):
                for parameter in module.parameters():
                    parameter.requires_grad_(True)


def unfreeze(classifier: FilmClassifier) -> None:
    """Let all layers learn."""
    for parameter in classifier.parameters():
        parameter.requires_grad_(True)


def trained_parameters(classifier: nn.Module) -> dict[str, nn.Parameter]:
    """Parameters that learn, by name."""
    return {name: parameter for name, parameter in classifier.named_parameters() if parameter.requires_grad}


def layers_by_depth(classifier: FilmClassifier) -> dict[str, float]:
    """Depth of each parameter's layer, by the parameter's name: 0 for the first layer, 1 for the head."""
    layers = [name for name, module in classifier.body.named_modules() if list(module.parameters(recurse=False))]
    depth = {f"body.{name}": position / len(layers) for position, name in enumerate(layers)}
    return {name: depth.get(name.rpartition(".")[0], 1.0) for name, _ in classifier.named_parameters()}


def set_training_mode(classifier: nn.Module) -> None:
    """Training mode for layers that learn, evaluation mode for frozen ones and all that is inside them."""
    classifier.train()
    for module in classifier.modules():
        parameters = list(module.parameters())
        if parameters and not any(parameter.requires_grad for parameter in parameters):
            module.eval()
