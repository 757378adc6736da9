"""The packaged recipes: readable as protocols, true to the projects they follow."""

from __future__ import annotations

from typing import Any

import pytest

from hilum.recipe import PACKAGED, packaged_recipes, read_recipe

NAMES = packaged_recipes()
VARIANTS = [name for name in NAMES if name.endswith("-mobilenetv2")]


def header(name: str) -> str:
    text = (PACKAGED / f"{name}.toml").read_text(encoding="utf-8")
    return "\n".join(line for line in text.split("\nname =")[0].splitlines() if line.startswith("#"))


def test_every_recipe_of_the_five_projects_is_there() -> None:
    assert set(NAMES) >= {
        "inceptionv3-full",
        "xception-last55",
        "xception-last100",
        "resnet50-onecycle",
        "resnet50-frozen",
        "resnet50-unfreeze",
        "vgg19-frozen",
        "cnn-scratch",
        "mobilenetv2-frozen",
        "best",
    }
    assert len(VARIANTS) == 6


@pytest.mark.parametrize("name", NAMES)
def test_header_says_what_it_is_and_gives_the_command(name: str) -> None:
    lines = header(name).splitlines()
    assert len(lines[0]) > 30 and lines[0].endswith(".")
    assert f"#   hilum train {name} DATA" in header(name)
    assert max(map(len, lines)) <= 120


@pytest.mark.parametrize("name", NAMES)
def test_what_to_expect_was_measured_or_is_said_not_to_be(name: str) -> None:
    expected = read_recipe(name).expected
    sentence = f"pretrained weights not at hand; run `hilum reproduce DATA --only {name}` where the Hub can be reached"
    assert "AUROC" in expected or "not measured yet" in expected or expected == sentence


@pytest.mark.parametrize("name", VARIANTS)
def test_variant_is_the_same_method_on_another_network(name: str) -> None:
    theirs, ours = (read_recipe(one).model_dump() for one in (name.removesuffix("-mobilenetv2"), name))
    allowed = {"name", "summary", "source", "expected", "network.architecture", "film.side", "precision"}
    assert set(differences(theirs, ours)) <= allowed
    assert ours["network"]["architecture"] == "mobilenetv2_100"


@pytest.mark.parametrize(
    ("name", "values"),
    [
        (
            "inceptionv3-full",
            {"film.side": 299, "network.trained": "all", "train.schedule": "plateau", "train.keep": "loss"},
        ),
        (
            "xception-last55",
            {"film.side": 299, "network.last_layers": 55, "network.head_nodes": 2, "train.optimizer": "adam"}
            | {"train.learning_rate": 0.001, "train.epochs": 10, "train.batch_size": 10},
        ),
        ("xception-last100", {"network.last_layers": 100, "train.batch_size": 10}),
        (
            "resnet50-onecycle",
            {"network.norms": "trained", "network.head": "concat", "train.epochs": 8, "train.learning_rate": 0.003}
            | {"train.schedule": "one-cycle", "train.cycle_momentum": True, "cache.enabled": False},
        ),
        ("resnet50-frozen", {"network.norms": "frozen", "cache.enabled": True, "augment.views": 2}),
        (
            "vgg19-frozen",
            {"film.side": 150, "network.scaling": "unit", "network.head": "dense", "network.head_nodes": 1},
        ),
    ],
)
def test_recipe_has_the_numbers_of_its_project(name: str, values: dict[str, Any]) -> None:
    recipe = read_recipe(name).model_dump()
    assert {key: recipe[(parts := key.split("."))[0]][parts[1]] for key in values} == values


def differences(first: dict[str, Any], second: dict[str, Any], start: str = "") -> list[str]:
    """Dotted keys whose values differ."""
    found = []
    for key, value in first.items():
        if isinstance(value, dict):
            found += differences(value, second[key], f"{start}{key}.")
        elif value != second[key]:
            found.append(f"{start}{key}")
    return found
