"""One shape for every network: a uint8 film goes in; logit, pooled features and last feature maps come out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol, cast

import torch
from torch import Tensor, nn

from hilum.models.heads import Head, LinearHead


class FilmOutputs(NamedTuple):
    """What a network says of n films: logit (n,), features (n, c), maps (n, c, h, w)."""

    logit: Tensor
    features: Tensor
    maps: Tensor


class _Body(Protocol):
    """The part of timm's interface that a classifier needs."""

    def forward_features(self, film: Tensor) -> Tensor: ...


class FilmClassifier(nn.Module):
    """A network with everything between a grey film and a logit inside it: scaling, body and head.

    Replication to channels and scaling belong to the network, so that no caller can do them otherwise.

    Args:
        body: a timm network without its own head, or `SmallCNN`.
        head: from the body's maps to scores.
        mean, std: per channel, of grey levels in 0 to 1; their length is the number of channels of the body.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, body: nn.Module, head: Head, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.body = body
        self.head = head
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(1, -1, 1, 1))

    def forward(self, film: Tensor) -> FilmOutputs:
        """film: (n, 1, side, side), grey levels 0 to 255 of any dtype; the logit is pneumonia minus normal."""
        maps = self.maps(film)
        return FilmOutputs(self.logit(maps), maps.mean(dim=(2, 3)), maps)

    def maps(self, film: Tensor) -> Tensor:
        """(n, c, h, w) the last feature maps."""
        scaled = (film.float() / 255 - self.mean) / self.std  # (n, channels, side, side): broadcasting replicates
        return cast(_Body, self.body).forward_features(scaled)

    def logit(self, maps: Tensor) -> Tensor:
        """(n,) fp32, from the last feature maps."""
        scores: Tensor = self.head(maps)
        logit = scores[:, 0] - scores[:, 1] if self.head.last.out_features == 2 else scores[:, 0]
        return logit.float()

    @property
    def is_plain_timm(self) -> bool:
        """True where timm builds the same network by itself: its own body and one linear layer on pooled maps."""
        return hasattr(self.body, "pretrained_cfg") and isinstance(self.head, LinearHead)


class LogitOfFilms(nn.Module):
    """A classifier as training sees it: films in, logits out, and nothing beside them."""

    def __init__(self, classifier: FilmClassifier) -> None:
        super().__init__()
        self.classifier = classifier

    def forward(self, film: Tensor) -> Tensor:
        """(n, 1, side, side) -> (n,) logits."""
        return self.classifier.logit(self.classifier.maps(film))
