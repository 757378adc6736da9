"""Which films of a catalogue are judged."""

from __future__ import annotations

from collections import Counter
from typing import Final

import numpy as np

from hilum.datasets.catalogue import FOLDERS, Catalogue
from hilum.datasets.splits import split_films
from hilum.errors import HilumError
from hilum.evaluation.figures import LeftOut
from hilum.modelfolder import Manifest

PARTS: Final = (*FOLDERS, "validation", "all")


def films_to_judge(catalogue: Catalogue, part: str, manifest: Manifest) -> tuple[Catalogue, tuple[LeftOut, ...]]:
    """The usable films of one part, and those that cannot be judged with their reasons.

    Args:
        catalogue: the data set.
        part: a folder the data came in ("test", "train", "val"), "validation" (what the model's own protocol held
            back), or "all".
        manifest: of the model; its protocol, seed and fold decide "validation".

    Raises:
        HilumError: an unknown part, or one without a usable film.
    """
    films = catalogue.select(_rows(catalogue, part, manifest))
    left_out = tuple(LeftOut(film.path, film.problem, film.label) for film in films.films if film.problem)
    if not films.usable.films:
        raise HilumError(
            f"There is no film to judge in the part '{part}' of '{catalogue.name}'.",
            expected=f"one of the parts with films: {_parts_with_films(catalogue)}",
            do="Name one of them with --split, or --split all for data that the model has never met.",
        )
    return films.usable, left_out


def require_part(part: str) -> None:
    """Refuse a part that no data have.

    Raises:
        HilumError: names the parts there are.
    """
    if part not in PARTS:
        raise HilumError(
            f"There is no part '{part}'.",
            expected=", ".join(PARTS[:-1]) + f" or {PARTS[-1]}",
            do="For the films that were held back, say: --split test",
        )


def _rows(catalogue: Catalogue, part: str, manifest: Manifest) -> np.ndarray:
    require_part(part)
    if part == "all":
        return np.arange(len(catalogue.films))
    if part == "validation":
        training, block = manifest.training, str(manifest.recipe.get("block", ""))
        split = split_films(catalogue, training.protocol, seed=training.seed, fold=training.fold, block=block)
        return np.asarray(split.rows("validation"))
    return np.array([row for row, film in enumerate(catalogue.films) if film.split == part], dtype=np.intp)


def _parts_with_films(catalogue: Catalogue) -> str:
    counts = Counter(film.split for film in catalogue.usable.films if film.split)
    named = [f"{folder} ({counts[folder]})" for folder in FOLDERS if counts[folder]]
    return ", ".join([*named, f"all ({len(catalogue.usable.films)})"])
