"""What some columns of numbers tell about films: small models that are only ever asked about patients they never met.

A probe cuts each column at its quantiles and adds the steps up by logistic regression, so that it finds thresholds,
bumps and rare values as well as slopes. Films of one group are never parted. The scores of two fits have no common
zero, so a film is placed by the share of its own fold that it scores above.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from hilum.audits.columns import Columns
from hilum.datasets.draws import Group, deal
from hilum.metrics import Estimate, Statistic, auroc, auroc_over_patients, estimate, resample_patients
from hilum.metrics.arrays import Booleans, Floats

FOLDS: Final = 5
FEWEST_PATIENTS: Final = 10
"""Of each side; with fewer, an AUROC says next to nothing."""
_STEPS: Final = 8
_STRENGTH: Final = 0.1  # of scikit-learn's C: many steps, few films


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What a probe is to tell: which films are of the first kind.

    Args:
        is_first: (n,) bool.
        group: (n,) int; films of one group are never parted.
        name: (G,) of each group, which decides its fold by the seed.
        seed: of the folds.
    """

    is_first: Booleans
    group: np.ndarray
    name: tuple[str, ...]
    seed: int = 0

    @property
    def folds(self) -> int:
        """As many as the smaller side has patients, five at the most."""
        return min(FOLDS, self.patients(True), self.patients(False))

    def is_answerable(self, fewest: int = FEWEST_PATIENTS) -> bool:
        """True where both sides have so many patients."""
        return min(self.patients(True), self.patients(False)) >= fewest

    def patients(self, first: bool) -> int:
        """Groups with a film of that kind."""
        return len(np.unique(self.group[self.is_first == first]))

    def fold(self) -> np.ndarray:
        """(n,) int: the fold of each film; each fold has its share of both kinds."""
        rows_of: dict[int, list[int]] = {}
        for row, group in enumerate(self.group.tolist()):
            rows_of.setdefault(group, []).append(row)
        groups = [
            Group(self.name[group], str(2 * int(self.is_first[rows].sum()) >= len(rows)), "", tuple(rows))
            for group, rows in rows_of.items()
        ]
        hand_of = deal(groups, self.folds, self.seed)
        return np.array([hand_of[self.name[group]] for group in self.group.tolist()])


@dataclass(frozen=True, slots=True, eq=False)
class OutOfFold:
    """What a probe says about each film after learning from the other folds.

    Args:
        score: (n,) log-odds of the first kind; comparable within a fold only.
        fold: (n,) int.
    """

    score: Floats
    fold: np.ndarray

    @property
    def standing(self) -> Floats:
        """(n,) the share of a film's own fold that it scores above: what makes the folds comparable."""
        share = np.zeros(len(self.score))
        for fold in np.unique(self.fold):
            rows = self.fold == fold
            own, ordered = self.score[rows], np.sort(self.score[rows])
            ties = np.searchsorted(ordered, own) + np.searchsorted(ordered, own, "right")
            share[rows] = ties / (2 * len(ordered))
        return share


class Probe:
    """Steps at the quantiles of each column, added up by logistic regression; learns both kinds with equal weight.

    Args:
        columns: (n, k) to learn from.
        is_first: (n,) bool.
        are_linear: takes the columns as they are, for such as are many and smooth.
    """

    def __init__(self, columns: Floats, is_first: Booleans, *, are_linear: bool = False) -> None:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression

        self._edges = None if are_linear else [_edges(column) for column in columns.T]
        seen = columns if are_linear else self._steps(columns)
        self._mean, spread = seen.mean(axis=0), seen.std(axis=0)
        self._spread = np.where(spread > 0, spread, 1.0)
        self._model = None
        if spread.any() and is_first.any() and not is_first.all():  # else there is nothing to learn from
            self._model = LogisticRegression(C=_STRENGTH / seen.shape[1] ** 0.5, class_weight="balanced")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # a probe that is almost done is good enough
                self._model.fit((seen - self._mean) / self._spread, is_first)

    def score(self, columns: Floats) -> Floats:
        """(n,) log-odds of the first kind; 0 where there was nothing to learn from."""
        if self._model is None:
            return np.zeros(len(columns))
        seen = columns if self._edges is None else self._steps(columns)
        answer: Floats = self._model.decision_function((seen - self._mean) / self._spread)
        return answer

    def _steps(self, columns: Floats) -> Floats:
        """(n, steps) 1.0 where a value has reached an edge."""
        edges = self._edges or []
        parts = [column[:, None] >= edge for column, edge in zip(columns.T, edges, strict=True)]
        steps: Floats = np.hstack(parts).astype(np.float64)
        return steps


def out_of_fold(columns: Columns, question: Question, *, are_linear: bool = False) -> OutOfFold:
    """Ask about the films of each fold a probe that has learned from the other folds."""
    fold, score = question.fold(), np.zeros(len(question.is_first))
    for held in range(question.folds):
        rows = fold == held
        probe = Probe(columns.values[~rows], question.is_first[~rows], are_linear=are_linear)
        score[rows] = probe.score(columns.values[rows])
    return OutOfFold(score, fold)


def auroc_of(score: Floats, question: Question) -> Estimate:
    """The AUROC of scores (n,) that no film's own fit has met, with its interval over patients."""
    resampling = resample_patients(question.group, question.is_first, seed=question.seed)
    statistic = Statistic(
        partial(auroc, score, question.is_first),
        "films of one kind only",
        auroc_over_patients(resampling, score, question.is_first),
    )
    return estimate([statistic], resampling)[0]


def most_telling(columns: Columns, is_first: Booleans, number: int = 3) -> tuple[tuple[str, float], ...]:
    """The columns that tell most by themselves, with their AUROC: below 0.5 the first kind has the lower values."""
    found = [(name, float(auroc(one, is_first))) for name, one in zip(columns.names, columns.values.T, strict=True)]
    return tuple(sorted(found, key=lambda one: -abs(one[1] - 0.5))[:number])


def _edges(column: Floats) -> Floats:
    """(at most 8,) values that start a step: quantiles that films really have, and the largest value."""
    shares: Sequence[float] = [*np.arange(1, _STEPS) / _STEPS, 1.0]
    values = np.unique(np.quantile(column, shares, method="nearest"))
    kept: Floats = values[values > column.min()]
    return kept
