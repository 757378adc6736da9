"""With and without ImageNet weights, from few patients and from many: the runs and their curves."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from hilum.files import explained
from hilum.recipe import read_recipe
from hilum.reproduction.plan import Row

LEVEL: Final = 0.95
"""The AUROC whose first reaching tells how steep a curve is."""


@dataclass(frozen=True, slots=True)
class TransferRun:
    """One training run of the study.

    Args:
        recipe: that is trained; its network needs pretrained weights.
        patients: fit patients; 0 for all.
        is_pretrained: True with ImageNet weights, False from random ones.
        seed: of the patients drawn, the first weights and the order.
        epochs: of the run.
    """

    recipe: str
    patients: int
    is_pretrained: bool
    seed: int
    epochs: int

    @property
    def name(self) -> str:
        """Of its folder.

        >>> TransferRun("best", 50, False, 1, 46).name
        'best-50-random-seed1'
        """
        start = "imagenet" if self.is_pretrained else "random"
        return f"{self.recipe}-{self.patients or 'all'}-{start}-seed{self.seed}"

    @property
    def row(self) -> Row:
        """The row that trains it, beside its `changes`."""
        return Row(self.recipe, read_recipe(self.recipe).protocol, self.seed)

    def changes(self) -> tuple[str, ...]:
        """To the recipe. A moving average of the weights would lag behind and hide where a curve starts."""
        return (
            f"network.pretrained={str(self.is_pretrained).lower()}",
            f"patients={self.patients}",
            f"train.epochs={self.epochs}",
            "train.average=0",
        )


@dataclass(frozen=True, slots=True)
class Curve:
    """How the AUROC of the select patients rose during one run, by epoch.

    Args:
        run: whose curve it is.
        auroc: after each epoch.
        images: films learned from until then.
        seconds: of training and judging until then.
    """

    run: TransferRun
    auroc: tuple[float, ...]
    images: tuple[int, ...]
    seconds: tuple[float, ...]

    @property
    def start(self) -> float:
        """After the first epoch."""
        return self.auroc[0]

    @property
    def end(self) -> float:
        """After the last epoch: where the curve has come to."""
        return self.auroc[-1]

    def images_to(self, level: float = LEVEL) -> int | None:
        """Films learned from until the AUROC first reached `level`; None where it never did."""
        return next((images for images, auroc in zip(self.images, self.auroc, strict=True) if auroc >= level), None)


@dataclass(frozen=True, slots=True)
class Bundle:
    """The curves of all seeds with the same patients and first weights."""

    patients: int
    is_pretrained: bool
    curves: tuple[Curve, ...]

    @property
    def mean(self) -> Curve:
        """The mean over seeds, epoch by epoch, over as many epochs as all have."""
        length = min(len(curve.auroc) for curve in self.curves)
        auroc, images, seconds = (
            np.mean([getattr(curve, name)[:length] for curve in self.curves], axis=0).tolist()
            for name in ("auroc", "images", "seconds")
        )
        return Curve(self.curves[0].run, tuple(auroc), tuple(map(round, images)), tuple(seconds))

    @property
    def images_to_level(self) -> float | None:
        """The median over seeds; None where half of them never reached it."""
        reached = sorted(math.inf if (images := one.images_to()) is None else images for one in self.curves)
        middle = float(np.median(reached)) if math.inf not in reached else reached[(len(reached) - 1) // 2]
        return None if math.isinf(middle) else middle


def transfer_runs(
    recipe: str, sizes: Sequence[int], seeds: Sequence[int], all_patients: int, changes: Iterable[str] = ()
) -> tuple[TransferRun, ...]:
    """Every run, small ones first, both kinds of first weights beside each other.

    Args:
        recipe: that is trained.
        sizes: fit patients; 0 for all.
        seeds: of each size.
        all_patients: fit patients that there are.
        changes: to the recipe, whose epochs may be among them.
    """
    usual = read_recipe(recipe, changes).train.epochs
    return tuple(
        TransferRun(recipe, size, is_pretrained, seed, epochs_for(usual, size or all_patients, all_patients))
        for size in sorted(sizes, key=lambda size: size or all_patients)
        for seed in seeds
        for is_pretrained in (True, False)
    )


def epochs_for(usual: int, patients: int, all_patients: int) -> int:
    """Epochs for so many patients: with fewer of them the steps fall and the epochs rise alike, both by the root.

    With as many epochs as all patients take, few patients would give too few steps to learn anything; with as many
    steps, each film would come hundreds of times.

    >>> [epochs_for(6, patients, 2900) for patients in (50, 200, 1000, 2900)]
    [46, 23, 10, 6]
    """
    return max(usual, round(usual * math.sqrt(all_patients / patients)))


def read_curve(run: TransferRun, history: Path, films: int, batch_size: int) -> Curve:
    """The curve of a finished run from its history.csv.

    Args:
        run: whose curve it is.
        history: one row an epoch.
        films: fit films of the run.
        batch_size: of the recipe; an epoch leaves out what does not fill a batch.
    """
    with explained(history, "read"), history.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    an_epoch = films // batch_size * batch_size or films
    return Curve(
        run,
        auroc=tuple(float(row["auroc"]) for row in rows),
        images=tuple(an_epoch * number for number in range(1, len(rows) + 1)),
        seconds=tuple(np.cumsum([float(row["seconds"]) for row in rows]).round(1).tolist()),
    )


def bundles(curves: Iterable[Curve]) -> tuple[Bundle, ...]:
    """The curves by patients and first weights, in the order of the first of each."""
    found: dict[tuple[int, bool], list[Curve]] = {}
    for curve in curves:
        found.setdefault((curve.run.patients, curve.run.is_pretrained), []).append(curve)
    return tuple(Bundle(patients, is_pretrained, tuple(one)) for (patients, is_pretrained), one in found.items())
