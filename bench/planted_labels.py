"""A leak and wrong labels planted in real films: are they found, and is little else?

    python bench/planted_labels.py MODEL DATA [--share 0.05] [--seeds 3] [--films 20] [--output FILE.json]

The leak: films of training patients are put into the test folder, and `hilum data check` must name them. Wrong labels:
a share of the labels outside the test folder is flipped, and the label audit must suspect them; features of MODEL are
made once, and each seed flips other labels. A model that learned from the right labels makes this easier than life is:
take a frozen one for figures to publish. Nothing is written into DATA.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hilum.audits.features import see_films
from hilum.audits.labels import cross_validated, suspects
from hilum.audits.shortcuts import question_of
from hilum.datasets import WORKSPACE, Catalogue, resolve_catalogue
from hilum.datasets.audit import audit
from hilum.json_files import write_json
from hilum.metrics import auroc
from hilum.progress import on_stderr
from hilum.runtime import Predictor

Row = dict[str, Any]


def leak(catalogue: Catalogue, number: int, seed: int) -> Row:
    """Put so many films of different training patients, who have more, into the test folder; how they are found."""
    of_patient: dict[str, list[int]] = {}
    for row, film in enumerate(catalogue.films):
        if film.split == "train":
            of_patient.setdefault(film.patient, []).append(row)
    candidates = [rows[0] for _, rows in sorted(of_patient.items()) if len(rows) > 1]
    planted = set(np.random.default_rng(seed).permutation(candidates)[:number].tolist())
    films = [replace(film, split="test") if row in planted else film for row, film in enumerate(catalogue.films)]
    leaking = replace(catalogue, films=tuple(films))
    side_of = {film.path: film.split for film in films}
    named = {path for one in audit(leaking).findings if one.severity == "leak" for path in one.films}
    found = {path for path in named if side_of[path] == "test"}
    return scored("leak", seed, {films[row].path for row in planted}, found)


def flips(seen: Any, films: Catalogue, share: float, seed: int) -> Row:
    """Flip a share of the labels; how the label audit finds them."""
    flipped = np.random.default_rng(seed).random(len(films.films)) < share
    given = films.is_pneumonia ^ flipped
    probability = cross_validated(seen, question_of(films, given, seed))
    paths = np.array([film.path for film in films.films])
    row = scored("labels", seed, set(paths[flipped]), set(paths[suspects(probability, given)]))
    return row | {"auroc of the probe": round(float(auroc(probability, films.is_pneumonia)), 4)}


def scored(what: str, seed: int, planted: set[str], found: set[str]) -> Row:
    """Precision and recall of what was found."""
    hits = len(planted & found)
    row: Row = {"what": what, "seed": seed, "planted": len(planted), "found": len(found), "hits": hits}
    row |= {"precision": round(hits / max(1, len(found)), 3), "recall": round(hits / max(1, len(planted)), 3)}
    print("  ".join(f"{name} {value}" for name, value in row.items()), flush=True)
    return row


def main() -> None:
    """Plant, look, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--share", type=float, default=0.05)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--films", type=int, default=20)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--workspace", type=Path, default=WORKSPACE)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    catalogue, place = resolve_catalogue(options.data, options.workspace, on_stderr())
    films = catalogue.usable
    rows = [leak(films, options.films, seed) for seed in range(options.seeds)]
    films = films.select([row for row, film in enumerate(films.films) if film.split != "test"])
    seen = see_films(Predictor.open(options.model, options.threads), films, place / "pixels", on_stderr())
    rows += [flips(seen, films, options.share, seed) for seed in range(options.seeds)]
    untouched = suspects(cross_validated(seen, question_of(films, films.is_pneumonia)), films.is_pneumonia)
    print(f"labels as they are: {int(untouched.sum())} of {len(films.films)} suspected")
    if options.output:
        write_json(options.output, {"rows": rows, "suspected as they are": int(untouched.sum())})


if __name__ == "__main__":
    main()
