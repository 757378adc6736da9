"""How often the 95 % intervals hold the truth, on simulated films that come in patients as in the official test.

    python bench/coverage.py coverage.json [--sets 5000] [--likeness 0.5] [--draws 2000]

Logits are normal, with a variance of 1 in each class; `--likeness` is the correlation of two films of one patient.
(By normal scores of two models' logits on the official test it is 0.1 and 0.2 with pneumonia, 0.3 and 0.5 without; the
more alike, the harder to cover.) 428 patients have the films that those of the official test have; other numbers of
patients are drawn from them. Sets are added to the
file until there are as many as asked for, so that a run that was ended goes on. Prints a table.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from math import sqrt
from pathlib import Path
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from hilum.json_files import write_json
from hilum.metrics import (
    Estimate,
    Statistic,
    auroc,
    auroc_over_patients,
    brier,
    clustered_wilson,
    estimate,
    log_odds,
    probability_of,
    resample_patients,
)
from hilum.metrics.arrays import Booleans, Floats

PREDICTIONS = Path(__file__).parents[1] / "tests" / "reference" / "predictions-official-test.csv"
CELLS = tuple((patients, area) for patients in (428, 100) for area in (0.85, 0.95, 0.99))
AT_ONCE = 100  # sets of one cell between two writes
Patients = NDArray[np.intp]
BAR = (0.94, 0.96)  # asked for at 428 patients and an AUROC of at most 0.95


@dataclass(frozen=True, slots=True)
class World:
    """Where films come from: films of each patient by class in the official test, and how alike those are."""

    pneumonia: tuple[int, ...]
    normal: tuple[int, ...]
    likeness: float

    @property
    def prevalence(self) -> float:
        """Share of pneumonia among the films."""
        return sum(self.pneumonia) / (sum(self.pneumonia) + sum(self.normal))

    def films(
        self, patients: int, distance: float, generator: np.random.Generator
    ) -> tuple[Floats, Booleans, Patients]:
        """Logit-like scores, truth and patient, (n,) each; the class means lie `distance` apart."""
        everyone = len(self.pneumonia) + len(self.normal)
        sizes = [np.array(part) for part in (self.pneumonia, self.normal)]
        if patients != everyone:
            counts = (round(patients * len(self.pneumonia) / everyone), round(patients * len(self.normal) / everyone))
            sizes = [generator.choice(part, count) for part, count in zip(sizes, counts, strict=True)]
        films = np.concatenate(sizes)
        patient = np.repeat(np.arange(len(films), dtype=np.intp), films)
        truth = patient < len(sizes[0])
        shared, own = generator.normal(size=len(films)), generator.normal(size=len(patient))
        score = distance * truth + sqrt(self.likeness) * shared[patient] + sqrt(1 - self.likeness) * own
        return score, truth, patient


def read_world(likeness: float) -> World:
    """The patients of the official test."""
    with PREDICTIONS.open(encoding="utf-8") as file:
        films = Counter((row["patient"], row["is_pneumonia"]) for row in csv.DictReader(file))
    of_class = [tuple(count for (_, has_it), count in sorted(films.items()) if has_it == one) for one in ("1", "0")]
    return World(of_class[0], of_class[1], likeness)


def intervals(
    world: World, patients: int, area: float, seed: list[int], draws: int
) -> Iterator[tuple[str, float, Estimate]]:
    """Name, truth and estimate of every figure on one simulated set of films."""
    generator = np.random.default_rng(seed)
    distance = sqrt(2) * NormalDist().inv_cdf(area)
    score, truth, patient = world.films(patients, distance, generator)
    probability = calibrated(world, score, distance)
    resampling = resample_patients(patient, truth, draws, seed[-1])
    order = partial(auroc, score, truth)
    found = estimate(
        [
            Statistic(order, without_draws=auroc_over_patients(resampling, score, truth)),
            Statistic(order),
            Statistic(partial(brier, probability, truth)),
        ],
        resampling,
    )
    yield "AUROC (Obuchowski, logit)", area, found[0]
    yield "AUROC (BCa)", area, found[1]
    yield "Brier score (BCa)", true_brier(world, distance), found[2]
    called, rate = score >= distance / 2, NormalDist().cdf(distance / 2)
    for name, rows in (("sensitivity", truth), ("specificity", ~truth), ("accuracy", truth | True)):
        is_right = (called == truth)[rows]
        ends = clustered_wilson(is_right, patient[rows])
        yield f"{name} (Wilson)", rate, Estimate(float(is_right.mean()), ends.low, ends.high, ends.method)


def calibrated(world: World, score: Floats, distance: float) -> Floats:
    """The probability of pneumonia of a film with this score."""
    return probability_of(distance * (score - distance / 2) + log_odds(world.prevalence))


def true_brier(world: World, distance: float) -> float:
    """The Brier score over all films there could be, by Gauss-Hermite quadrature."""
    at, weight = np.polynomial.hermite_e.hermegauss(200)
    weight = weight / weight.sum()
    missed = weight @ (1 - calibrated(world, at + distance, distance)) ** 2
    alarmed = weight @ calibrated(world, at, distance) ** 2
    return float(world.prevalence * missed + (1 - world.prevalence) * alarmed)


def add_sets(done: dict[str, dict[str, int]], world: World, cell: int, until: int, draws: int) -> None:
    """Simulate the sets that the cell lacks; `done` holds, by figure, how many intervals held, lay below or above."""
    patients, area = CELLS[cell]
    start = next((sum(counts.values()) for counts in done.values()), 0)
    for number in range(start, until):
        for name, truth, found in intervals(world, patients, area, [cell, number], draws):
            counts = done.setdefault(name, {"held": 0, "below": 0, "above": 0, "none": 0})
            counts[place(found, truth)] += 1


def place(found: Estimate, truth: float) -> str:
    """Where the interval lies against the truth."""
    if found.low is None or found.high is None:
        return "none"
    return "below" if found.high < truth else "above" if found.low > truth else "held"


def table(cells: dict[str, dict[str, dict[str, int]]]) -> Iterator[str]:
    """Coverage, and how often the truth lay beyond each end, in Markdown."""
    yield "| patients | AUROC | interval | sets | covers | lies below | lies above | none |"
    yield "|---|---|---|---|---|---|---|---|"
    for patients, area in CELLS:
        figures = cells[cell_name(patients, area)]
        for name, counts in sorted(figures.items()):
            sets = sum(counts.values())
            shares = " | ".join(f"{counts[key] / sets:.2%}" for key in ("held", "below", "above", "none"))
            yield f"| {patients} | {area} | {name} | {sets:,} | {shares} |"


def main() -> None:
    """Simulate, write after every hundred sets, and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("file", type=Path)
    options.add_argument("--sets", type=int, default=5000)
    options.add_argument("--likeness", type=float, default=0.5)
    options.add_argument("--draws", type=int, default=2000)
    chosen = options.parse_args()
    settings = {"likeness": chosen.likeness, "draws": chosen.draws}
    begun = json.loads(chosen.file.read_text()) if chosen.file.exists() else {**settings, "cells": {}}
    if {name: begun[name] for name in settings} != settings:
        options.error(f"{chosen.file} was begun with other settings than {settings}; name another file.")
    world, cells = read_world(chosen.likeness), begun["cells"]
    names = [cell_name(patients, area) for patients, area in CELLS]
    for until in [*range(AT_ONCE, chosen.sets, AT_ONCE), chosen.sets]:
        for number, name in enumerate(names):
            add_sets(cells.setdefault(name, {}), world, number, until, chosen.draws)
            write_json(chosen.file, begun)
    print("\n".join(table(cells)))
    bar = [name for name in names[:2] if not all(BAR[0] <= covered(one) <= BAR[1] for one in cells[name].values())]
    print(
        f"Outside {BAR[0]:.0%} to {BAR[1]:.0%} at 428 patients and an AUROC of at most 0.95: {', '.join(bar) or 'none'}"
    )


def cell_name(patients: int, area: float) -> str:
    """What the file calls a cell."""
    return f"{patients} patients, AUROC {area}"


def covered(counts: dict[str, int]) -> float:
    """The share of the intervals that held the truth."""
    return counts["held"] / sum(counts.values())


if __name__ == "__main__":
    main()
