"""A picture of what augmentation makes of films: each film in a row, as it is and in several views."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hilum.datasets.catalogue import FilmRecord
from hilum.datasets.pictures_page import COLOURS, GREY, WIDTH_IN, draw_square, page, png, short, written

_GAP_IN, _MARGIN_IN, _UNDER_IN = 0.06, 0.3, 0.27


@dataclass(frozen=True, slots=True)
class FilmViews:
    """A film as the network sees it without any change, and its views.

    Args:
        film: (side, side) uint8.
        views: (k, side, side) uint8.
    """

    record: FilmRecord
    film: npt.NDArray[np.uint8]
    views: npt.NDArray[np.uint8]


def draw_views(films: Sequence[FilmViews], headline: str, remark: str, names: Sequence[str]) -> bytes:
    """A PNG with a row a film: as it is, then its views.

    Args:
        films: at least one; all with as many views.
        names: of the views, over their columns.

    Raises:
        HilumError: matplotlib is not installed.
    """
    columns = 1 + len(names)
    side_in = (WIDTH_IN - 2 * _MARGIN_IN - _GAP_IN * columns) / columns
    height_in = 1.05 + len(films) * (side_in + _UNDER_IN)
    figure = page(height_in, headline, remark)
    lefts_in = [_MARGIN_IN + column * (side_in + _GAP_IN) + (_GAP_IN if column else 0) for column in range(columns)]
    for left_in, name in zip(lefts_in, ("as it is", *names), strict=True):
        figure.text(left_in / WIDTH_IN, 1 - 0.87 / height_in, name, **written(8, color=GREY))
    for row, film in enumerate(films):
        top_in = 0.95 + row * (side_in + _UNDER_IN)
        for left_in, square in zip(lefts_in, (film.film, *film.views), strict=True):
            draw_square(figure, (left_in, top_in), side_in, square)
        under = 1 - (top_in + side_in + 0.12) / height_in
        label = film.record.label
        figure.text(lefts_in[0] / WIDTH_IN, under, label, **written(7, color=COLOURS[label], weight="bold"))
        figure.text(lefts_in[1] / WIDTH_IN, under, short(film.record.path, 60), **written(6, color=GREY))
    return png(figure)
