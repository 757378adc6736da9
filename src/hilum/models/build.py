"""From a recipe's [network] to a classifier with random weights."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from hilum.errors import HilumError, nearest
from hilum.models.heads import build_head
from hilum.models.network import FilmClassifier
from hilum.models.small_cnn import SmallCNN
from hilum.recipe import Network

SMALL_CNN = "small-cnn"
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# About the mean and spread of a chest film's grey levels; fixed, so that no figure of the data enters the network.
FILM_MEAN, FILM_STD = (0.5,), (0.25,)


def build_network(network: Network, side: int = 224) -> FilmClassifier:
    """The recipe's network with random weights drawn from torch's global generator.

    Args:
        side: of the films in pixels; a head on flattened maps takes no other.

    Raises:
        HilumError: the architecture is unknown, takes no film of this side, or does not suit the head.
    """
    body, mean, std = _body(network)
    if network.scaling == "unit":
        mean, std = (0.0,) * len(mean), (1.0,) * len(std)
    pooled, maps = _look_at_a_film(body, network.architecture, len(mean), side)
    if network.head == "linear" and network.architecture != SMALL_CNN:
        _require_average_pool(pooled, maps, network.architecture)
    channels, height, width = maps.shape[1:]
    return FilmClassifier(body, build_head(network, (channels, height, width)), mean, std)


def _body(network: Network) -> tuple[nn.Module, tuple[float, ...], tuple[float, ...]]:
    """The body without a head, and the scaling of its pretraining."""
    if network.architecture == SMALL_CNN:
        return SmallCNN(network.widths, network.activation), FILM_MEAN, FILM_STD
    import timm

    if not timm.is_model(network.architecture):
        names = [SMALL_CNN, *timm.list_models()]
        raise HilumError(
            f"There is no network '{network.architecture}'.",
            expected="'small-cnn' or the name of a timm network",
            do=nearest(network.architecture, names, most=8),
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        body: nn.Module = timm.create_model(network.architecture, num_classes=0)
    settings: dict[str, Any] = getattr(body, "pretrained_cfg", {})
    return body, tuple(settings.get("mean", IMAGENET_MEAN)), tuple(settings.get("std", IMAGENET_STD))


@torch.no_grad()
def _look_at_a_film(body: Any, architecture: str, channels: int, side: int) -> tuple[Tensor, Tensor]:
    """(what timm pools, maps) of one noisy film. Parts that give no maps, such as timm's own head, are dropped.

    Mode, random state and weights stay: the first weights of a seed do not depend on this look.
    """
    film = torch.rand((1, channels, side, side), generator=torch.Generator().manual_seed(0))
    was_training = body.training
    body.eval()  # no dropout, and batch norms keep their statistics
    with torch.random.fork_rng(devices=[]):
        try:
            with _parts_that_run(body) as running:
                maps: Tensor = body.forward_features(film)
        except (RuntimeError, AssertionError, ValueError) as error:
            raise HilumError(
                f"The network '{architecture}' takes no films of {side} px: {str(error).splitlines()[0][:120]}.",
                expected="a side that it takes",
                do="Change film.side; timm's page of the network names its own.",
            ) from error
        pooled: Tensor = body.forward_head(maps, pre_logits=True) if hasattr(body, "forward_head") else maps
    body.train(was_training)
    _require_maps(body, maps, architecture)
    for name, child in list(body.named_children()):
        if not any(part in running for part in child.modules()):
            delattr(body, name)
    return pooled, maps


@contextmanager
def _parts_that_run(body: nn.Module) -> Iterator[set[nn.Module]]:
    """Within this context every module whose forward pass runs enters the set."""
    running: set[nn.Module] = set()
    hooks = [module.register_forward_hook(lambda part, *_: running.add(part)) for module in body.modules()]
    try:
        yield running
    finally:
        for hook in hooks:
            hook.remove()


def _require_maps(body: nn.Module, maps: Tensor, architecture: str) -> None:
    # timm says so of networks such as Swin, whose maps have their channels last.
    if maps.ndim != 4 or getattr(body, "output_fmt", "NCHW") != "NCHW":
        raise HilumError(
            f"The network '{architecture}' gives no feature maps, so it does not end in one linear layer on them.",
            expected="a convolutional network",
            do="Choose another network, for instance 'mobilenetv2_100'.",
        )


def _require_average_pool(pooled: Tensor, maps: Tensor, architecture: str) -> None:
    """Refuse a network whose own end is another, as the layers between would be lost.

    Names of layers cannot show it: mobilenetv3 pools by average and ends in a linear layer, but has a convolution
    between the two.
    """
    mean = maps.mean(dim=(2, 3))
    if pooled.shape != mean.shape or not torch.allclose(pooled, mean, rtol=1e-4, atol=1e-4):
        raise HilumError(
            f"The network '{architecture}' does not end in one linear layer on average-pooled maps.",
            expected="such an end, or another head",
            do="Choose another network, for instance 'mobilenetv2_100', or set network.head='dense'.",
        )
