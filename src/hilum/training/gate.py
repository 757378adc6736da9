"""The gate of a graph: what tells pictures that are no chest films, and films unlike those it was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from hilum.datasets import Catalogue, Split
from hilum.engine import FEATURE_DISTANCE, Engine
from hilum.exporting import GATE_FEATURES, with_feature_distance, with_gate_features
from hilum.images.variation import natural_variation
from hilum.metrics.distance import fit_distance, upper_limit
from hilum.modelfolder import Gate
from hilum.progress import Progress

Squares = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.int64]

MOST_FIT_FILMS = 1500
"""More would move the distance of no film by much: 3,000 rows, half of them varied, meet some 700 features."""

FEWEST_FIT_FILMS = 16
"""Fewer tell nothing about how films differ."""

VARIANTS = 2
"""Of each calibrate film."""

WARNED_SHARE = 0.01
"""Of patients like the calibrate patients, the share whose film is warned about."""

REFUSED_SHARE = 0.025
"""Of the same films, varied as other machines and hands might do it, the share that is refused. As they are, it is
far smaller: below the share that is warned about by construction."""


@dataclass(frozen=True, slots=True, eq=False)
class HeldOutDistances:
    """How far films that a graph has not learned from lie from those that it has.

    Args:
        rows: (k,) of the development films.
        plain: (k,) of the films as they are.
        varied: (VARIANTS, k) of their varied forms.
    """

    rows: Rows
    plain: npt.NDArray[np.float64]
    varied: npt.NDArray[np.float64]


def fit_gate(
    graph: bytes,
    pixels: Squares,
    catalogue: Catalogue,
    split: Split,
    progress: Progress,
    at_once: int = 32,
    threads: int = 0,
    held_out: HeldOutDistances | None = None,
) -> tuple[bytes, Gate | None]:
    """The graph with the output `feature_distance`, and its limits; both as they were where films are too few.

    The fit films, and each once more in a varied form, say what films look like. The calibrate films give the limits:
    as they are for the warning, varied for the refusal, so that another exposure or a film held askew is no reason
    to refuse. Labels play no part.

    Args:
        graph: ONNX, whose logits do not change.
        pixels: (m, side, side) uint8 of the development films, aligned with the catalogue, as `split` is.
        at_once: films a pass.
        threads: 0 takes every usable core.
        held_out: what cross-fitting found, where no films were kept back for calibration.
    """
    gated = with_distance(graph, pixels, split.rows("fit"), progress, at_once, threads)
    if gated is None:
        return graph, None
    found = held_out or held_out_distances(gated, pixels, split.rows("calibrate"), progress, at_once, threads)
    gate = _limits(found, catalogue.resampling_groups()[found.rows], len(_looked_at(split.rows("fit"))))
    return (gated, gate) if gate else (graph, None)


def with_distance(
    graph: bytes, pixels: Squares, fit: Rows, progress: Progress, at_once: int, threads: int
) -> bytes | None:
    """The graph with the output `feature_distance` from the films in these rows; None where they are too few."""
    if len(fit) < FEWEST_FIT_FILMS:
        return None
    looking = with_gate_features(graph)
    shown = [(row, variant) for row in _looked_at(fit) for variant in (0, 1)]
    features = _outputs(Engine(looking, "model.onnx", threads), GATE_FEATURES, pixels, at_once, progress, shown)
    return with_feature_distance(looking, fit_distance(features))


def held_out_distances(
    gated: bytes, pixels: Squares, rows: Rows, progress: Progress, at_once: int, threads: int
) -> HeldOutDistances:
    """The distances of the films in these rows, which the graph's own were not measured from."""
    engine = Engine(gated, "model.onnx", threads)
    distance = partial(_outputs, engine, FEATURE_DISTANCE, pixels, at_once, progress)
    plain = distance([(row, 0) for row in rows])
    varied = distance([(row, 1 + variant) for variant in range(VARIANTS) for row in rows])
    return HeldOutDistances(rows, plain, varied.reshape(VARIANTS, len(rows)))


def _looked_at(fit: Rows) -> Rows:
    """All of the fit films, or so many of them, spread evenly."""
    return fit[np.linspace(0, len(fit) - 1, min(len(fit), MOST_FIT_FILMS)).astype(np.int64)]


def _limits(found: HeldOutDistances, patient: npt.NDArray[np.intp], fit_films: int) -> Gate | None:
    """The limits that films held out give; None for too few patients."""
    plain, varied = found.plain, found.varied.ravel()
    warn = upper_limit(plain, patient, WARNED_SHARE)
    refuse = upper_limit(varied, np.tile(patient, VARIANTS), REFUSED_SHARE)
    if warn is None or refuse is None:
        return None
    refuse = max(warn, refuse)
    return Gate(
        warn_above=warn,
        refuse_above=refuse,
        warned=float((plain > warn).mean()),
        refused=float((plain > refuse).mean()),
        refused_varied=float((varied > refuse).mean()),
        films=len(plain),
        patients=len(np.unique(patient)),
        fit_films=fit_films,
    )


def _outputs(
    engine: Engine, output: str, pixels: Squares, at_once: int, progress: Progress, shown: Sequence[tuple[int, int]]
) -> npt.NDArray[np.float64]:
    """One of the graph's outputs for films, each a row and the number of its variant; 0 is the film as it is."""
    parts = []
    with progress.bar("Gate", len(shown)) as bar:
        for start in range(0, len(shown), at_once):
            films = np.stack([_shown(pixels[row], row, variant) for row, variant in shown[start : start + at_once]])
            parts.append(engine.run(films, (output,))[output])
            bar.advance(len(films))
    return np.concatenate(parts).astype(np.float64)


def _shown(film: Squares, row: int, variant: int) -> Squares:
    """A film by its row among the development films, which with the variant's number decides the variant."""
    return natural_variation(film, np.random.default_rng([variant, row])) if variant else np.asarray(film)
