"""The places of a network's maps are those that a point on the film excites."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hilum.attribution.places import Places
from hilum.explaining.places import places_of_maps
from hilum.models import build_network
from hilum.recipe import Network


def _places(architecture: str, side: int) -> Places:
    torch.manual_seed(0)
    head = "dense" if architecture.startswith("vgg") else "linear"
    classifier = build_network(Network(architecture=architecture, head=head, hidden=8, widths=(16, 16, 16)), side)
    places = places_of_maps(classifier, side)
    assert places is not None
    return places


@pytest.mark.parametrize(
    ("architecture", "side", "expected"),
    [
        ("mobilenetv2_100", 224, Places(0.5, 32)),  # five padded strides: the first place looks at the corner
        ("small-cnn", 128, Places(0.5, 16)),
        ("vgg11", 96, Places(16, 32)),  # five pools of two pixels: the middle of its cell
    ],
)
def test_first_place_looks_where_paddings_and_pools_put_it(architecture: str, side: int, expected: Places) -> None:
    assert _places(architecture, side) == expected


def test_middle_of_a_place_is_the_middle_of_what_its_gradient_reaches() -> None:
    side = 256
    classifier = build_network(Network(architecture="small-cnn", widths=(16, 16)), side).eval()
    places = places_of_maps(classifier, side)
    assert places is not None
    film = torch.rand((1, 1, side, side)).mul(255).requires_grad_()
    place = 14
    (gradient,) = torch.autograd.grad(classifier.maps(film)[0, :, place, place].sum(), film)
    reached = np.flatnonzero(gradient[0, 0].abs().sum(dim=1).numpy())
    assert 0 < reached[0] < reached[-1] < side - 1
    assert (reached[0] + reached[-1] + 1) / 2 == pytest.approx(places.first_px + place * places.step_px, abs=2)
