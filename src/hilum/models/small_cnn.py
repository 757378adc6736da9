"""The self-made network: small enough to train on two cores, residual so that it trains from random weights."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut; the first one may halve the map.

    Source: He et al. 2016, "Deep Residual Learning for Image Recognition", figure 2.
    """

    def __init__(self, channels_in: int, channels_out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels_out)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels_out)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or channels_in != channels_out:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels_in, channels_out, 1, stride, bias=False), nn.BatchNorm2d(channels_out)
            )
        # The block starts as its shortcut alone, which steadies the first steps (Goyal et al. 2017, section 5.1).
        nn.init.zeros_(self.norm2.weight)

    def forward(self, maps: Tensor) -> Tensor:
        """(n, channels_in, h, w) -> (n, channels_out, h / stride, w / stride)."""
        inner = functional.relu(self.norm1(self.conv1(maps)))
        return functional.relu(self.norm2(self.conv2(inner)) + self.shortcut(maps))


class SmallCNN(nn.Module):
    """A stem that halves the film, then stages of two residual blocks that halve it again.

    The method names are timm's, so that `FilmClassifier` treats both kinds of network alike.

    Args:
        outputs: nodes of the head.
        widths: channels of each stage.
        dropout: share of the pooled features dropped while training.
    """

    def __init__(self, outputs: int, widths: Sequence[int], dropout: float) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(1, widths[0], 5, stride=2, padding=2, bias=False),
            nn.BatchNorm2d(widths[0]),
            nn.ReLU(inplace=True),
        )
        channels = [widths[0], *widths]
        self.stages = nn.Sequential(
            *(
                nn.Sequential(ResidualBlock(channels[i], width, stride=2), ResidualBlock(width, width, stride=1))
                for i, width in enumerate(widths)
            )
        )
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(widths[-1], outputs)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")

    def forward_features(self, film: Tensor) -> Tensor:
        """(n, 1, side, side) -> (n, widths[-1], side / 32, side / 32) for four stages."""
        maps: Tensor = self.stages(self.stem(film))
        return maps

    def forward_head(self, maps: Tensor, pre_logits: bool = False) -> Tensor:
        """Average pool and dropout; then the linear layer unless `pre_logits`."""
        features: Tensor = self.dropout(maps.mean(dim=(2, 3)))
        return features if pre_logits else self.classifier(features)

    def get_classifier(self) -> nn.Linear:
        """The linear head."""
        return self.classifier
