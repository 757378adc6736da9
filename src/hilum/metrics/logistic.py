"""Logistic regression on one or two columns by Newton's method, for many rows of weights at once."""

from __future__ import annotations

from typing import Final

import numpy as np

from hilum.metrics.arrays import Booleans, Floats, ratio

_STEPS: Final = 100
_SMALL: Final = 1e-10  # a step this small changes no digit that is shown
_FLAT: Final = 1e-8  # mean p (1 - p) below this: every film is certain, and farther out is more likely still


def fit_logistic(
    design: Floats, target: Floats, weights: Floats, offset: Floats | float = 0.0
) -> tuple[Floats, Booleans]:
    """The coefficients that make the targets most likely, one row for each row of weights.

    Args:
        design: (k, n) columns, of about unit size so that the steps behave.
        target: (n,) in [0, 1].
        weights: (..., n) how much each film counts.
        offset: (n,) or one number, added to every logit.

    Returns:
        (..., k) coefficients, and (...,) whether they are the most likely ones: False where there are none, because the
        classes are apart or one of them has no weight; the coefficients then lie far out.

    Source: Lin, Lin and Weng 2007: Newton's method with steps halved until the loss falls.
    """
    rows = weights.reshape(-1, weights.shape[-1])
    first = np.zeros((1, len(design)))
    if len(rows) > 1:  # from the fit to all rows together it is two or three steps to each
        together, is_found = _newton(design, target, rows.mean(axis=0, keepdims=True), offset, first)
        first = together if is_found.all() else first
    found, is_found = _newton(design, target, rows, offset, np.repeat(first, len(rows), axis=0))
    return found.reshape(*weights.shape[:-1], len(design)), is_found.reshape(weights.shape[:-1])


def _newton(
    design: Floats, target: Floats, weights: Floats, offset: Floats | float, first: Floats
) -> tuple[Floats, Booleans]:
    """(r, k) coefficients from a first guess, and (r,) whether the steps came to an end."""
    line, share = first, np.ones(len(weights))
    loss, step = _loss_and_step(design, target, weights, offset, line)
    for _ in range(_STEPS):
        if (np.abs(step) < _SMALL).all():
            break
        tried = line - share[:, None] * step
        loss_there, step_there = _loss_and_step(design, target, weights, offset, tried)
        is_better = loss_there <= loss + 1e-13 * np.abs(loss)  # rounding is no rise
        line, step = np.where(is_better[:, None], tried, line), np.where(is_better[:, None], step_there, step)
        loss, share = np.where(is_better, loss_there, loss), np.where(is_better, 1.0, share / 2)
    certainty = _sigmoid(line @ design + offset)
    spread = ratio((weights * certainty * (1 - certainty)).sum(axis=-1), weights.sum(axis=-1))
    return line, np.asarray((np.abs(step) < 1e-6).all(axis=1) & (spread > _FLAT))


def _sigmoid(logit: Floats) -> Floats:
    result: Floats = np.exp(-np.logaddexp(0.0, -logit))
    return result


def _loss_and_step(
    design: Floats, target: Floats, weights: Floats, offset: Floats | float, line: Floats
) -> tuple[Floats, Floats]:
    """(r,) cross-entropy at the coefficients (r, k), and Newton's whole step there, (r, k)."""
    logit = line @ design + offset  # (r, n)
    softplus = np.logaddexp(0.0, logit)
    loss = (weights * (softplus - target * logit)).sum(axis=-1)
    probability = np.exp(logit - softplus)
    slope = (weights * (probability - target)) @ design.T  # (r, k)
    products = (design[:, None] * design).reshape(-1, design.shape[-1])  # (k * k, n)
    curvature = ((weights * probability * (1 - probability)) @ products.T).reshape(-1, len(design), len(design))
    # Far out, where every probability is 0 or 1, the curvature vanishes: the step is then long, and halved.
    step = np.linalg.solve(curvature + 1e-12 * np.eye(len(design)), slope[..., None])[..., 0]
    return loss, step
