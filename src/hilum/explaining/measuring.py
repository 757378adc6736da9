"""Everything that is measured of one method on one model, and how far the methods agree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from hilum.attribution.agreement import rank_correlation
from hilum.attribution.evidence import EvidenceMap, at_side
from hilum.attribution.inside import share_for_in_box, share_in_box
from hilum.attribution.places import Places, placed
from hilum.attribution.stability import stability
from hilum.datasets import Catalogue
from hilum.explaining.chosen import Rows, spread
from hilum.explaining.curve_figures import (
    AskedFilms,
    curves_record,
    emptied_notes,
    gains,
    map_curves,
    means_over_patients,
    random_curves,
)
from hilum.explaining.faithfulness import (
    CENTRE_BLOB,
    RANDOM,
    Agreement,
    Example,
    MethodFaithfulness,
)
from hilum.explaining.forgetting import Forgetting, randomisation_test
from hilum.explaining.methods import LAST_MAPS, Method
from hilum.explaining.places import places_of_maps
from hilum.explaining.randomisation import NetworkEvidence
from hilum.explaining.verdict import verdict_of
from hilum.images.box import LUNG_BOX
from hilum.metrics import Estimate
from hilum.metrics.arrays import Floats
from hilum.models import FilmClassifier
from hilum.progress import Progress, Silent, track

EXAMPLES: Final = 4
"""Films to look at."""

AGREED_SIDE: Final = 14
"""Places along a side at which methods are compared: those of occlusion, about the coarsest."""


@dataclass(frozen=True, slots=True)
class Effort:
    """On how many films the costly measures of a method are made.

    Args:
        moved: films whose map is made again with the film moved, four times each.
        forgotten: films whose map is made again by each random network.
        steps: of the randomisation test, from the logit to the first layer.
        draws: of random weights.
    """

    moved: int
    forgotten: int
    steps: int
    draws: int


EFFORTS: Final[dict[str, Effort]] = {
    "map": Effort(moved=60, forgotten=24, steps=8, draws=3),
    "above-normal": Effort(moved=60, forgotten=24, steps=8, draws=3),
    "gradcam": Effort(moved=60, forgotten=24, steps=8, draws=3),
    # Hundreds of passes a map: fewer films, and intervals that show it.
    "occlusion": Effort(moved=8, forgotten=8, steps=4, draws=1),
    "integrated-gradients": Effort(moved=8, forgotten=8, steps=4, draws=1),
}


@dataclass(frozen=True, slots=True, eq=False)
class AskedModel:
    """A model and the films that it is asked about.

    Args:
        classifier: the network behind the graph.
        films: the films.
        catalogue: the same films, for their names.
        blob: (n, 2, k) curves with a blob in the centre, the same for every method.
        map_places: where the graph's own map looks, as its folder says; None in older ones.
    """

    classifier: FilmClassifier
    films: AskedFilms
    catalogue: Catalogue
    blob: Floats
    map_places: Places | None = None


def maps_of(method: Method, films: AskedFilms, progress: Progress = Silent()) -> list[EvidenceMap]:
    """The method's map of each film."""
    return [method.evidence(square) for square in track(progress, films.squares, method.name, len(films.squares))]


def measure_method(
    method: Method,
    of_network: NetworkEvidence,
    model: AskedModel,
    maps: Sequence[EvidenceMap],
    effort: Effort,
    progress: Progress = Silent(),
) -> MethodFaithfulness:
    """Curves, randomisation, lung box and stability of one method, and what follows.

    Args:
        method: ready to be asked of the model.
        of_network: the same as it is asked of a network.
        model: with its films.
        maps: of those films, (h, w) each.
        effort: what the costly measures may cost.
        progress: where the bars are shown.
    """
    films = model.films
    own, random = map_curves(films, maps, method.name, progress), random_curves(films, maps, progress)
    found = gains(own, random, model.blob, films)
    rows = spread(len(maps), effort.forgotten)
    forgetting = randomisation_test(
        model.classifier, of_network, films.subset(rows), effort.steps, effort.draws, progress
    )
    box, box_for = _lung_box(maps, films)
    return MethodFaithfulness(
        method=method.name,
        layer=method.layer,
        in_words=method.in_words,
        curves=(
            curves_record(method.name, own, films),
            curves_record(RANDOM, random, films),
            curves_record(CENTRE_BLOB, model.blob, films),
        ),
        gains=found,
        randomisation=forgetting.randomisation,
        lung_box=box,
        lung_box_for=box_for,
        stability=_stability(method, films, maps, effort.moved, progress),
        verdict=verdict_of(found, forgetting.randomisation, emptied_notes(own, films)),
        examples=_examples(model, method, maps, rows, forgetting),
    )


