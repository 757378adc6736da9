"""Recipes: complete, documented, and refused in words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hilum.errors import HilumError
from hilum.recipe import PACKAGED, packaged_recipes, read_recipe, recipe_keys


@pytest.mark.parametrize("name", packaged_recipes())
def test_packaged_recipe_is_valid_and_its_header_gives_the_command(name: str) -> None:
    assert read_recipe(name).name == name
    assert f"hilum train {name} DATA" in (PACKAGED / f"{name}.toml").read_text()


def test_every_key_is_described() -> None:
    assert [key for key, text in recipe_keys().items() if len(text) < 10] == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("train.epoch=3", "Did you mean 'epochs'?"),
        ("trian.epochs=3", "Did you mean 'train'?"),
        ("train.epochs=0", "train.epochs = 0"),
        ("network.trained=most", "Expected 'all', 'head' or 'last'"),
        ("network.head_nodes=3", "Expected 1 or 2."),
        ("network.widths=[]", "network.widths = []. Expected at least 1."),
        ("network.widths=[0]", "network.widths = 0. Expected a number greater than or equal to 16."),
        ("network.widths=[16, -1]", "network.widths = -1. Expected a number greater than or equal to 16."),
        ("network.widths=[4097]", "Expected a number less than or equal to 4096. About 'network.widths': Channels"),
        ("network.widths=8", "Expected a list."),
        ("network.pretrained=perhaps", "Expected true or false."),
        ("seed=4294967296", "Expected a number less than 4294967296."),
        ("seed=0.5", "seed = 0.5"),
        ("train.plateau_patience=0", "Expected a number greater than or equal to 1."),
        ("fold=5", "Expected a number less than or equal to 4."),
        ("name=../mine", "Expected small letters, digits and hyphens, a letter or digit first."),
        (f"name={'x' * 200}", "Expected at most 100 letters."),
        ("train.epochs=1000000", "Expected a number less than or equal to 100000."),
        ("train.batch_size=100000", "Expected a number less than or equal to 65536."),
        ("train.learning_rate=inf", "train.learning_rate = inf. Expected a finite number."),
        ("train.learning_rate=1e9", "Expected a number less than or equal to 100."),
        ("train.weight_decay=nan", "Expected a finite number."),
        ("augment.rotation_degrees=nan", "Expected a finite number."),
        ("augment.zoom=nan", "Expected a finite number."),
        ("film.side=100000000000000000000", "film.side = 100000000000000000000"),
        ("train.learning_rate=1" + "0" * 400, "train.learning_rate = 1000"),
        ("epochs", "Expected KEY=VALUE"),
        ("name.first=x", "'name' in 'name.first=x' is not a section"),
        ("film=224", "film = 224. Expected a section."),
    ],
)
def test_wrong_change_is_refused_in_words(change: str, words: str) -> None:
    with pytest.raises(HilumError, match=re.escape(words)):
        read_recipe("cnn-scratch", [change])


def test_change_is_made() -> None:
    recipe = read_recipe("cnn-scratch", ["train.epochs=3", "protocol=block", "network.widths=[16, 32]"])
    assert (recipe.train.epochs, recipe.protocol, recipe.network.widths) == (3, "block", (16, 32))


def test_unknown_recipe_names_the_nearest() -> None:
    with pytest.raises(HilumError, match="Did you mean 'cnn-scratch'"):
        read_recipe("cnn-scrach")


def test_file_that_is_not_toml_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("name = 'mine'\nepochs 3\n")
    with pytest.raises(HilumError, match="line 2"):
        read_recipe(str(tmp_path / "mine.toml"))


def test_missing_key_says_what_it_is(tmp_path: Path) -> None:
    text = (PACKAGED / "cnn-scratch.toml").read_text().replace("learning_rate = 0.003\n", "")
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(
        HilumError, match=r"no 'train\.learning_rate'\. Expected largest learning rate of the schedule\. Add"
    ):
        read_recipe(str(tmp_path / "mine.toml"))
