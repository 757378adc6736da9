"""What the model's own map is worth, measured on select films once the graph and its calibration are there."""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from hilum.attribution.evidence import Squares
from hilum.attribution.graph_map import graph_map
from hilum.attribution.places import placed
from hilum.datasets import Catalogue, Split
from hilum.engine import Engine
from hilum.explaining.chosen import Rows, one_a_patient, spread
from hilum.explaining.curve_figures import AskedFilms, blob_curves, emptied_notes, gains, map_curves, random_curves
from hilum.explaining.faithfulness import CENTRE_BLOB, RANDOM, Gain, Randomisation
from hilum.explaining.forgetting import randomisation_test
from hilum.explaining.gradcam import exact_map
from hilum.explaining.places import places_of_maps
from hilum.explaining.verdict import FEWEST_FILMS, verdict_of
from hilum.metrics import Estimate, PlattScaling
from hilum.metrics.arrays import Floats
from hilum.modelfolder import GRAPH, Calibration
from hilum.modelfolder.schema import Faithfulness, MeasuredFigure
from hilum.models import FilmClassifier
from hilum.progress import Progress

METHOD: Final = "map"
"""The graph's own map, which every reader of the folder gets with the answer."""

MOST_FILMS: Final = 32
MOST_FILMS_AGAIN: Final = 96
"""When somebody asks for the measure once more: intervals are then little more than half as wide."""

FEWEST_OF_A_CLASS: Final = 2
"""Of a class that is hardly there, no figure would tell anything."""

STEPS, DRAWS = 2, 3
"""Of the randomisation test: the logit's layer alone, then all; `hilum audit maps` looks in between."""


def measure_faithfulness(
    classifier: FilmClassifier,
    graph: bytes,
    calibration: Calibration,
    pixels: npt.NDArray[np.uint8],
    catalogue: Catalogue,
    split: Split,
    progress: Progress,
    threads: int = 0,
    most: int = MOST_FILMS,
) -> Faithfulness | None:
    """Deletion, insertion and randomisation of the graph's map on select films, one a patient.

    The select patients chose the epoch and nothing else; fit, calibrate and test films have no part in it.

    Args:
        classifier: the network behind the graph; it stays as it is.
        graph: ONNX.
        pixels: (m, side, side) uint8 of the development films, aligned with the catalogue, as `split` is.
        threads: 0 takes every usable core.
        most: films; randomisation is measured on half as many, as it takes longest.

    Returns:
        None where there are fewer than `FEWEST_FILMS` such films, or fewer than `FEWEST_OF_A_CLASS` of a class.
    """
    rows = measured_rows(catalogue, split, most)
    if not len(rows):
        return None
    engine = Engine(graph, GRAPH, threads)
    answer = partial(_calibrated, engine, PlattScaling(calibration.slope, calibration.intercept))
    films = AskedFilms.of(np.asarray(pixels[rows]), answer, catalogue.is_pneumonia[rows], split.seed)
    places = places_of_maps(classifier, engine.side)
    maps = [placed(graph_map(engine, square), places, engine.side) for square in films.squares]
    own, random = map_curves(films, maps, METHOD, progress), random_curves(films, maps, progress)
    found = gains(own, random, blob_curves(films, progress), films)
    fewer = films.subset(spread(len(rows), most // 2))
    forgotten = randomisation_test(classifier, exact_map, fewer, STEPS, DRAWS, progress).randomisation
    return _record(found, forgotten, emptied_notes(own, films), len(rows))


def measured_rows(catalogue: Catalogue, split: Split, most: int = MOST_FILMS) -> Rows:
    """Select films that a map is measured on, one a patient; none where they are too few, or too few of a class."""
    select = split.rows("select")
    rows = select[one_a_patient(catalogue.select(select), most, split.seed)]
    sick = int(catalogue.is_pneumonia[rows].sum())
    has_enough = len(rows) >= FEWEST_FILMS and min(sick, len(rows) - sick) >= FEWEST_OF_A_CLASS
    return rows if has_enough else rows[:0]


def _calibrated(engine: Engine, platt: PlattScaling, squares: Squares) -> Floats:
    return platt.probability(engine.logits(squares))


def _record(found: tuple[Gain, ...], forgotten: Randomisation, notes: tuple[str, ...], films: int) -> Faithfulness:
    verdict = verdict_of(found, forgotten, notes)
    random, blob = (next(gain for gain in found if gain.control == control) for control in (RANDOM, CENTRE_BLOB))
    return Faithfulness(
        method=METHOD,
        reasons=verdict.reasons,
        notes=verdict.notes,
        failed=verdict.failed,
        unknown=verdict.unknown,
        films=films,
        rank=_figure(forgotten.last.rank),
        sizes=_figure(forgotten.last.sizes),
        chance=forgotten.chance.value,
        deletion_gain=_figure(random.deletion),
        insertion_gain=_figure(random.insertion),
        blob_deletion_gain=_figure(blob.deletion),
        blob_insertion_gain=_figure(blob.insertion),
    )


def _figure(one: Estimate) -> MeasuredFigure:
    return MeasuredFigure(one.value, one.low, one.high)
