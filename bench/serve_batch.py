"""What a server could gain by gathering films into batches: the graph's time a film, and whether answers stay the same.

    python bench/serve_batch.py FILMS MODEL... [--repeats 20] [--json serve-batch.json]

Batches of each size take turns on the same films, each in its own order in every turn. Judged against what one film
costs in a whole request (--request-ms, the lone request of bench/serve_load.py), because reading, checking and sending
stay as they are. Waiting for a batch to fill comes on top, and is not in these figures.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import statistics
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hilum.images import read_film, to_square
from hilum.json_files import write_json
from hilum.provenance import current
from hilum.runtime import Predictor
from hilum.verbs.predict import find_films

SIZES = (1, 2, 4, 8, 16)
FILMS = 32


@dataclass(frozen=True)
class Batches:
    """Of one model: median milliseconds a film by the batch's size, and films whose logit then differs in any bit."""

    model: str
    side: int
    ms_a_film: dict[int, float]
    differing: dict[int, int]

    def __str__(self) -> str:
        alone = self.ms_a_film[1]
        sizes = "  ".join(
            f"{size}: {ms:.2f} ({100 * (ms / alone - 1):+.0f} %, {self.differing[size]} differ)"
            for size, ms in self.ms_a_film.items()
        )
        return f"{self.model}, {self.side} px, ms a film in batches of  {sizes}"


def logits(predictor: Predictor, squares: npt.NDArray[np.uint8], size: int) -> npt.NDArray[np.float32]:
    """(n,) logits, so many films at a time."""
    names = ("logit", *(("feature_distance",) if predictor.manifest.gate else ()))
    parts = [predictor.engine.run(squares[begin : begin + size], names) for begin in range(0, len(squares), size)]
    return np.concatenate([part["logit"].ravel() for part in parts])


def measured(model: Path, films: list[Path], repeats: int) -> Batches:
    """Times and answers of one model."""
    predictor = Predictor.open(model)
    squares = np.stack(
        [to_square(read_film(film).pixels, predictor.side, predictor.geometry) for film in films]
    )  # (n, side, side)
    alone = logits(predictor, squares, 1)
    differing = {size: int((logits(predictor, squares, size) != alone).sum()) for size in SIZES}
    times: dict[int, list[float]] = {size: [] for size in SIZES}
    draw = random.Random(0)
    for _ in range(repeats):
        for size in draw.sample(SIZES, len(SIZES)):
            started = time.perf_counter()
            logits(predictor, squares, size)
            times[size].append(1000 * (time.perf_counter() - started) / len(squares))
    medians = {size: statistics.median(taken) for size, taken in times.items()}
    return Batches(predictor.manifest.name, predictor.side, medians, differing)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("films", type=Path)
    options.add_argument("models", type=Path, nargs="+")
    options.add_argument("--repeats", type=int, default=20)
    options.add_argument("--request-ms", type=float, help="of a lone request; its share of the gain is then shown")
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    films = find_films([chosen.films])[:FILMS]
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before, {len(films)} films")
    found = []
    for model in chosen.models:
        found.append(measured(model, films, chosen.repeats))
        print(found[-1], flush=True)
        if chosen.request_ms:
            best = min(found[-1].ms_a_film.values())
            print(f"    of a whole request at most {100 * (found[-1].ms_a_film[1] - best) / chosen.request_ms:.0f} %")
    if chosen.json:
        facts = {"batches": [asdict(one) for one in found], "films": len(films), "repeats": chosen.repeats}
        write_json(chosen.json, facts | {"provenance": asdict(current("onnxruntime", "numpy"))})


if __name__ == "__main__":
    main()
