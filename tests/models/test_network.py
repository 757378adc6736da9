"""One shape for every network."""

from __future__ import annotations

import pytest
import timm
import torch

from hilum.errors import HilumError
from hilum.models import FilmClassifier, build_network
from hilum.recipe import Network

pytestmark = pytest.mark.slow  # seconds a test: `make check` leaves them to `make test`


def films(count: int, side: int) -> torch.Tensor:
    return torch.randint(0, 256, (count, 1, side, side), generator=torch.Generator().manual_seed(0)).byte()


@pytest.mark.parametrize(("architecture", "channels"), [("small-cnn", 192), ("mobilenetv2_100", 1280)])
def test_network_answers_with_logit_features_and_maps(architecture: str, channels: int) -> None:
    outputs = build_network(Network(architecture=architecture), 96).eval()(films(2, 96))
    assert outputs.logit.shape == (2,)
    assert outputs.features.shape == (2, channels)
    assert outputs.maps.shape[:2] == (2, channels)


def test_two_node_head_answers_pneumonia_minus_normal() -> None:
    classifier = build_network(Network(architecture="small-cnn", head_nodes=2, widths=(16, 16)), 32).eval()
    outputs = classifier(films(3, 32))
    scores = classifier.head(outputs.maps)
    torch.testing.assert_close(outputs.logit, scores[:, 0] - scores[:, 1])
    bias = classifier.head.last.bias
    torch.testing.assert_close(outputs.features @ classifier.head.logit_weights() + bias[0] - bias[1], outputs.logit)


def test_grey_levels_are_scaled_inside_the_network() -> None:
    classifier = build_network(Network(architecture="small-cnn", widths=(16, 16)), 32).eval()
    torch.testing.assert_close(classifier(films(2, 32)).logit, classifier(films(2, 32).float()).logit)


def test_unknown_architecture_names_the_nearest() -> None:
    with pytest.raises(HilumError, match="Did you mean 'mobilenetv2_100'"):
        build_network(Network(architecture="mobilenet2_100"))


def test_network_without_average_pool_and_linear_head_is_refused() -> None:
    with pytest.raises(HilumError, match="does not end in one linear layer"):
        build_network(Network(architecture="vit_tiny_patch16_224"))


@pytest.mark.parametrize("architecture", ["mobilenetv3_small_050", "ghostnet_100", "lcnet_050"])
def test_network_with_a_convolution_behind_the_pool_is_refused(architecture: str) -> None:
    with pytest.raises(HilumError, match=f"'{architecture}' does not end in one linear layer"):
        build_network(Network(architecture=architecture))


@pytest.mark.parametrize("architecture", ["small-cnn", "mobilenetv2_100", "resnet18"])
def test_network_whose_features_are_the_mean_of_its_maps_is_taken(architecture: str) -> None:
    classifier = build_network(Network(architecture=architecture, dropout=0.5), 96)
    assert all(module.training for module in classifier.modules())
    outputs = classifier.eval()(films(1, 96))
    torch.testing.assert_close(outputs.features, outputs.maps.mean(dim=(2, 3)), rtol=1e-4, atol=1e-4)


def test_looking_at_a_film_changes_neither_first_weights_nor_what_is_drawn_next() -> None:
    torch.manual_seed(7)
    alone = timm.create_model("mobilenetv2_100", num_classes=0)
    torch.nn.Linear(1280, 1)
    next_alone = torch.rand(3)
    torch.manual_seed(7)
    built = build_network(Network(architecture="mobilenetv2_100", dropout=0.5), 64).body
    assert torch.equal(torch.rand(3), next_alone)
    for name, tensor in alone.state_dict().items():
        assert torch.equal(built.state_dict()[name], tensor)


def test_layers_that_make_no_maps_are_dropped() -> None:
    body = build_network(Network(architecture="vgg11", head="dense"), 64).body
    assert [name for name, _ in body.named_children()] == ["features"]


def test_scaling_by_255_alone_replaces_that_of_the_pretraining() -> None:
    classifier = build_network(Network(architecture="mobilenetv2_100", scaling="unit"), 64)
    assert not classifier.mean.any() and (classifier.std == 1).all() and classifier.mean.numel() == 3


def test_film_too_small_for_the_network_is_refused() -> None:
    with pytest.raises(HilumError, match="'vgg11' takes no films of 28 px"):
        build_network(Network(architecture="vgg11", head="dense"), 28)


def test_same_seed_gives_the_same_first_weights() -> None:
    def first() -> FilmClassifier:
        torch.manual_seed(7)
        return build_network(Network(architecture="small-cnn", widths=(16, 16)))

    for one, other in zip(first().state_dict().values(), first().state_dict().values(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("head", ["linear", "dense", "concat"])
def test_network_with_its_channels_last_is_refused(head: str) -> None:
    with pytest.raises(HilumError, match="gives no feature maps"):
        build_network(Network.model_validate({"architecture": "swin_tiny_patch4_window7_224", "head": head}))
