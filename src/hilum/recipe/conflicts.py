"""Keys that do not go together, each pair refused by name before anything runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hilum.errors import HilumError

if TYPE_CHECKING:
    from hilum.recipe.reading import Recipe


def refuse_conflicts(recipe: Recipe, where: str) -> None:
    """Raise for the first pair of keys that contradict each other.

    Raises:
        HilumError: names both keys, why, and what to change.
    """
    for is_so, happened, why, do in _conflicts(recipe):
        if is_so:
            raise HilumError(f"{where} {happened}", expected=why, do=do)


def _conflicts(recipe: Recipe) -> Iterator[tuple[bool, str, str, str]]:
    """(is it so, what stands there, what was expected, what to do) of every pair."""
    yield from _of_the_cache(recipe)
    yield (
        recipe.fold != 0 and recipe.protocol != "grouped",
        f"names fold {recipe.fold}, but the protocol '{recipe.protocol}' has no folds.",
        "fold only with the protocol 'grouped'",
        "Use: --set protocol=grouped, or leave fold out.",
    )
    network, train = recipe.network, recipe.train
    yield (
        network.trained == "last" and network.last_layers == 0,
        "trains the 'last' layers, but network.last_layers is 0.",
        "how many, counted in Keras's list",
        "For instance: --set network.last_layers=55",
    )
    yield (
        network.trained != "last" and network.last_layers > 0,
        f"has network.last_layers = {network.last_layers}, but trains '{network.trained}'.",
        "last_layers only where network.trained is 'last'",
        "Set network.trained='last', or leave last_layers out.",
    )
    yield (
        network.trained == "all" and network.norms == "trained",
        "lets the norms of frozen layers learn, but freezes no layer.",
        "network.norms='trained' only with frozen layers",
        "Leave network.norms out, or set network.trained='head'.",
    )
    yield (
        train.unfreeze_epoch >= train.epochs,
        f"unfreezes after epoch {train.unfreeze_epoch} of {train.epochs}.",
        "train.unfreeze_epoch below train.epochs",
        "Lower train.unfreeze_epoch, or raise train.epochs.",
    )
    yield (
        train.unfreeze_epoch > 0 and network.trained == "all",
        "unfreezes all layers, but none is frozen.",
        "train.unfreeze_epoch only with frozen layers",
        "Set network.trained='head', or leave train.unfreeze_epoch out.",
    )
    yield (
        train.unfrozen_learning_rate > 0 and train.unfreeze_epoch == 0,
        "has a rate for unfrozen layers (train.unfrozen_learning_rate), but unfreezes none.",
        "train.unfrozen_learning_rate only with train.unfreeze_epoch",
        "For instance: --set train.unfreeze_epoch=5; or leave train.unfrozen_learning_rate out.",
    )
    yield (
        train.early_stop > 0 and train.keep == "last",
        "stops early, but keeps the last epoch whatever it is worth.",
        "a figure to stop by",
        "For instance: --set train.keep=loss",
    )
    yield (
        train.cycle_momentum and (train.schedule != "one-cycle" or train.optimizer == "rmsprop"),
        "moves the momentum (train.cycle_momentum), which only one-cycle with adam, adamw or sgd does.",
        "train.schedule='one-cycle' and an optimizer with momentum",
        "Leave train.cycle_momentum out, or set train.schedule='one-cycle'.",
    )
    yield (
        train.logit_adjustment > 0 and (train.class_weights or train.balanced_sampler),
        "corrects for the rarer class twice (train.logit_adjustment beside class weights or the balanced sampler).",
        "one of them",
        "For instance: --set train.class_weights=false",
    )
    yield (
        train.loss == "focal" and recipe.augment.mixup > 0,
        "has both the focal loss and mixup.",
        "one of them: the focal loss is defined for whole labels",
        "Leave one out: --set augment.mixup=0 or --set train.loss=cross-entropy",
    )


def _of_the_cache(recipe: Recipe) -> Iterator[tuple[bool, str, str, str]]:
    """What cannot be computed once and kept."""
    cached, network = recipe.cache.enabled, recipe.network
    uncached = "leave the cache out: --set cache.enabled=false"
    yield (
        cached and network.trained == "all",
        "keeps frozen layers in a cache, but freezes none.",
        "frozen layers",
        f"Set network.trained='head', or {uncached}",
    )
    yield (
        cached and network.norms == "trained",
        "keeps frozen layers in a cache, but their batch norms learn (network.norms='trained').",
        "frozen layers that stay as they are",
        f"Set network.norms='frozen', or {uncached}",
    )
    yield (
        cached and recipe.augment.views == 0,
        "keeps frozen layers in a cache, but draws every film afresh in every epoch (augment.views=0).",
        "a number of views that are drawn once",
        f"For instance: --set augment.views=2; or {uncached}",
    )
    yield (
        cached and recipe.augment.mixup > 0,
        "keeps frozen layers in a cache, but blends the pixels of two films (augment.mixup).",
        "films that stay apart",
        f"Set augment.mixup=0, or {uncached}",
    )
    yield (
        cached and recipe.train.unfreeze_epoch > 0,
        "keeps frozen layers in a cache, but unfreezes them (train.unfreeze_epoch).",
        "layers that stay frozen",
        f"Set train.unfreeze_epoch=0, or {uncached}",
    )
