"""One shape for every network: a uint8 film goes in; logit, pooled features and last feature maps come out."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, cast

import torch
from torch import Tensor, nn

from hilum.errors import HilumError, nearest
from hilum.models.small_cnn import SmallCNN
from hilum.recipe import Network

SMALL_CNN = "small-cnn"
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# About the mean and spread of a chest film's grey levels; fixed, so that no figure of the data enters the network.
FILM_MEAN, FILM_STD = (0.5,), (0.25,)


class FilmOutputs(NamedTuple):
    """What a network says of n films: logit (n,), features (n, c), maps (n, c, h, w)."""

    logit: Tensor
    features: Tensor
    maps: Tensor


class _Body(Protocol):
    """The part of timm's interface that a classifier needs."""

    def forward_features(self, film: Tensor) -> Tensor: ...
    def forward_head(self, maps: Tensor, pre_logits: bool = ...) -> Tensor: ...
    def get_classifier(self) -> nn.Linear: ...


class FilmClassifier(nn.Module):
    """A network with everything between a grey film and a logit inside it.

    Replication to channels and normalisation belong to the network, so that no caller can do them otherwise.

    Args:
        network: a timm network, or `SmallCNN`.
        mean, std: per channel, of grey levels in 0 to 1; their length is the number of channels of the network.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, network: nn.Module, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(1, -1, 1, 1))

    def forward(self, film: Tensor) -> FilmOutputs:
        """film: (n, 1, side, side), grey levels 0 to 255 of any dtype; the logit is pneumonia minus normal."""
        normalised = (film.float() / 255 - self.mean) / self.std  # (n, channels, side, side): broadcasting replicates
        body = cast(_Body, self.network)
        maps = body.forward_features(normalised)
        features = body.forward_head(maps, pre_logits=True)
        scores = body.get_classifier()(features)  # (n, 1) or (n, 2): pneumonia first
        logit = scores[:, 0] - scores[:, 1] if scores.shape[1] == 2 else scores[:, 0]
        return FilmOutputs(logit.float(), features, maps)

    @property
    def head(self) -> nn.Linear:
        """The linear layer that turns pooled features into scores."""
        return cast(_Body, self.network).get_classifier()

    def head_weights(self) -> Tensor:
        """(c,) weights of the logit on the features; of the difference of scores where the head has two nodes."""
        weight = self.head.weight
        return weight[0] - weight[1] if weight.shape[0] == 2 else weight[0]


def build_network(recipe: Network) -> FilmClassifier:
    """The recipe's network with random weights drawn from torch's global generator.

    Raises:
        HilumError: the architecture is unknown, or has no linear head on average-pooled maps.
    """
    if recipe.architecture == SMALL_CNN:
        network = SmallCNN(recipe.head_nodes, recipe.widths, recipe.dropout)
        return FilmClassifier(network, FILM_MEAN, FILM_STD)
    import timm

    if not timm.is_model(recipe.architecture):
        raise HilumError(
            f"There is no network '{recipe.architecture}'.",
            expected="'small-cnn' or the name of a timm network",
            do=nearest(recipe.architecture, [SMALL_CNN, *timm.list_models()]).replace("Choose one of: ", "Known: ")[
                :200
            ],
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        body = timm.create_model(recipe.architecture, num_classes=recipe.head_nodes, drop_rate=recipe.dropout)
    _require_linear_head_on_average(body, recipe.architecture)
    settings: dict[str, Any] = getattr(body, "pretrained_cfg", {})
    return FilmClassifier(body, settings.get("mean", IMAGENET_MEAN), settings.get("std", IMAGENET_STD))


def _require_linear_head_on_average(body: nn.Module, architecture: str) -> None:
    """Refuse networks whose activation map would not be exact."""
    is_linear = isinstance(cast(_Body, body).get_classifier(), nn.Linear)
    pool = getattr(body, "global_pool", None)
    pool_type = pool if isinstance(pool, str) else getattr(pool, "pool_type", "")
    if not (is_linear and pool_type in ("avg", "fast", "fastavg")):
        raise HilumError(
            f"The network '{architecture}' does not end in one linear layer on average-pooled maps.",
            expected="such an end, so that its activation map is exact",
            do="Choose another network, for instance 'mobilenetv2_100'.",
        )
