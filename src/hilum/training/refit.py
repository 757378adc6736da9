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
from hilum.modelfolder import GRAPH, Conformal, Finished, Manifest, ModelFolder, salted_film_hash, write_model_folder
from hilum.modelfolder.card import LOADS_IN_TIMM, model_card
from hilum.progress import Progress
from hilum.provenance import Provenance
from hilum.training.gate import fit_gate

CARD = "README.md"


def write_finished(
    target: Path,
    folder: ModelFolder,
    pixels: npt.NDArray[np.uint8],
    films: Catalogue,
    split: Split,
    progress: Progress,
    made: Provenance,
    threads: int = 0,
) -> Manifest:
    """Write the model of `folder` anew, with a gate and conformal sets; weights, calibration and thresholds stay.

    What made the model stays in the manifest too; what finished it stands beside it, in `finished`.

    Args:
        target: the new folder.
        pixels: (m, side, side) uint8 of the development films, aligned with `films` and `split`.
        made: command, commit, version and time of the finishing.
        threads: 0 takes every usable core.

    Raises:
        HilumError: the model has a gate already, other films served it than those that `split` names, or the graph
            with the gate gives other logits.
    """
    require_no_gate(folder)
    require_same_films(folder, films, split)
    contents = {name: folder.read(name) for name in folder.manifest.files}
    graph, gate = fit_gate(contents[GRAPH], pixels, films, split, progress, threads=threads)
    calibrate = split.rows("calibrate")
    squares = np.asarray(pixels[calibrate])
    logit = Engine(graph, GRAPH, threads).logits(squares, progress=progress)
    require_same_logits(Engine(contents[GRAPH], GRAPH, threads).logits(squares, progress=progress), logit)
    sets = conformal_sets(logit, films.is_pneumonia[calibrate], films.resampling_groups()[calibrate])
    finished = replace(folder.manifest, gate=gate, conformal=Conformal(**asdict(sets)), finished=_finished(made))
    loads_in_timm = LOADS_IN_TIMM in contents[CARD].decode("utf-8")
    contents |= {GRAPH: graph, CARD: model_card(finished, loads_in_timm).encode()}
    return write_model_folder(target, contents, lambda hashes: replace(finished, files=hashes))


def _finished(made: Provenance) -> Finished:
    return Finished(command=made.command, commit=made.commit, hilum_version=made.hilum_version, created=made.created)


def require_same_logits(old: npt.NDArray[np.float64], new: npt.NDArray[np.float64]) -> None:
    """Refuse a new graph that answers otherwise than the old: calibration and thresholds would not be its own.

    Args:
        old: (n,) logits of the calibrate films by the graph as it was.
        new: (n,) of the same films by the graph with the gate.

    Raises:
        HilumError: a logit differs.
    """
    differ = int((old != new).sum())
    if differ:
        raise HilumError(
            f"With the gate, {differ} of {len(old)} calibrate films get another logit: "
            f"up to {np.abs(old - new).max():.2g} apart.",
            expected="the answers of the model as it was",
            do="Use the model without a gate, or train anew.",
        )


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
