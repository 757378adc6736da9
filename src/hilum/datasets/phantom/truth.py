"""What is known about phantom films: where their opacities were drawn, for maps to be held against."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hilum.datasets.phantom.collection import OPACITIES
from hilum.datasets.phantom.findings import Opacity
from hilum.errors import HilumError
from hilum.files import printable, read_text

Mask = npt.NDArray[np.bool_]


def read_opacities(folder: Path) -> dict[str, tuple[Opacity, ...]]:
    """The opacities of every film with pneumonia, by its path in the folder, in pixels of the film.

    Args:
        folder: of phantom films, as `draw_phantom_films` wrote it.

    Raises:
        HilumError: the folder holds no table of opacities, or one that hilum did not write.
    """
    found = defaultdict[str, list[Opacity]](list)
    try:
        for row in csv.DictReader(io.StringIO(read_text(folder / OPACITIES))):
            x, y, across, down = (float(row[name]) for name in ("centre_x", "centre_y", "radius_x", "radius_y"))
            found[row["path"]].append(Opacity(x, y, across, down, row["kind"]))
    except (KeyError, TypeError, ValueError) as error:
        raise HilumError(
            f"'{printable(folder / OPACITIES)}' is no table of opacities: {error}.",
            expected="a folder of phantom films",
            do="Draw one: hilum data fetch phantom",
        ) from error
    return {path: tuple(opacities) for path, opacities in found.items()}


def opacity_mask(opacities: Sequence[Opacity], width_px: int, height_px: int, side: int) -> Mask:
    """(side, side) bool: where opacities lie on the square that a film is squashed into.

    A pixel of the square counts where its centre lies in an ellipse.

    Args:
        opacities: of one film, in its own pixels.
        width_px, height_px: of the film.
        side: of the square.

    >>> opacity_mask([Opacity(0.5, 0.5, 1, 1, kind="patch")], 4, 2, 2).tolist()
    [[True, False], [True, False]]
    """
    centres = (np.arange(side) + 0.5) / side
    x, y = centres[None, :] * width_px - 0.5, centres[:, None] * height_px - 0.5
    mask = np.zeros((side, side), dtype=np.bool_)
    for one in opacities:
        mask |= ((x - one.centre_x) / one.radius_x) ** 2 + ((y - one.centre_y) / one.radius_y) ** 2 <= 1
    return mask
