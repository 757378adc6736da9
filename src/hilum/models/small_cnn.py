"""The self-made network: small enough to train on two cores, residual so that it trains from random weights."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from hilum.models.heads import ACTIVATIONS
from hilum.recipe.keys import Activation


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut; the first one may halve the map.

    Source: He et al. 2016, "Deep Residual Learning for Image Recognition", figure 2.
    """

    def __init__(self, channels_in: int, channels_out: int, stride: int, activation: Activation) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels_out)
        self.act1 = ACTIVATIONS[activation]()
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels_out)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or channels_in != channels_out:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels_in, channels_out, 1, stride, bias=False), nn.BatchNorm2d(channels_out)
            )
        self.act2 = ACTIVATIONS[activation]()
        # The block starts as its shortcut alone, which steadies the first steps (Goyal et al. 2017, section 5.1).
        nn.init.zeros_(self.norm2.weight)

    def forward(self, maps: Tensor) -> Tensor:
        """(n, channels_in, h, w) -> (n, channels_out, h / stride, w / stride)."""
        inner = self.act1(self.norm1(self.conv1(maps)))
        outer: Tensor = self.act2(self.norm2(self.conv2(inner)) + self.shortcut(maps))
        return outer


class SmallCNN(nn.Module):
    """A stem that halves the film, then stages of two residual blocks that halve it again.

    Its one method is timm's, so that `FilmClassifier` treats both kinds of network alike.

    Args:
        widths: channels of each stage.
        activation: after each norm.
    """

    def __init__(self, widths: Sequence[int], activation: Activation = "relu") -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(1, widths[0], 5, stride=2, padding=2, bias=False),
            nn.BatchNorm2d(widths[0]),
            ACTIVATIONS[activation](),
        )
        channels = [widths[0], *widths]
        self.stages = nn.Sequential(
            *(
                nn.Sequential(
                    ResidualBlock(channels[i], width, 2, activation), ResidualBlock(width, width, 1, activation)
                )
                for i, width in enumerate(widths)
            )
        )
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")

    def forward_features(self, film: Tensor) -> Tensor:
        """(n, 1, side, side) -> (n, widths[-1], side / 32, side / 32) for four stages."""
        maps: Tensor = self.stages(self.stem(film))
        return maps
