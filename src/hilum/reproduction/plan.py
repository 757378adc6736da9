"""Which rows there are, and in which order they are run: cheap and important ones first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from hilum.datasets import PROTOCOLS
from hilum.errors import HilumError, nearest
from hilum.recipe import Recipe, packaged_recipes, read_recipe

SEEDS: Final = (0, 1, 2, 3, 4)

# By what a row costs on two cores; nothing but the order depends on it.
_SMALL: Final = (
    "best",
    "vgg19-frozen-mobilenetv2",
    "mobilenetv2-frozen",
    "cnn-scratch",
    "xception-last55-mobilenetv2",
    "xception-last100-mobilenetv2",
    "resnet50-onecycle-mobilenetv2",
    "inceptionv3-full-mobilenetv2",
    "resnet50-unfreeze-mobilenetv2",
)
_LARGE: Final = (
    "inceptionv3-full",
    "vgg19-frozen",
    "resnet50-onecycle",
    "resnet50-frozen",
    "resnet50-unfreeze",
    "xception-last55",
    "xception-last100",
)
_SEEDED: Final = ("mobilenetv2-frozen", "resnet50-onecycle-mobilenetv2", "best", "resnet50-onecycle")
"""The recipes whose figure is compared with one that was measured on a random fifth, `best`, and a cheap one that
shows early what the leak is worth."""


@dataclass(frozen=True, slots=True)
class Row:
    """A recipe under a protocol with a seed."""

    recipe: str
    protocol: str = "official"
    seed: int = 0

    @property
    def name(self) -> str:
        """Of its folder and its record.

        >>> Row("best", "random20", 3).name, Row("best").name
        ('best-random20-seed3', 'best-official')
        """
        return f"{self.recipe}-{self.protocol}" + (f"-seed{self.seed}" if self.seed else "")

    def changes(self) -> tuple[str, ...]:
        """What `--set` must say beside the recipe's name."""
        packaged = read_recipe(self.recipe)
        wanted = {"protocol": (packaged.protocol, self.protocol), "seed": (packaged.seed, self.seed)}
        return tuple(f"{key}={value}" for key, (usual, value) in wanted.items() if value != usual)

    def plan(self, changes: Iterable[str] = ()) -> Recipe:
        """The recipe as this row trains it."""
        return read_recipe(self.recipe, (*self.changes(), *changes))

    @property
    def shows_parts(self) -> bool:
        """True where the seed published a figure of its training films: ours is then measured on them as well."""
        return self.recipe.startswith("vgg19-frozen") and self.protocol == "official"


def all_rows(seeds: Sequence[int] = SEEDS) -> tuple[Row, ...]:
    """Every row of the project in the order in which they are run; a packaged recipe nobody has placed comes last."""
    placed = {*_SMALL, *_LARGE}
    others = [name for name in packaged_recipes() if name not in placed]
    rows = [
        *(Row(name) for name in _SMALL),
        *(Row(name, "block") for name in _SMALL if _has_block(name)),
        *_seeded([name for name in _SEEDED if name in _SMALL], seeds),
        *(Row(name) for name in (*_LARGE, *others)),
        *(Row(name, "block") for name in _LARGE if _has_block(name)),
        *_seeded([name for name in _SEEDED if name in _LARGE], seeds),
    ]
    return tuple(rows)


def chosen_rows(
    only: Sequence[str] = (), protocols: Sequence[str] = (), seeds: Sequence[int] = SEEDS
) -> tuple[Row, ...]:
    """The rows of these recipes or of these names, under these protocols; empty wishes choose all.

    Raises:
        HilumError: a name or protocol that no row has, or a seed below 0.
    """
    if bad := [seed for seed in seeds if seed < 0]:
        raise HilumError(f"Got the seed {bad[0]}.", expected="seeds of 0 or more", do="For instance: --seeds 0")
    rows = all_rows(tuple(dict.fromkeys(seeds)))
    names = {row.recipe for row in rows} | {row.name for row in rows}
    for wanted, known, what in ((only, names, "row"), (protocols, set(PROTOCOLS), "protocol")):
        if unknown := [word for word in wanted if word not in known]:
            raise HilumError(
                f"There is no {what} '{unknown[0]}'.",
                expected="the name of a recipe or of a row" if what == "row" else "the name of a protocol",
                do=nearest(unknown[0], sorted(known)),
            )
    named = [row for row in rows if not only or row.recipe in only or row.name in only]
    chosen = tuple(row for row in named if not protocols or row.protocol in protocols)
    if not chosen:
        raise HilumError(
            f"No row is of {', '.join(only) or 'any recipe'} under {', '.join(protocols)}.",
            expected=f"one of the protocols they have: {', '.join(sorted({row.protocol for row in named}))}",
            do="Leave --protocol or --only out.",
        )
    return chosen


def _has_block(name: str) -> bool:
    """True for `best` and for recipes whose body stays as it was."""
    recipe = read_recipe(name)
    is_frozen = (
        recipe.network.trained == "head" and recipe.network.norms == "frozen" and not recipe.train.unfreeze_epoch
    )
    return is_frozen or name == "best"


def _seeded(names: Sequence[str], seeds: Sequence[int]) -> Iterator[Row]:
    """Seed by seed, so that means grow evenly, and both protocols in turn, so that they can be compared early."""
    for seed in seeds:
        for name in names:
            yield Row(name, "random20", seed)
            yield Row(name, "grouped20", seed)
