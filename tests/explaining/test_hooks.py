"""Whatever is asked of a network, it is afterwards as it was."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from hilum.explaining.atlas import draw_atlas
from hilum.explaining.gradcam import exact_map, grad_cam
from hilum.explaining.hooks import listening, outputs_of, unchanged
from hilum.explaining.integrated_gradients import integrated_gradients
from hilum.explaining.methods import network_evidence
from hilum.explaining.randomisation import cascade
from hilum.models import FilmClassifier, build_network, freeze, set_training_mode
from hilum.recipe import Network

SIDE = 32
SQUARES = np.random.default_rng(0).integers(0, 256, (2, SIDE, SIDE), dtype=np.uint8)
FILM = torch.from_numpy(SQUARES)[:, None]
INNER = "body.stages.0.0.conv1"


@dataclass(frozen=True)
class State:
    """What explaining must not change."""

    hooks: list[int]
    modes: list[bool]
    marks: list[bool]
    tensors: list[Tensor]
    gradients: list[Tensor | None]
    logit: Tensor


def state_of(classifier: FilmClassifier) -> State:
    modules = list(classifier.modules())
    tables = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    modes = [module.training for module in modules]
    with torch.no_grad(), unchanged(classifier):
        logit = classifier(FILM).logit
    return State(
        hooks=[len(getattr(module, table)) for module in modules for table in tables],
        modes=modes,
        marks=[parameter.requires_grad for parameter in classifier.parameters()],
        tensors=[tensor.clone() for tensor in classifier.state_dict().values()],
        gradients=[parameter.grad for parameter in classifier.parameters()],
        logit=logit,
    )


def same(one: State, other: State) -> bool:
    return (
        (one.hooks, one.modes, one.marks) == (other.hooks, other.modes, other.marks)
        and all(torch.equal(a, b) for a, b in zip(one.tensors, other.tensors, strict=True))
        and one.gradients == other.gradients == [None] * len(one.gradients)
        and torch.equal(one.logit, other.logit)
    )


@pytest.fixture
def classifier() -> FilmClassifier:
    """In training, half frozen: every mode and every mark occurs."""
    torch.manual_seed(0)
    network = Network(architecture="small-cnn", widths=(16, 16), trained="head", norms="trained", dropout=0.5)
    classifier = build_network(network)
    freeze(classifier, network)
    set_training_mode(classifier)
    assert len({module.training for module in classifier.modules()}) == 2
    assert len({parameter.requires_grad for parameter in classifier.parameters()}) == 2
    return classifier


def listen_to_all(classifier: FilmClassifier) -> None:
    with outputs_of(classifier, [name for name, _ in classifier.named_modules() if name]):
        classifier(FILM)


METHODS: dict[str, Callable[[FilmClassifier], Any]] = {
    "map": lambda classifier: exact_map(classifier, SQUARES),
    "gradcam": lambda classifier: grad_cam(classifier, SQUARES),
    "gradcam-inner": lambda classifier: grad_cam(classifier, SQUARES, INNER),
    "integrated-gradients": lambda classifier: integrated_gradients(classifier, SQUARES[0]),
    "occlusion": lambda classifier: network_evidence("occlusion")(classifier, SQUARES[:1]),
    "activations": lambda classifier: draw_atlas(classifier, SQUARES[0], exciting=SQUARES),
    "randomisation": lambda classifier: list(cascade(classifier, SQUARES, steps=2, seed=0)),
    "outputs": listen_to_all,
}


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_network_is_afterwards_as_it_was(classifier: FilmClassifier, method: Callable[..., Any]) -> None:
    before = state_of(classifier)
    method(classifier)
    assert same(before, state_of(classifier))


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
@pytest.mark.parametrize("problem", [RuntimeError, KeyboardInterrupt])
def test_so_it_is_after_an_error_or_ctrl_c_within(
    classifier: FilmClassifier, problem: type[BaseException], method: Callable[..., Any], monkeypatch: Any
) -> None:
    before = state_of(classifier)

    def broken(_self: nn.Linear, _features: Tensor) -> Tensor:
        raise problem

    with monkeypatch.context() as patch, pytest.raises(problem):
        patch.setattr(nn.Linear, "forward", broken)  # the head's last layer: all hooks before it have been heard
        if method is METHODS["map"]:
            patch.setattr(type(classifier.head), "evidence", broken)
        method(classifier)
    assert same(before, state_of(classifier))


def test_what_was_heard_stays_although_the_network_overwrites_it() -> None:
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(inplace=True))
    film = torch.randn(1, 1, 8, 8)
    with outputs_of(network, ["0", "1"]) as outputs, torch.no_grad():
        answer = network(film)
    assert (outputs["0"] < 0).any()
    assert torch.equal(outputs["1"], answer) and torch.equal(outputs["0"].relu(), answer)


def test_outputs_are_those_of_a_network_without_hooks(classifier: FilmClassifier) -> None:
    classifier.eval()
    with torch.no_grad(), outputs_of(classifier, [INNER, "head.pool"]) as outputs:
        heard = classifier(FILM)
    with torch.no_grad():
        alone = classifier(FILM)
    assert torch.equal(heard.logit, alone.logit) and torch.equal(outputs["head.pool"], alone.features)
    assert list(outputs) == [INNER, "head.pool"]


def test_listening_keeps_nothing_and_hears_each_run(classifier: FilmClassifier) -> None:
    heard: list[str] = []
    with listening(classifier, [INNER], lambda name, _: heard.append(name)), torch.no_grad():
        classifier(FILM)
        classifier(FILM)
    assert heard == [INNER, INNER]


def test_unknown_module_leaves_no_hook_behind(classifier: FilmClassifier) -> None:
    before = state_of(classifier)
    with suppress(AttributeError), outputs_of(classifier, [INNER, "body.nothing"]):
        pytest.fail("a module that does not exist was taken")
    assert same(before, state_of(classifier))
