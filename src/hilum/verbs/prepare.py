"""What every command that trains begins with: the films that develop a model, and a network with its first weights."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hilum.datasets import Catalogue, Split, open_pixels, resolve_catalogue, split_films
from hilum.datasets.cross_fit import cross_fit_folds, without_calibrate
from hilum.datasets.fewer import fewer_fit_patients
from hilum.errors import TRAINING_HALF, HilumError, require_installed
from hilum.progress import Progress
from hilum.recipe import Recipe

if TYPE_CHECKING:
    from hilum.datasets.mapped import MappedSquares
    from hilum.models import FilmClassifier, WeightsOrigin


@dataclass(frozen=True, slots=True)
class Development:
    """The films that develop a model; no test film is among them.

    Args:
        films: without those that were left out.
        split: their parts: fit, select and calibrate.
        place: folder beside the catalogue, for what is kept between runs.
        left_out: films that could not be read.
    """

    films: Catalogue
    split: Split
    place: Path
    left_out: int

    def pixels(self, recipe: Recipe, progress: Progress) -> MappedSquares:
        """(n, side, side) uint8, in the order of the films; decoded where no cache holds them yet."""
        return open_pixels(self.films, recipe.film.side, recipe.film.geometry, self.place / "pixels", progress)

    def cross_fitted(self, folds: int) -> tuple[Development, tuple[Split, ...]]:
        """The same films with none kept back for calibration, and a split a fold; as they are and none for 0 folds.

        Raises:
            HilumError: no such number of folds, or too few patients for it.
        """
        if folds == 0:
            return self, ()
        split = without_calibrate(self.split)
        return replace(self, split=split), cross_fit_folds(self.films, split, folds)


def require_training_half() -> None:
    """Say how to install what training needs, before anything else is done."""
    require_installed(TRAINING_HALF, "Training", "train")


def development_films(data: Path, workspace: Path, recipe: Recipe, skip_bad: bool, progress: Progress) -> Development:
    """The films that develop the model and their parts; test films are left behind here, before any is opened.

    Raises:
        HilumError: no such data, films that cannot be used, or too few patients for the protocol.
    """
    catalogue, place = resolve_catalogue(data, workspace, progress)
    films = readable_films(catalogue, skip_bad)
    split = split_films(films, recipe.protocol, seed=recipe.seed, fold=recipe.fold, block=recipe.block)
    split = fewer_fit_patients(films, split, recipe.patients)
    rows = split.development_rows
    parts = tuple(split.parts[row] for row in rows)
    left_out = len(catalogue.films) - len(films.films)
    return Development(films.select(rows), replace(split, parts=parts), place, left_out)


def first_network(
    recipe: Recipe, weights: Path | None, *, is_resumed: bool = False
) -> tuple[FilmClassifier, WeightsOrigin]:
    """The recipe's network with the first weights of its seed, frozen as it says, and where they came from.

    Args:
        weights: file or folder of ImageNet weights; None takes the Hub.
        is_resumed: the run's own state will replace the weights, so none are fetched.
    """
    import torch

    from hilum.models import WeightsOrigin, build_network, freeze, load_pretrained

    if weights and not recipe.network.pretrained:
        raise HilumError(
            f"The recipe '{recipe.name}' starts from random weights.",
            expected="no --weights, or a recipe that takes them",
            do="Leave --weights out, or: --set network.pretrained=true",
        )
    torch.manual_seed(recipe.seed)
    classifier = build_network(recipe.network, recipe.film.side)
    origin = WeightsOrigin("random")
    if recipe.network.pretrained and not is_resumed:
        origin = load_pretrained(classifier, recipe.network, weights)
    freeze(classifier, recipe.network)
    return classifier, origin


def readable_films(catalogue: Catalogue, skip_bad: bool) -> Catalogue:
    """The films that can be trained on; bad ones are refused by name unless they may be skipped."""
    bad = [film for film in catalogue.films if film.problem]
    if bad and not skip_bad:
        raise HilumError(
            f"{len(bad)} of {len(catalogue.films)} films cannot be used; the first: {bad[0].problem}",
            expected="films that can be read and have a label",
            do="List them with: hilum data check DATA. Mend or remove them, or train without them: --skip-bad",
        )
    return catalogue.usable
