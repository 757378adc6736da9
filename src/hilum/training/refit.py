"""A model folder that was made before there was a gate gets one, and the sets of answers, without training again."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from hilum.datasets import Catalogue, Split
from hilum.engine import Engine
from hilum.errors import HilumError
from hilum.files import printable
from hilum.metrics.conformal import conformal_sets
from hilum.modelfolder import GRAPH, Conformal, Manifest, ModelFolder, salted_film_hash, write_model_folder
from hilum.modelfolder.card import LOADS_IN_TIMM, model_card
from hilum.progress import Progress
from hilum.training.gate import fit_gate

CARD = "README.md"


def write_finished(
    target: Path,
    folder: ModelFolder,
    pixels: npt.NDArray[np.uint8],
    films: Catalogue,
    split: Split,
    progress: Progress,
    threads: int = 0,
) -> Manifest:
    """Write the model of `folder` anew, with a gate and conformal sets; weights, calibration and thresholds stay.

    Args:
        target: the new folder.
        pixels: (m, side, side) uint8 of the development films, aligned with `films` and `split`.
        threads: 0 takes every usable core.

    Raises:
        HilumError: the model has a gate already, or other films served it than those that `split` names.
    """
    require_no_gate(folder)
    require_same_films(folder, films, split)
    contents = {name: folder.read(name) for name in folder.manifest.files}
    graph, gate = fit_gate(contents[GRAPH], pixels, films, split, progress, threads=threads)
    calibrate = split.rows("calibrate")
    logit = Engine(graph, GRAPH, threads).logits(np.asarray(pixels[calibrate]), progress=progress)
    sets = conformal_sets(logit, films.is_pneumonia[calibrate], films.resampling_groups()[calibrate])
    finished = replace(folder.manifest, gate=gate, conformal=Conformal(**asdict(sets)))
    loads_in_timm = LOADS_IN_TIMM in contents[CARD].decode("utf-8")
    contents |= {GRAPH: graph, CARD: model_card(finished, loads_in_timm).encode()}
    return write_model_folder(target, contents, lambda hashes: replace(finished, files=hashes))


def require_no_gate(folder: ModelFolder) -> None:
    """Refuse a model that has a gate: a second one would be another model under the same name."""
    if folder.manifest.gate is not None:
        raise HilumError(
            f"'{printable(folder.path)}' has a gate already.",
            expected="a model folder that was made before there were gates",
            do="Use it as it is, or train anew.",
        )


def require_same_films(folder: ModelFolder, films: Catalogue, split: Split) -> None:
    """Refuse films that did not serve the model as the split says: the gate would then be another model's.

    Raises:
        HilumError: a part has other films than the manifest names.
    """
    training = folder.manifest.training
    for part in ("fit", "select", "calibrate"):
        hashes = {salted_film_hash(training.salt, film.sha256) for film in films.select(split.rows(part)).films}
        served = set(getattr(training, part).films)
        if hashes != served:
            raise HilumError(
                f"{len(hashes ^ served)} of the {part} films are not those that served '{training.data_name}' "
                f"in '{printable(folder.path)}'.",
                expected="the data set that the model was trained on, whole and unaltered",
                do="Name that data set, or its catalogue.",
            )
