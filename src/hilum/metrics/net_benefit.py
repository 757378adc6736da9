"""Decision curves: what acting on a model is worth against acting on everybody or on nobody."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hilum.errors import HilumError
from hilum.metrics.arrays import Floats, film_weights, ratio, require_probabilities


@dataclass(frozen=True, slots=True, eq=False)
class NetBenefit:
    """Net benefit in true positives a film, after each false alarm is paid; treating nobody has 0.

    Args:
        threshold: (t,) probabilities from which on one would act.
        model: (..., t) acting where the model's probability reaches the threshold.
        treat_all: (..., t) acting on every film.
    """

    threshold: Floats
    model: Floats
    treat_all: Floats


def net_benefit(
    probability: ArrayLike,
    is_pneumonia: ArrayLike,
    threshold: ArrayLike,
    weights: ArrayLike | None = None,
    prevalence: float | None = None,
) -> NetBenefit:
    """True positives less false positives, these weighed by the odds of the threshold, as a share of all films.

    Whoever acts from a probability of 0.2 on takes one missed pneumonia for as bad as four false alarms.

    Args:
        probability: (n,) in [0, 1], calibrated, and moved to `prevalence` where that is stated.
        is_pneumonia: (n,) bool.
        threshold: (t,) or one, each above 0 and below 1.
        weights: (..., n) how often each film counts; None counts each once.
        prevalence: of pneumonia where the model is to be used; None for that of the films.

    Returns:
        NaN where a class that counts has no weight.

    Raises:
        HilumError: no films, values outside [0, 1], or a threshold that is not strictly between 0 and 1.

    Source: Vickers and Elkin 2006, "Decision curve analysis".

    >>> found = net_benefit([0.9, 0.6, 0.3, 0.1], [True, False, True, False], 0.5)
    >>> found.model.tolist(), found.treat_all.tolist()
    ([0.0], [0.0])
    """
    probabilities, truth = require_probabilities(probability, is_pneumonia)
    cuts = _thresholds(threshold)
    counted, is_called = (
        film_weights(weights, len(truth)),
        (probabilities >= cuts[:, None]).astype(np.float64),
    )  # (t, n)
    pneumonia, normal = ((counted * rows).sum(axis=-1)[..., None] for rows in (truth, ~truth))  # (..., 1)
    found, alarms = ((counted * rows) @ is_called.T for rows in (truth, ~truth))  # (..., t)
    odds = cuts / (1 - cuts)
    if prevalence is None:
        films = pneumonia + normal
        return NetBenefit(cuts, ratio(found - odds * alarms, films), ratio(pneumonia - odds * normal, films))
    of_normal = odds * (1 - prevalence)
    model = prevalence * ratio(found, pneumonia) - of_normal * ratio(alarms, normal)
    return NetBenefit(cuts, model, np.broadcast_to(prevalence - of_normal, model.shape))


def _thresholds(threshold: ArrayLike) -> Floats:
    cuts = np.atleast_1d(np.asarray(threshold, dtype=np.float64))
    if not ((cuts > 0) & (cuts < 1)).all():
        raise HilumError(
            f"Got thresholds from {cuts.min():g} to {cuts.max():g} for a decision curve.",
            expected="probabilities above 0 and below 1",
            do="Leave out both ends: acting from 0 on, or from 1 on, weighs one class with nothing.",
        )
    return cuts
