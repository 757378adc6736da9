"""Similar cases: the training films whose features lie nearest to those of a film."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from hilum.errors import HilumError
from hilum.modelfolder import ModelFolder
from hilum.modelfolder.neighbours import Features, Neighbours, of_unit_length, read_neighbours

SIMILAR: Final = 5
"""Cases that a page shows beside a film."""

_AT_ONCE = 4096  # cases compared with at a time, so that memory stays small for any number of them


@dataclass(frozen=True, slots=True)
class SimilarCase:
    """A training film that is like the one asked about, as this model sees films.

    Args:
        label: "pneumonia" or "normal".
        distance: 0 for the same features, to 2; between features of length 1.
        times_usual: the distance divided by how far a new patient's film usually is from its nearest case; the select
            films' median stands for that.
        farther_than: share of the select films that are nearer to their nearest case than this one is.
        film: its salted hash, one of `training.fit.films` in hilum.json.
        thumbnail: a JPEG of a patient's film; None where the model folder has none.
    """

    label: str
    distance: float
    times_usual: float
    farther_than: float
    film: str
    thumbnail: bytes | None = None


class SimilarCases:
    """The cases of one model folder, opened once for many films.

    Args:
        cases: those of the folder.
    """

    def __init__(self, cases: Neighbours) -> None:
        self._cases = cases
        self._usual = float(np.median(cases.usual))

    @classmethod
    def open(cls, folder: ModelFolder) -> SimilarCases | None:
        """The cases of the folder; None where it was made without.

        Raises:
            HilumError: the file is missing, altered or damaged.
        """
        cases = read_neighbours(folder)
        return cls(cases) if cases else None

    def of(self, features: npt.NDArray[np.float32], k: int = 5) -> tuple[SimilarCase, ...]:
        """The nearest film of each of the `k` nearest patients, the nearest first; fewer where there are fewer.

        Args:
            features: (c,) of the film, the graph's output `features`.
            k: at least 1.

        Raises:
            HilumError: k is below 1, or the graph gives other features than those of the cases.
        """
        _require_positive(k)
        if len(features) != self._cases.features.shape[1]:
            raise HilumError(
                f"The graph gives {len(features)} features, the cases have {self._cases.features.shape[1]}.",
                expected="cases and graph of one model",
                do="Copy or export the model again.",
            )
        distance = distances(of_unit_length(features[None])[0], self._cases.features)
        return tuple(
            self._case(row, float(distance[row])) for row in nearest_patients(distance, self._cases.patient, k)
        )

    def _case(self, row: int, distance: float) -> SimilarCase:
        usual = self._cases.usual
        return SimilarCase(
            label="pneumonia" if self._cases.is_pneumonia[row] else "normal",
            distance=distance,
            times_usual=distance / self._usual if self._usual else float(distance > 0),
            farther_than=float(np.searchsorted(usual, distance)) / len(usual),
            film=self._cases.films[row],
            thumbnail=self._cases.thumbnails[row] if self._cases.thumbnails else None,
        )


def distances(features: Features, of_cases: Features) -> npt.NDArray[np.float32]:
    """(n,) Euclidean distances of one film's (c,) features from those of (n, c) cases."""
    film = features.astype(np.float32)
    parts = [
        np.linalg.norm(of_cases[start : start + _AT_ONCE].astype(np.float32) - film, axis=1)
        for start in range(0, len(of_cases), _AT_ONCE)
    ]
    return np.concatenate(parts)


def nearest_patients(distance: npt.NDArray[np.float32], patient: npt.NDArray[np.int32], k: int) -> npt.NDArray[np.intp]:
    """(at most k,) rows: each patient's nearest film, of the k nearest patients, the nearest first.

    A patient with twenty films would else be all of the answer.

    >>> nearest_patients(np.float32([0.3, 0.1, 0.2, 0.2]), np.int32([0, 7, 7, 1]), 2).tolist()
    [1, 3]
    """
    order = np.argsort(distance, kind="stable")
    _, first = np.unique(patient[order], return_index=True)
    rows: npt.NDArray[np.intp] = order[np.sort(first)[:k]]
    return rows


def _require_positive(k: int) -> None:
    if k < 1:
        raise HilumError(f"Asked for {k} similar cases.", expected="at least 1", do="Ask for 5, for instance.")
