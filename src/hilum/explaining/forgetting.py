"""The randomisation test of one method on one network: how alike its maps stay while the network forgets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from hilum.attribution.agreement import rank_correlation, structural_similarity
from hilum.attribution.controls import moved_at_random
from hilum.attribution.evidence import EvidenceMap
from hilum.explaining.curve_figures import AskedFilms, means_over_patients
from hilum.explaining.faithfulness import CascadeStep, Randomisation
from hilum.explaining.randomisation import Maps, NetworkEvidence, cascade, stops, weighted_layers
from hilum.metrics import Estimate
from hilum.metrics.arrays import Floats
from hilum.models import FilmClassifier
from hilum.progress import Progress, Silent

CHANCE_MAPS: Final = 5
"""Random maps of each film, for what maps have in common by chance."""


@dataclass(frozen=True, slots=True, eq=False)
class Forgetting:
    """The test's figures, and the maps of its first draw to look at.

    Args:
        randomisation: the figures.
        maps: a sequence a step, of a map a film.
    """

    randomisation: Randomisation
    maps: tuple[Maps, ...]

    def of_film(self, row: int) -> tuple[EvidenceMap, ...]:
        """One film's map in each step."""
        return tuple(maps[row] for maps in self.maps)


def randomisation_test(
    classifier: FilmClassifier,
    method: NetworkEvidence,
    films: AskedFilms,
    steps: int,
    draws: int,
    progress: Progress = Silent(),
) -> Forgetting:
    """Compare the trained network's maps with those of its copies that forget, from the logit to the first layer.

    Args:
        classifier: the trained network; it stays as it is.
        method: as it is asked of a network.
        films: two or more; the intervals are over their patients.
        steps: how many times to stop on the way.
        draws: of random weights; figures are means over them.
    """
    trained = method(classifier, films.squares)
    layers = len(weighted_layers(classifier, films.squares.shape[1]))
    counts = stops(layers, steps)
    names, likeness = list[str](), np.zeros((len(counts), 3, len(trained)))
    first: list[Maps] = []
    with progress.bar("Randomisation", draws * len(counts)) as bar:
        for draw in range(draws):
            for place, step in enumerate(cascade(classifier, films.squares, steps, films.seed + draw)):
                maps = method(step.classifier, films.squares)
                likeness[place] += _likeness(trained, maps) / draws
                if draw == 0:
                    names.append(step.down_to)
                    first.append(maps)
                bar.advance()
    found = zip(names, counts, likeness, strict=True)
    record = tuple(CascadeStep(name, count, *means_over_patients(list(one), films)) for name, count, one in found)
    return Forgetting(Randomisation(record, layers, draws, chance_likeness(trained, films)), tuple(first))


def chance_likeness(maps: Maps, films: AskedFilms) -> Estimate:
    """Mean absolute rank correlation of a map with the same map turned and moved at random."""
    generator = np.random.default_rng(films.seed)
    found = [
        np.mean([abs(rank_correlation(one, moved_at_random(one, generator))) for _ in range(CHANCE_MAPS)])
        for one in maps
    ]
    return means_over_patients([np.array(found)], films)[0]


def _likeness(trained: Maps, forgotten: Maps) -> Floats:
    """(3, n): of values, of their sizes, of structure."""
    pairs = list(zip(trained, forgotten, strict=True))
    return np.array(
        [
            [abs(rank_correlation(one, other)) for one, other in pairs],
            [rank_correlation(np.abs(one), np.abs(other)) for one, other in pairs],
            [structural_similarity(one, other) for one, other in pairs],
        ]
    )
