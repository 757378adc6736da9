"""What stands behind the last feature maps: scores, and the evidence of each place for the logit.

Every head writes its evidence as forward operations, so that one graph gives answer and map without gradients.
"""

from __future__ import annotations

import math
from typing import Final, cast

import torch
from torch import Tensor, nn

from hilum.modelfolder.maps import EXACT_EVIDENCE, GRADIENT_EVIDENCE
from hilum.recipe import Network
from hilum.recipe.keys import Activation

ACTIVATIONS: Final[dict[Activation, type[nn.Module]]] = {
    "relu": nn.ReLU,
    "leaky-relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
}


class AveragePool(nn.Module):
    """The mean of each map over its places. A module, so that a network's list of layers has it."""

    def forward(self, maps: Tensor) -> Tensor:
        """(n, c, h, w) -> (n, c)."""
        return maps.mean(dim=(2, 3))


class MaximumPool(nn.Module):
    """The maximum of each map; among equals, its gradient goes to all in equal shares."""

    def forward(self, maps: Tensor) -> Tensor:
        """(n, c, h, w) -> (n, c)."""
        # amax, because the gradient of torch's maximum pool is not deterministic on CUDA.
        return maps.amax(dim=(2, 3))


class BothPools(nn.Module):
    """Maxima, then averages, in fast.ai's order."""

    def __init__(self) -> None:
        super().__init__()
        self.maximum = MaximumPool()
        self.average = AveragePool()

    def forward(self, maps: Tensor) -> Tensor:
        """(n, c, h, w) -> (n, 2 c)."""
        return torch.cat([self.maximum(maps), self.average(maps)], dim=1)


class Head(nn.Module):
    """From maps (n, c, h, w) to scores (n, 1) or (n, 2), pneumonia first.

    Every head ends in a linear layer `last`, so that first weights can start it at zero.
    """

    last: nn.Linear
    evidence_in_words: str

    def evidence(self, maps: Tensor) -> Tensor:
        """(n, h, w) what each place says for the logit; its mean over places is of the logit's size."""
        raise TypeError(f"{type(self).__name__} states no evidence")

    def logit_weights(self) -> Tensor:
        """(features,) weights of the logit on what enters the last layer; a difference where there are two nodes."""
        weight = self.last.weight
        return weight[0] - weight[1] if weight.shape[0] == 2 else weight[0]


class LinearHead(Head):
    """Average pool, dropout and one linear layer: the end of most networks.

    Its evidence is exact: the logit's own decomposition over places (Zhou et al. 2016, "Learning Deep Features for
    Discriminative Localization", equation 2).
    """

    evidence_in_words = EXACT_EVIDENCE

    def __init__(self, channels: int, nodes: int, dropout: float) -> None:
        super().__init__()
        self.pool = AveragePool()
        self.dropout = nn.Dropout(dropout)
        self.last = nn.Linear(channels, nodes)

    def forward(self, maps: Tensor) -> Tensor:
        """(n, c, h, w) -> (n, nodes)."""
        scores: Tensor = self.last(self.dropout(self.pool(maps)))
        return scores

    def evidence(self, maps: Tensor) -> Tensor:
        """The weights of the logit over the maps."""
        return (maps * self.logit_weights().view(1, -1, 1, 1)).sum(dim=1)


class DenseHead(Head):
    """The maps flattened, a hidden dense layer, dropout and a last one.

    Args:
        shape: (c, h, w) of the maps.
    """

    evidence_in_words = GRADIENT_EVIDENCE

    def __init__(
        self, shape: tuple[int, int, int], hidden: int, nodes: int, dropout: float, activation: Activation
    ) -> None:
        super().__init__()
        self.flatten = nn.Flatten()
        self.first = nn.Linear(math.prod(shape), hidden)
        self.activation = ACTIVATIONS[activation]()
        self.dropout = nn.Dropout(dropout)
        self.last = nn.Linear(hidden, nodes)
        self.kind = activation

    def forward(self, maps: Tensor) -> Tensor:
        """(n, c, h, w) -> (n, nodes)."""
        scores: Tensor = self.last(self.dropout(self.activation(self.first(self.flatten(maps)))))
        return scores

    def evidence(self, maps: Tensor) -> Tensor:
        """Gradient of the logit by the maps, times the maps; h w times that, as a mean over places undoes it."""
        slope = derivative(self.kind, self.first(self.flatten(maps)))
        gradient = ((slope * self.logit_weights()) @ self.first.weight).view_as(maps)
        return (maps * gradient).sum(dim=1) * (maps.shape[2] * maps.shape[3])


