"""What a recipe's augmentation makes of a few films, for a person to look at."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hilum.recipe import Recipe
from hilum.training.augment import augmentation
from hilum.training.batches import TrainingFilms


def views_of(films: npt.NDArray[np.uint8], recipe: Recipe, count: int) -> npt.NDArray[np.uint8]:
    """(n, count, side, side) uint8: each film as the first `count` epochs, or views, of a run on these films show it.

    A view depends on the film's place among the fit films too, so a run on more films draws others of the same kind.

    Args:
        films: (n, side, side) uint8, of the recipe's side.
    """
    rows = np.arange(len(films))
    drawn = TrainingFilms(
        films,
        rows,
        np.zeros(len(films), dtype=bool),
        augmentation(recipe.augment, recipe.film.side),
        recipe.seed,
        recipe.augment.views,
    )
    return np.stack(
        [
            np.stack([drawn.view(int(row), drawn.view_number(epoch)).numpy()[0] for epoch in range(count)])
            for row in rows
        ]
    )
