"""Which films a model's maps are measured on: one a patient, and as many of one class as of the other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hilum.datasets import Catalogue
from hilum.errors import HilumError

Rows = npt.NDArray[np.intp]


def one_a_patient(films: Catalogue, most: int, seed: int) -> Rows:
    """Rows of at most so many films, no two of one patient, half of each class as far as there are; in their order.

    Args:
        films: to choose from.
        most: 0 takes a film of every patient.
        seed: draws films and patients.

    Raises:
        HilumError: a negative number or seed.
    """
    if most < 0 or seed < 0:
        raise HilumError(
            f"Got {most} films and the seed {seed}.",
            expected="numbers from 0; 0 films takes one of every patient",
            do="Take 60 films and the seed 0.",
        )
    drawn = np.random.default_rng(seed).permutation(len(films.films))
    _, first = np.unique(films.resampling_groups()[drawn], return_index=True)
    rows = drawn[np.sort(first)]
    sick, well = rows[films.is_pneumonia[rows]], rows[~films.is_pneumonia[rows]]
    if most:
        of_sick = min(len(sick), max(most // 2, most - len(well)))
        sick, well = sick[:of_sick], well[: most - of_sick]
    return np.sort(np.concatenate([sick, well])).astype(np.intp)


def spread(number: int, most: int) -> Rows:
    """At most so many of the first `number` rows, evenly over them, so that both classes stay.

    >>> spread(10, 3).tolist(), spread(2, 3).tolist()
    ([0, 4, 9], [0, 1])
    """
    return np.unique(np.linspace(0, number - 1, min(number, most)).astype(np.intp))
