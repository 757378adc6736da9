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
        return _with_exact_map(FilmClassifier(network, FILM_MEAN, FILM_STD), SMALL_CNN, side=64)
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
    settings: dict[str, Any] = getattr(body, "pretrained_cfg", {})
    classifier = FilmClassifier(body, settings.get("mean", IMAGENET_MEAN), settings.get("std", IMAGENET_STD))
    return _with_exact_map(classifier, recipe.architecture, side=settings.get("input_size", (3, 224, 224))[-1])


def _with_exact_map(classifier: FilmClassifier, architecture: str, side: int) -> FilmClassifier:
    """The classifier itself, once one film has shown that its head is linear on average-pooled maps.

    Names of layers cannot show it: mobilenetv3 pools by average and ends in a linear layer, but has a convolution
    between the two, and the graph with its activation map could not be made after hours of training.

    Args:
        side: of the film in pixels; one that the architecture takes.
    """
    if not (isinstance(classifier.head, nn.Linear) and _features_are_mean_of_maps(classifier, side)):
        raise HilumError(
            f"The network '{architecture}' does not end in one linear layer on average-pooled maps.",
            expected="such an end, so that its activation map is exact",
            do="Choose another network, for instance 'mobilenetv2_100'.",
        )
    return classifier


@torch.no_grad()
def _features_are_mean_of_maps(classifier: FilmClassifier, side: int) -> bool:
    """True when a film's pooled features equal the average of its last maps; mode and random state stay."""
    film = torch.randint(0, 256, (1, 1, side, side), generator=torch.Generator().manual_seed(0))
    was_training = classifier.training
    classifier.eval()  # no dropout, and batch norms keep their statistics
    # The first weights of a seed are drawn before, but dropout and whatever follows must not move either.
    with torch.random.fork_rng(devices=[]):
        _, features, maps = classifier(film)
    classifier.train(was_training)
    if maps.ndim != 4 or features.shape != maps.shape[:2]:
        return False
    return torch.allclose(features, maps.mean(dim=(2, 3)), rtol=1e-4, atol=1e-4)