def agreement_of(methods: Sequence[str], maps: Sequence[Sequence[EvidenceMap]], films: AskedFilms) -> list[Agreement]:
    """How alike the maps of each two methods are, both averaged over `AGREED_SIDE` places along a side.

    Pixel by pixel no map agrees with integrated gradients, whose neighbouring pixels take turns.

    Args:
        methods: their names.
        maps: of each method, a map a film.
    """
    found = []
    for one, other in combinations(range(len(methods)), 2):
        pairs = zip(maps[one], maps[other], strict=True)
        ranks = [rank_correlation(at_side(first, AGREED_SIDE), at_side(second, AGREED_SIDE)) for first, second in pairs]
        found.append(Agreement(methods[one], methods[other], means_over_patients([np.array(ranks)], films)[0]))
    return found


def _lung_box(maps: Sequence[EvidenceMap], films: AskedFilms) -> list[Estimate]:
    """Shares in the lung box: of all evidence, and of that for pneumonia on films that are answered so.

    On the others what little there is for pneumonia lies where the model looks least.
    """
    side, answered = films.squares.shape[1], films.is_pneumonia
    every, of_pneumonia = (
        np.array([share(one, LUNG_BOX, side) for one in maps]) for share in (share_in_box, share_for_in_box)
    )
    whole = means_over_patients([every], films)
    if not answered.any():
        return [*whole, Estimate(None, None, None, "not defined: no film is answered pneumonia")]
    return [*whole, *means_over_patients([of_pneumonia], films, answered)]


def _stability(
    method: Method, films: AskedFilms, maps: Sequence[EvidenceMap], most: int, progress: Progress
) -> Estimate:
    rows = spread(len(maps), most)
    shown = track(progress, rows, "Moved films", len(rows))
    found = [stability(method.evidence, films.squares[row], maps[row]) for row in shown]
    return means_over_patients([np.array(found)], films.subset(rows))[0]


def _examples(
    model: AskedModel, method: Method, maps: Sequence[EvidenceMap], rows: Rows, forgetting: Forgetting
) -> tuple[Example, ...]:
    """Some of the films of the randomisation test; `rows` says which films those are."""
    records, films = model.catalogue.films, model.films
    drawn = as_drawn(method.layer, _places(model, method), films.squares.shape[1])
    return tuple(
        Example(
            path=records[rows[place]].path,
            label=records[rows[place]].label,
            probability=float(films.probability[rows[place]]),
            square=np.asarray(films.squares[rows[place]]),
            evidence=maps[rows[place]],
            cascade=tuple(map(drawn, forgetting.of_film(int(place)))),
        )
        for place in spread(len(rows), EXAMPLES)
    )


def as_drawn(layer: str, places: Places | None, side: int) -> Callable[[EvidenceMap], EvidenceMap]:
    """Lays a random network's map where a method lays the trained one's, so that a strip compares one geometry.

    Args:
        layer: that the method looks at; maps of other layers than the last are drawn as they are.
        places: where that layer's maps look; None where they are stretched from edge to edge.
        side: of the film in pixels.
    """
    if layer != LAST_MAPS:
        return lambda evidence: evidence
    return lambda evidence: placed(evidence, places, side)


def _places(model: AskedModel, method: Method) -> Places | None:
    """Where the last feature maps look, as the method takes it: from the network, or from the model folder."""
    if method.name == "gradcam":
        return places_of_maps(model.classifier, model.films.squares.shape[1])
    return model.map_places
