"""The films on which a model was most wrong, each with its activation map, for a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from markupsafe import Markup
from PIL import Image

from hilum.evaluation import PredictionTable
from hilum.files import printable
from hilum.images import read_film, to_square
from hilum.progress import Progress, Silent
from hilum.reports.embedded import small_jpeg
from hilum.runtime import Predictor
from hilum.runtime.mapping import draw_map

MOST_ERRORS: Final = 16
_MOST_PX: Final = (440, 220)


@dataclass(frozen=True, slots=True)
class WorstError:
    """A film that was called the wrong way.

    Args:
        path: of the film, from its catalogue's root.
        label: what it shows: "pneumonia" or "normal".
        subtype: of the pneumonia, or "".
        probability: that the model stated, of pneumonia.
        film: the picture as a data URI.
        activation_map: likewise; "" where the model has no map.
    """

    path: str
    label: str
    subtype: str
    probability: float
    film: Markup
    activation_map: Markup


def worst_errors(
    predictions: PredictionTable,
    predictor: Predictor,
    threshold: float,
    most: int = MOST_ERRORS,
    progress: Progress = Silent(),
) -> tuple[WorstError, ...]:
    """The films on the wrong side of a threshold that are farthest from it in log-odds, worst first.

    Maps are drawn at one scale, that of the strongest evidence among them, so that they can be compared.
    """
    truth = predictions.is_pneumonia
    wrong = np.flatnonzero((predictions.probability >= threshold) != truth)
    distance = np.abs(predictions.distance_from(threshold)[wrong])
    rows = wrong[np.argsort(-distance, kind="stable")][:most]
    films, has_map = predictions.films, len(rows) > 0 and "activation_map" in predictor.engine.outputs
    found = []
    with progress.bar("Errors", len(rows)) as bar:
        for row in rows:
            pixels = read_film(films.root / films.films[row].path).pixels
            square = to_square(pixels, predictor.side, predictor.geometry)
            found.append((row, square, predictor.activation_map(square) if has_map else None))
            bar.advance()
    scale = max((float(np.abs(one).max()) for _, _, one in found if one is not None), default=0.0) or None
    return tuple(
        WorstError(
            path=printable(films.films[row].path),
            label=films.films[row].label,
            subtype=films.films[row].subtype,
            probability=float(predictions.probability[row]),
            film=small_jpeg(Image.fromarray(square), _MOST_PX),
            activation_map=(
                small_jpeg(draw_map(square, evidence, scale), _MOST_PX) if evidence is not None else Markup("")
            ),
        )
        for row, square, evidence in found
    )
