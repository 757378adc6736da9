"""A network forgets what it learned, layer by layer from the logit on: what its maps show must then be forgotten too.

Source: Adebayo et al. 2018, "Sanity Checks for Saliency Maps", section 3.1, cascading randomisation.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from hilum.attribution.evidence import EvidenceMap, Squares
from hilum.errors import HilumError
from hilum.explaining.hooks import listening
from hilum.models import FilmClassifier

Maps = Sequence[EvidenceMap] | npt.NDArray[np.float32]
"""One (h, w) a film."""

NetworkEvidence = Callable[[FilmClassifier, Squares], Maps]
"""A method as it is asked of a network: (n, side, side) squares in, a map each out."""

STATISTICS_FILMS: Final = 16
"""Films that give the norms of a random network their statistics; fewer than two give none."""


@dataclass(frozen=True, slots=True)
class WeightedLayer:
    """A layer that has learned something.

    Args:
        name: path of the module with its weights.
        modules: paths of that module and of what directly follows it and has parameters too, such as its norm.
    """

    name: str
    modules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The network after some more of its layers have been made random.

    Args:
        down_to: name of the last of them.
        layers: how many these are, the logit's own among them.
        classifier: the network; the next step changes it.
    """

    down_to: str
    layers: int
    classifier: FilmClassifier


def weighted_layers(classifier: FilmClassifier, square_side: int) -> tuple[WeightedLayer, ...]:
    """The layers with weights in the order in which they run, the first layer first."""
    names = [name for name, module in classifier.named_modules() if name and list(module.parameters(recurse=False))]
    ran: list[str] = []
    film = torch.zeros((1, 1, square_side, square_side), dtype=torch.uint8, device=classifier.mean.device)
    with listening(classifier, names, lambda name, _: ran.append(name)), torch.no_grad():
        classifier.logit(classifier.maps(film))
    found: list[list[str]] = []
    for name in dict.fromkeys(ran):
        if _has_weights(classifier.get_submodule(name)) or not found:
            found.append([])
        found[-1].append(name)
    return tuple(WeightedLayer(modules[0], tuple(modules)) for modules in found)


def cascade(classifier: FilmClassifier, squares: Squares, steps: int, seed: int) -> Iterator[Forgotten]:
    """The network with more and more of its layers random, from the logit down; in the last step all of them.

    It is a copy that forgets: the network itself stays as it is.

    Args:
        classifier: the trained network.
        squares: (n, side, side) films, two or more; they give the norms of a random network their statistics, without
            which its signals would die out or blow up, and any map with them.
        steps: how many times to stop; fewer where there are fewer layers.
        seed: of the weights.

    Raises:
        HilumError: fewer than two films or steps.
    """
    require_films_and_steps(len(squares), steps)
    forgetting = copy.deepcopy(classifier).eval().requires_grad_(False)
    layers = weighted_layers(forgetting, squares.shape[1])[::-1]
    generator = torch.Generator().manual_seed(seed)
    films = torch.from_numpy(np.array(squares[:STATISTICS_FILMS])).unsqueeze(1).to(forgetting.mean.device)
    done, norms = 0, list[_BatchNorm]()
    for stop in stops(len(layers), steps):
        for layer in layers[done:stop]:
            modules = [forgetting.get_submodule(name) for name in layer.modules]
            for module in modules:
                forget(module, generator)
            norms += [module for module in modules if isinstance(module, _BatchNorm)]
        set_statistics(forgetting, norms, films)
        done = stop
        yield Forgotten(layers[stop - 1].name, stop, forgetting)


def stops(layers: int, steps: int) -> tuple[int, ...]:
    """After how many layers to stop: after the first, after the last, and evenly in between.

    >>> stops(53, 5), stops(3, 5)
    ((1, 14, 27, 40, 53), (1, 2, 3))
    """
    return tuple(sorted({round(stop) for stop in np.linspace(1, layers, min(steps, layers))}))


@torch.no_grad()
def forget(module: nn.Module, generator: torch.Generator) -> None:
    """Give a module random weights of a size that keeps signals alive, and norms the scale 1 and the shift 0.

    Source of the size: He et al. 2015, "Delving Deep into Rectifiers", equation 10.
    """
    for name, parameter in module.named_parameters(recurse=False):
        if parameter.ndim > 1:
            inputs = parameter[0].numel()
            drawn = torch.randn(parameter.shape, generator=generator) * (2 / inputs) ** 0.5
        else:
            drawn = torch.full(parameter.shape, 0.0 if name == "bias" else 1.0)
        parameter.copy_(drawn)


@torch.no_grad()
def set_statistics(classifier: FilmClassifier, norms: Sequence[_BatchNorm], films: torch.Tensor) -> None:
    """Give norms the mean and variance of what these films (n, 1, side, side) say to them; others keep theirs."""
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean over batches, of which there is one
        norm.train()
    classifier.logit(classifier.maps(films))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        norm.eval()


def require_films_and_steps(films: int, steps: int) -> None:
    """Refuse what no cascade can be made of."""
    if films < 2 or steps < 2:
        raise HilumError(
            f"Got {films} films and {steps} steps for the randomisation test.",
            expected="two films or more, and two steps or more",
            do="Take more films.",
        )


def _has_weights(module: nn.Module) -> bool:
    return any(parameter.ndim > 1 for parameter in module.parameters(recurse=False))
