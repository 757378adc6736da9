"""What each place of the map says of normal films: the level that the method `above-normal` takes from it."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from hilum.datasets import Catalogue, Split
from hilum.engine import Engine
from hilum.explaining.chosen import Rows, spread
from hilum.modelfolder.schema import NormalMap
from hilum.progress import Progress
from hilum.training.feed import JUDGED_AT_ONCE

MOST_FILMS: Final = 200
"""The mean's own error is then a fourteenth of what films differ by."""

FEWEST_FILMS: Final = 20


def mean_normal_map(
    engine: Engine,
    pixels: npt.NDArray[np.uint8],
    films: Catalogue,
    split: Split,
    progress: Progress,
    at_once: int = JUDGED_AT_ONCE,
) -> NormalMap | None:
    """The mean of the graph's map over at most `MOST_FILMS` normal fit films, evenly over all of them.

    Args:
        engine: of a graph whose map is exact.
        pixels: (m, side, side) uint8 of the development films, aligned with `films` and `split`.
        at_once: films a pass.

    Returns:
        None where there are fewer than `FEWEST_FILMS` such films.
    """
    normal = normal_fit_rows(films, split)
    if not len(normal):
        return None
    chosen = normal[spread(len(normal), MOST_FILMS)]
    mean = engine.values("activation_map", np.asarray(pixels[chosen]), at_once, progress).mean(axis=0)  # (h, w)
    return NormalMap(rows=tuple(tuple(row) for row in mean.tolist()), films=len(chosen))


def normal_fit_rows(films: Catalogue, split: Split) -> Rows:
    """The normal fit films; none where there are fewer than `FEWEST_FILMS`."""
    fit = split.rows("fit")
    normal: Rows = fit[~films.is_pneumonia[fit]]
    return normal if len(normal) >= FEWEST_FILMS else normal[:0]
