"""What the activation map costs beside the logit: a model's graph with the map's output and without it, in turns.

    python bench/map_cost.py MODEL... [--films 1] [--repeats 200] [--json map-cost.json]

Both graphs run in one process on one thread, each pair in the other order than the pair before. Seconds are those of
the processor, so that other work on the machine counts little; the cost is the median over pairs of the ratio, less 1,
with the interval that a bootstrap over pairs gives. Two sessions of the very same graph are timed in the same way: the
difference between those is what the clock cannot tell apart. Nothing but noise is shown to the model.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import onnx

from hilum.engine import Engine
from hilum.errors import HilumError
from hilum.modelfolder import GRAPH, ModelFolder, open_model_folder

MAP = "activation_map"
BAR = 0.03
WARM_UP = 10


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one model: medians in milliseconds a pass, and the share that the map adds with its 95 % interval."""

    model: str
    films: int
    pairs: int
    without_ms: float
    with_ms: float
    cost: float
    low: float
    high: float
    same_graph: float

    def __str__(self) -> str:
        verdict = "under" if self.high < BAR else "not shown to be under"
        return (
            f"{self.model:32}{self.films:6}{self.without_ms:11.2f}{self.with_ms:11.2f}{100 * self.cost:+9.2f} %"
            f"  ({100 * self.low:+.2f} to {100 * self.high:+.2f}){100 * self.same_graph:+9.2f} %  {verdict} {BAR:.0%}"
        )


def without_map(graph: bytes) -> bytes:
    """The same graph without the output; what only the map needs is then left out when a session is opened."""
    model = onnx.load_model_from_string(graph)
    del model.graph.output[[output.name for output in model.graph.output].index(MAP)]
    return bytes(model.SerializeToString())


def measure(folder: ModelFolder, films: int, pairs: int) -> Cost:
    """The cost of one model's map, for so many films a pass."""
    graph = folder.read(GRAPH)
    full, bare, again = (Engine(one, GRAPH, threads=1) for one in (graph, without_map(graph), without_map(graph)))
    side = folder.manifest.side
    noise = np.random.default_rng(0).integers(0, 256, (films, side, side), dtype=np.uint8)
    with_map = milliseconds(lambda: bare.run(noise), lambda: full.run(noise, ("logit", MAP)), pairs)
    same = milliseconds(lambda: bare.run(noise), lambda: again.run(noise), pairs)
    ratio, chance = with_map[:, 1] / with_map[:, 0] - 1, same[:, 1] / same[:, 0] - 1
    draws = np.random.default_rng(1).integers(0, pairs, (2000, pairs))
    low, high = np.quantile(np.median(ratio[draws], axis=1), [0.025, 0.975])
    without_ms, with_ms = np.median(with_map, axis=0)
    return Cost(
        model=folder.manifest.name,
        films=films,
        pairs=pairs,
        without_ms=float(without_ms),
        with_ms=float(with_ms),
        cost=float(np.median(ratio)),
        low=float(low),
        high=float(high),
        same_graph=float(np.median(chance)),
    )


def milliseconds(first: Callable[[], object], second: Callable[[], object], pairs: int) -> np.ndarray:
    """(pairs, 2) of the processor's time, after a few passes that are not counted."""
    found = np.zeros((pairs, 2))
    for pair in range(-WARM_UP, pairs):
        order = (0, 1) if pair % 2 else (1, 0)
        for place in order:
            started = time.thread_time()
            (first, second)[place]()
            if pair >= 0:
                found[pair, place] = 1000 * (time.thread_time() - started)
    return found


def main(words: list[str] | None = None) -> int:
    """Print a line for each model and number of films, and write them as JSON where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--films", type=int, nargs="+", default=[1], help="films a pass")
    parser.add_argument("--repeats", type=int, default=200, help="pairs of passes")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args(words)
    print(f"{platform.machine()}, Python {platform.python_version()}, one thread, {asked.repeats} pairs in turns")
    print(f"{'model':32}{'films':>6}{'without':>11}{'with, ms':>11}{'cost':>11}  {'95 %':18}{'same graph':>10}")
    costs = []
    for model in asked.models:
        for films in asked.films:
            costs.append(measure(open_model_folder(model), films, asked.repeats))
            print(costs[-1], flush=True)
    if asked.json:
        asked.json.write_text(json.dumps([asdict(cost) for cost in costs], indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except HilumError as error:
        sys.exit(str(error))
