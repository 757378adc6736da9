"""The stated field is held against the pixels that a gradient really reaches."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from hilum.explaining.receptive_field import Field, Span, receptive_fields
from hilum.models.operations import operations_of


class Branches(nn.Module):
    """Branches as InceptionV3 has them: 1 x 7 and 7 x 1, a pool that is a function, padding on one side only."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 2, 5, stride=2, padding=2)
        self.wide = nn.Conv2d(2, 2, (1, 7), padding=(0, 3))
        self.high = nn.Conv2d(2, 2, (7, 1), padding=(3, 0))
        self.dilated = nn.Conv2d(2, 2, 3, padding=2, dilation=2)
        self.uneven = nn.Conv2d(8, 3, 3, stride=2)

    def forward(self, film: Tensor) -> Tensor:
        maps = functional.elu(self.stem(film / 255))
        pooled = functional.avg_pool2d(maps, 3, stride=1, padding=1)
        joined = torch.cat([self.wide(maps), self.high(maps), self.dilated(maps), pooled], dim=1)
        result: Tensor = self.uneven(functional.pad(joined, (0, 1, 0, 1)))
        return result


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 7, stride=2, padding=3)
        self.first = nn.Conv2d(4, 4, 3, padding=1)
        self.last = nn.Conv2d(4, 4, 3, padding=1)
        self.pool = nn.AvgPool2d(2)

    def forward(self, film: Tensor) -> Tensor:
        maps = torch.tanh(self.stem(film / 255))
        result: Tensor = self.pool(maps + self.last(torch.tanh(self.first(maps))))
        return result


class ChannelsLast(nn.Module):
    """A ConvNeXt block: depthwise convolution, then norm and dense layers with the channels last."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 4, stride=4)
        self.depthwise = nn.Conv2d(4, 4, 5, padding=2, groups=4)
        self.norm = nn.LayerNorm(4)
        self.grow = nn.Linear(4, 8)
        self.shrink = nn.Linear(8, 4)

    def forward(self, film: Tensor) -> Tensor:
        maps = self.stem(film / 255)
        inner = self.norm(self.depthwise(maps).permute(0, 2, 3, 1))
        result: Tensor = maps + self.shrink(functional.gelu(self.grow(inner))).permute(0, 3, 1, 2)
        return result


class Pooled(nn.Module):
    """Squeeze and excitation: every place hears of the whole film."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3, padding=1)
        self.squeeze = nn.Conv2d(4, 4, 1)

    def forward(self, film: Tensor) -> Tensor:
        maps: Tensor = self.stem(film / 255)
        return maps * torch.sigmoid(self.squeeze(maps.mean(dim=(2, 3), keepdim=True)))


class Flattened(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 2, 3, padding=1)
        self.first = nn.Linear(2 * 16 * 16, 4)

    def forward(self, film: Tensor) -> Tensor:
        return torch.relu(self.first(self.stem(film / 255).flatten(1)))


def stated(network: nn.Module, side: int) -> Field | None:
    operations = operations_of(network, side)
    return receptive_fields(operations)[operations[-1].result.number]


def reached(network: nn.Module, side: int, row: int, column: int) -> tuple[int, int, int, int]:
    """First and last row, first and last column of the film that a place of the output depends on."""
    film = torch.rand((1, 1, side, side), dtype=torch.float64, requires_grad=True)
    maps = network.double()(film)
    maps[0, :, row, column].sum().backward()
    assert film.grad is not None
    touched = film.grad[0, 0].abs() > 0
    rows, columns = touched.any(dim=1).nonzero().ravel(), touched.any(dim=0).nonzero().ravel()
    return int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1])


@pytest.mark.parametrize("kind", [Branches, Residual, ChannelsLast])
@pytest.mark.parametrize("place", [(0, 0), (4, 5), (9, 3)])
def test_field_is_what_a_gradient_reaches(kind: type[nn.Module], place: tuple[int, int]) -> None:
    torch.manual_seed(0)
    side, network = 64, kind()
    field = stated(network, side)
    assert field is not None and field.axes == (2, 3)
    expected = []
    for span, at in zip((field.down, field.across), place, strict=True):
        expected += [max(0, span.first + at * span.step_px), min(side - 1, span.last + at * span.step_px)]
    assert reached(network, side, *place) == tuple(expected)


@pytest.mark.parametrize("kind", [Pooled, Flattened])
def test_what_mixes_all_places_sees_the_whole_film(kind: type[nn.Module]) -> None:
    assert stated(kind(), 16) is None


def test_field_of_two_convolutions_by_hand() -> None:
    network = nn.Sequential(nn.Conv2d(1, 1, 3, stride=2, padding=1), nn.Conv2d(1, 1, 3, padding=1))

    class Film(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = network

        def forward(self, film: Tensor) -> Tensor:
            result: Tensor = self.layers(film.float())
            return result

    field = stated(Film(), 16)
    assert field == Field(Span(-3, 3, 2), Span(-3, 3, 2))
    assert field is not None and field.side_px == 7
