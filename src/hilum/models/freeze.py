"""Which layers learn. A frozen layer runs in evaluation mode: its norms keep their statistics, nothing drops out."""

from __future__ import annotations

from torch import nn

from hilum.models.network import FilmClassifier


def freeze(classifier: FilmClassifier, trained: str) -> None:
    """Let "all" layers learn, or only the "head".

    The mark is `requires_grad` on the parameters; autograd then builds no graph for a frozen body.
    """
    for parameter in classifier.parameters():
        parameter.requires_grad_(trained == "all")
    for parameter in classifier.head.parameters():
        parameter.requires_grad_(True)


def trained_parameters(classifier: nn.Module) -> dict[str, nn.Parameter]:
    """Parameters that learn, by name."""
    return {name: parameter for name, parameter in classifier.named_parameters() if parameter.requires_grad}


def set_training_mode(classifier: nn.Module) -> None:
    """Training mode for layers that learn, evaluation mode for frozen ones and all that is inside them."""
    classifier.train()
    for module in classifier.modules():
        parameters = list(module.parameters())
        if parameters and not any(parameter.requires_grad for parameter in parameters):
            module.eval()
