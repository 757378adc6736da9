"""Evidence by place from a network's feature maps: the exact map of the head, and Grad-CAM of any layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import torch
from torch import Tensor

from hilum.attribution.evidence import Squares
from hilum.errors import HilumError, nearest
from hilum.explaining.hooks import outputs_of, unchanged
from hilum.files import printable
from hilum.models import FilmClassifier

AT_ONCE: Final = 16
"""Films a pass: a layer near the film keeps 13 MB of maps for each at 224 px."""

Evidence = np.ndarray[tuple[int, int, int], np.dtype[np.float32]]
"""(n, h, w) maps of n films; positive speaks for pneumonia, negative against it."""


@torch.no_grad()
def exact_map(classifier: FilmClassifier, squares: Squares) -> Evidence:
    """What the graph writes as `activation_map`, from the network: (n, h, w).

    Whether it is the logit's own decomposition says `hilum.modelfolder.maps.has_exact_map`.
    """
    with unchanged(classifier):
        return _together(classifier.head.evidence(classifier.maps(film)) for film in _batches(classifier, squares))


def above_normal(classifier: FilmClassifier, squares: Squares, normal: Squares) -> Evidence:
    """`exact_map` minus its mean over (n, side, side) normal films: (n, h, w)."""
    found: Evidence = exact_map(classifier, squares) - exact_map(classifier, normal).mean(axis=0)
    return found


def grad_cam(classifier: FilmClassifier, squares: Squares, layer: str | None = None) -> Evidence:
    """Maps of one layer, each weighed by the mean of the logit's gradient over its places, before the ReLU.

    Without the ReLU it shows the evidence against pneumonia too. For a linear head on average-pooled maps it is
    `exact_map` divided by the number of places.

    Args:
        squares: (n, side, side) uint8.
        layer: path of the module whose output is taken, as `named_modules` has it, from its last run where it runs more
            than once; the last feature maps if not given.

    Raises:
        HilumError: there is no such module, it does not run, or what it says has no places.

    Source: Selvaraju et al. 2017, "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization",
        equations 1 and 2, with the logit as the score of the class.
    """
    if layer is not None:
        _require_module(classifier, layer)
    return _together(_weighed(*_maps_and_gradient(classifier, film, layer)) for film in _batches(classifier, squares))


def _weighed(maps: Tensor, gradient: Tensor) -> Tensor:
    return (maps * gradient.mean(dim=(2, 3), keepdim=True)).sum(dim=1)


def _maps_and_gradient(classifier: FilmClassifier, film: Tensor, layer: str | None) -> tuple[Tensor, Tensor]:
    """(n, c, h, w) twice: what the layer says, and the gradient of each film's logit by it."""
    if layer is None:
        with unchanged(classifier), torch.no_grad():
            maps = classifier.maps(film)
        with unchanged(classifier), torch.enable_grad():
            return maps, _gradient(classifier.logit(maps.requires_grad_()), maps)
    with outputs_of(classifier, [layer]) as outputs, torch.enable_grad():
        # The film asks for its gradient, so that every layer has one, although no parameter asks.
        logit = classifier.logit(classifier.maps(film.float().requires_grad_()))
        if layer not in outputs or outputs[layer].ndim != 4 or outputs[layer][0, 0].numel() == 1:
            raise _no_maps(layer, outputs.get(layer))
        return outputs[layer], _gradient(logit, outputs[layer])


def _gradient(logit: Tensor, maps: Tensor) -> Tensor:
    (gradient,) = torch.autograd.grad(logit.sum(), maps)  # a film's logit depends on its own maps alone
    return gradient


def _batches(classifier: FilmClassifier, squares: Squares) -> Iterator[Tensor]:
    """(n, 1, side, side) uint8 on the network's device, `AT_ONCE` films each."""
    device = classifier.mean.device
    for start in range(0, len(squares), AT_ONCE):
        yield torch.from_numpy(np.array(squares[start : start + AT_ONCE])).unsqueeze(1).to(device)


def _together(parts: Iterator[Tensor]) -> Evidence:
    found: Evidence = np.concatenate([part.detach().cpu().numpy() for part in parts])
    return found


def _require_module(classifier: FilmClassifier, layer: str) -> None:
    names = [name for name, _ in classifier.named_modules() if name]
    if layer not in names:
        raise HilumError(
            f"The network has no layer '{printable(layer)}'.",
            expected="the name of one of its layers, as `hilum model summary` has it",
            do=nearest(layer, names, most=8),
        )


def _no_maps(layer: str, output: Tensor | None) -> HilumError:
    said = "does not run" if output is None else f"says {' x '.join(map(str, output.shape[1:]))} numbers without places"
    return HilumError(
        f"The layer '{printable(layer)}' {said}.",
        expected="a layer with maps: a convolution or a pool in front of the head",
        do="Name another layer, or none for the last feature maps.",
    )
