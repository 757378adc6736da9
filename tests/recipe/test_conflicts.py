"""Keys that contradict each other are refused by name."""

from __future__ import annotations

import pytest

from hilum.errors import HilumError
from hilum.recipe import read_recipe

CACHED = ["cache.enabled=true", "augment.views=2"]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        (["network.trained=last"], "last_layers"),
        (["network.last_layers=3"], "last_layers"),
        (["network.trained=all", "network.norms=trained"], "norms"),
        (["train.unfreeze_epoch=8", "train.epochs=8"], "unfreeze_epoch"),
        (["network.trained=all", "train.unfreeze_epoch=1"], "unfreeze"),
        (["train.unfrozen_learning_rate=0.1"], "unfreezes none"),
        (["fold=1"], "has no folds"),
        (["train.early_stop=2", "train.keep=last"], "keeps the last"),
        (["train.loss=focal", "augment.mixup=0.2"], "mixup"),
        (["train.cycle_momentum=true", "train.schedule=cosine"], "cycle_momentum"),
        (["train.logit_adjustment=1", "train.class_weights=true"], "twice"),
        ([*CACHED, "network.trained=all"], "freezes none"),
        ([*CACHED, "network.norms=trained"], "batch norms"),
        ([*CACHED, "augment.views=0"], "afresh"),
        ([*CACHED, "augment.mixup=0.2"], "mixup"),
        ([*CACHED, "train.unfreeze_epoch=2"], "unfreeze"),
    ],
)
def test_contradicting_keys_are_refused_by_name(changes: list[str], word: str) -> None:
    with pytest.raises(HilumError, match=word):
        read_recipe("mobilenetv2-frozen", ["cache.enabled=false", *changes])


def test_fold_of_the_protocol_that_has_folds_may_be_named() -> None:
    assert read_recipe("mobilenetv2-frozen", ["protocol=grouped", "fold=4"]).fold == 4


def test_frozen_layers_with_fixed_views_may_be_cached() -> None:
    assert read_recipe("mobilenetv2-frozen", CACHED).cache.enabled
