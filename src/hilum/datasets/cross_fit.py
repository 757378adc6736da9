"""Small data: no tenth of the patients is kept back for calibration; each calibrates when it was not learned from.

The network that is kept learns from every patient but those who choose its epoch. What calibrates it are the answers
of networks made in the same way, each from all but one fold of those patients, to the patients of that fold.

Source: Platt 1999, "Probabilistic Outputs for Support Vector Machines", section 2.1, three-fold cross-validation.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hilum.datasets.catalogue import LABELS, Catalogue
from hilum.datasets.draws import deal
from hilum.datasets.fewer import fit_groups
from hilum.datasets.splits import Split
from hilum.errors import HilumError

MOST_FOLDS = 20


def without_calibrate(split: Split) -> Split:
    """The same split whose calibrate films serve fit too."""
    return replace(split, parts=tuple("fit" if part == "calibrate" else part for part in split.parts))


def cross_fit_folds(catalogue: Catalogue, split: Split, folds: int) -> tuple[Split, ...]:
    """Splits of the fit films: in each, another fold of their patients serves calibrate and the others fit.

    Every fold has its share of each class and subtype. Select and what is held back stay as they are.

    Args:
        catalogue: that the split belongs to.
        split: without calibrate films.
        folds: 2 to `MOST_FOLDS`.

    Raises:
        HilumError: no such number of folds, or a class has fewer fit patients than twice as many.
    """
    if not 2 <= folds <= MOST_FOLDS:
        raise HilumError(
            f"Cross-fitting in {folds} folds was asked for.",
            expected=f"2 to {MOST_FOLDS} folds, or 0 to keep a tenth of the patients for calibration",
            do="Take --cross-fit 5, for instance.",
        )
    groups = fit_groups(catalogue, split)
    for label in LABELS:
        patients = sum(group.label == label for group in groups)
        if patients < 2 * folds:
            raise HilumError(
                f"'{catalogue.name}' has {patients} fit patients labelled {label}, too few for {folds} folds.",
                expected=f"at least {2 * folds}, two a fold",
                do="Ask for fewer folds, or train with more patients.",
            )
    hand_of = deal(groups, folds, split.seed)
    fold_of = np.full(len(split.parts), -1)
    for group in groups:
        fold_of[list(group.rows)] = hand_of[group.name]
    return tuple(
        replace(
            split,
            parts=tuple("calibrate" if here == fold else part for here, part in zip(fold_of, split.parts, strict=True)),
        )
        for fold in range(folds)
    )
