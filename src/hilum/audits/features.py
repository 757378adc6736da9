"""What a model makes of films: features and logits, in one pass over the pixel cache."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from hilum.datasets.catalogue import Catalogue
from hilum.datasets.pixels import open_pixels
from hilum.metrics.arrays import Floats
from hilum.progress import Progress, Silent
from hilum.runtime import Predictor

_AT_ONCE: Final = 32


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What the graph gave back.

    Args:
        features: (n, d) of the layer before the head.
        logit: (n,) pneumonia minus normal.
    """

    features: npt.NDArray[np.float32]
    logit: Floats


def see_films(predictor: Predictor, films: Catalogue, directory: Path, progress: Progress = Silent()) -> Seen:
    """Features and logits of films, in their order; decoded films are kept in `directory`.

    Raises:
        HilumError: a film cannot be decoded, or the graph gives no features.
    """
    squares = open_pixels(films, predictor.side, predictor.geometry, directory, progress)
    features, logits = list[npt.NDArray[np.float32]](), list[npt.NDArray[np.float32]]()
    with progress.bar("Features", len(squares)) as bar:
        for start in range(0, len(squares), _AT_ONCE):
            answers = predictor.engine.run(squares[start : start + _AT_ONCE], ("features", "logit"))
            features.append(answers["features"])
            logits.append(answers["logit"])
            bar.advance(len(answers["logit"]))
    return Seen(np.concatenate(features), np.concatenate(logits).astype(np.float64))


def principal_components(features: npt.NDArray[np.float32], number: int = 128) -> Floats:
    """(n, at most `number`) the directions in which the features vary most; no label has a say in them."""
    centred = features - features.mean(axis=0, dtype=np.float64)
    _, directions = np.linalg.eigh(centred.T @ centred / len(centred))
    kept = min(number, centred.shape[1], max(1, len(centred) - 1))
    answer: Floats = centred @ directions[:, ::-1][:, :kept]
    return answer
