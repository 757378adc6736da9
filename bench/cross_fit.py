"""Is a model of few patients better calibrated by cross-fitting than by the tenth that is otherwise kept back?

    python bench/cross_fit.py DATA --weights FOLDER [--patients 80] [--seeds 5] [--recipe NAME] [--output FILE.json]

For each seed so many patients of the training folder are drawn, and the recipe is trained on them twice, once with
--cross-fit. Both models then answer for films of the training folder whose patients were not drawn; no film of the test
folder is opened. What counts is how calibrated probabilities (log loss, Brier, ECE), the primary operating point (how
far its sensitivity is from 0.95) and the answer sets (coverage by class, and how often they close) hold there.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from hilum.datasets import LABELS, WORKSPACE, Catalogue, open_pixels, resolve_catalogue, write_catalogue
from hilum.json_files import write_json
from hilum.metrics import PRIMARY, brier, expected_calibration_error
from hilum.progress import on_stderr
from hilum.runtime import Predictor
from hilum.verbs.train import train

Row = dict[str, Any]
MOST_JUDGED = 1000


def drawn(films: Catalogue, patients: int, seed: int) -> tuple[Catalogue, Catalogue]:
    """Films of so many patients, each class with its share, and films of others to judge on."""
    label_of = {film.patient: film.label for film in films.films}
    rng = np.random.default_rng(seed)
    chosen = set[str]()
    for label in LABELS:
        of_class = sorted(patient for patient, one in label_of.items() if one == label)
        number = round(patients * len(of_class) / len(label_of))
        chosen |= {of_class[row] for row in rng.permutation(len(of_class))[:number]}
    rows = [row for row, film in enumerate(films.films) if film.patient in chosen]
    others = [row for row, film in enumerate(films.films) if film.patient not in chosen]
    return films.select(rows), films.select(sorted(rng.permutation(others)[:MOST_JUDGED].tolist()))


def judged(model: Path, films: Catalogue, place: Path) -> Row:
    """How a model's calibration, threshold and answer sets hold on films of patients that it has not met."""
    predictor = Predictor.open(model)
    squares = open_pixels(films, predictor.side, predictor.geometry, place / "pixels", on_stderr())
    logit, truth = predictor.logits(squares), films.is_pneumonia
    probability = np.clip(predictor.probability(logit), 1e-12, 1 - 1e-12)
    called = probability >= predictor.operating_point(PRIMARY).threshold
    sets = predictor.sets
    assert sets is not None
    holds = np.stack([sets.holds_pneumonia(logit), sets.holds_normal(logit)])
    covered = np.where(truth, holds[0], holds[1])
    return {
        "log loss": float(-np.log(np.where(truth, probability, 1 - probability)).mean()),
        "brier": float(brier(probability, truth)),
        "ece": float(expected_calibration_error(probability, truth)),
        "sensitivity": float(called[truth].mean()),
        "specificity": float(1 - called[~truth].mean()),
        "coverage pneumonia": float(covered[truth].mean()),
        "coverage normal": float(covered[~truth].mean()),
        "closed": float((holds.sum(axis=0) == 1).mean()),
    }


def rows_of(options: argparse.Namespace) -> Iterable[Row]:
    """Both models of every seed."""
    catalogue, place = resolve_catalogue(options.data, options.workspace, on_stderr())
    films = catalogue.usable
    films = films.select([row for row, film in enumerate(films.films) if film.split == "train"])
    for seed in range(options.seeds):
        few, others = drawn(films, options.patients, seed)
        with TemporaryDirectory() as scratch:
            path = Path(scratch) / "few.parquet"
            write_catalogue(path, replace(few, name=f"{few.name}-few"))
            for folds in (0, options.folds):
                run = train(
                    options.recipe,
                    path,
                    output=Path(scratch) / f"run-{folds}",
                    weights=options.weights,
                    set_=["protocol=grouped20", f"seed={seed}"],
                    cross_fit=folds,
                    workspace=Path(scratch) / "workspace",
                )
                row = {"seed": seed, "folds": folds} | judged(run.model, others, place)
                print(json.dumps({key: round(value, 4) for key, value in row.items()}), flush=True)
                yield row


def main() -> None:
    """Draw, train twice, judge, print the means."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--recipe", default="mobilenetv2-frozen")
    parser.add_argument("--patients", type=int, default=80)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--workspace", type=Path, default=WORKSPACE)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    rows = list(rows_of(options))
    for folds in (0, options.folds):
        of_kind = [row for row in rows if row["folds"] == folds]
        means = {key: round(float(np.mean([row[key] for row in of_kind])), 4) for key in of_kind[0] if key != "seed"}
        off = float(np.mean([abs(row["sensitivity"] - 0.95) for row in of_kind]))
        print(json.dumps(means | {"sensitivity off by": round(off, 4)}))
    if options.output:
        write_json(options.output, {"patients": options.patients, "recipe": options.recipe, "rows": rows})


if __name__ == "__main__":
    main()