class ConcatHead(Head):
    """fast.ai's head: maximum and average pool side by side, norms, dropout and two dense layers.

    Source: `create_head` of fastai 2 with its defaults; the first dropout is half the last.
    """

    evidence_in_words = GRADIENT_EVIDENCE

    def __init__(self, channels: int, hidden: int, nodes: int, dropout: float, activation: Activation) -> None:
        super().__init__()
        self.pools = BothPools()
        self.norm1 = nn.BatchNorm1d(2 * channels)
        self.dropout1 = nn.Dropout(dropout / 2)
        self.first = nn.Linear(2 * channels, hidden, bias=False)
        self.activation = ACTIVATIONS[activation]()
        self.norm2 = nn.BatchNorm1d(hidden)
        self.dropout2 = nn.Dropout(dropout)
        self.last = nn.Linear(hidden, nodes, bias=False)
        self.kind = activation

    def forward(self, maps: Tensor) -> Tensor:
        """(n, c, h, w) -> (n, nodes)."""
        inner = self.activation(self.first(self.dropout1(self.norm1(self.pools(maps)))))
        scores: Tensor = self.last(self.dropout2(self.norm2(inner)))
        return scores

    def evidence(self, maps: Tensor) -> Tensor:
        """Gradient of the logit by the maps, times the maps, h w times; a maximum's is where it lies."""
        places = maps.shape[2] * maps.shape[3]
        slope = derivative(self.kind, self.first(self.norm1(self.pools(maps))))
        of_hidden = slope * (self.logit_weights() * norm_scale(self.norm2))
        of_pools = (of_hidden @ self.first.weight) * norm_scale(self.norm1)
        of_maximum, of_average = of_pools[:, :, None, None].chunk(2, dim=1)
        return (maps * (of_average + of_maximum * share_of_maximum(maps) * places)).sum(dim=1)


def build_head(network: Network, shape: tuple[int, int, int]) -> Head:
    """The recipe's head for maps of the shape (c, h, w), with random weights from torch's global generator."""
    if network.head == "dense":
        return DenseHead(shape, network.hidden, network.head_nodes, network.dropout, network.activation)
    if network.head == "concat":
        return ConcatHead(shape[0], network.hidden, network.head_nodes, network.dropout, network.activation)
    return LinearHead(shape[0], network.head_nodes, network.dropout)


def derivative(activation: Activation, value: Tensor) -> Tensor:
    """The slope of an activation at `value`, as forward operations; at the corner of a ReLU it is 0, as torch's is."""
    if activation == "relu":
        return (value > 0).to(value.dtype)
    if activation == "leaky-relu":
        return torch.where(value > 0, 1.0, 0.01)
    if activation == "elu":
        return torch.where(value > 0, 1.0, value.clamp(max=0).exp())
    if activation == "gelu":
        density = torch.exp(-value.square() / 2) / math.sqrt(2 * math.pi)
        return (1 + torch.erf(value / math.sqrt(2))) / 2 + value * density
    if activation == "silu":
        gate = torch.sigmoid(value)
        return gate * (1 + value * (1 - gate))
    return 1 - torch.tanh(value).square()


def share_of_maximum(maps: Tensor) -> Tensor:
    """(n, c, h, w): 1 where a map has its maximum, divided among equals; the gradient of `amax`."""
    is_maximum = (maps == maps.amax(dim=(2, 3), keepdim=True)).to(maps.dtype)
    return is_maximum / is_maximum.sum(dim=(2, 3), keepdim=True)


def norm_scale(norm: nn.BatchNorm1d) -> Tensor:
    """What a norm in evaluation mode multiplies its input by."""
    return norm.weight / torch.sqrt(cast(Tensor, norm.running_var) + norm.eps)
