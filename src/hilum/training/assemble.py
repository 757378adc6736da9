"""What follows training: the graph first, then calibration and thresholds from the graph's own logits."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import save

from hilum.attribution.places import Places
from hilum.datasets import Catalogue, Split
from hilum.engine import Engine
from hilum.errors import HilumError
from hilum.explaining.places import places_of_maps
from hilum.exporting import export_onnx, network_logits
from hilum.metrics import OperatingPoint, PlattScaling, choose_operating_points, fit_platt, log_odds
from hilum.metrics.conformal import conformal_sets
from hilum.modelfolder import (
    Calibration,
    Conformal,
    Faithfulness,
    Gate,
    NormalMap,
    Parity,
    Served,
    StoredOperatingPoint,
    new_salt,
    salted_film_hash,
    salted_hashes,
)
from hilum.modelfolder.maps import EXACT_EVIDENCE
from hilum.models import FilmClassifier
from hilum.models.stored import stored_tensors
from hilum.progress import Progress
from hilum.recipe import Recipe
from hilum.training.cross_fit import CrossFitted
from hilum.training.feed import JUDGED_AT_ONCE
from hilum.training.normal_map import mean_normal_map

PARITY_LIMIT = 1e-4
"""Largest difference in calibrated probability between network and graph that is let through."""

SMALLEST_SLOPE = 1e-3
"""Of the calibration: with it a film's probability is the prevalence, but for the order."""


@dataclass(frozen=True, slots=True)
class Assembled:
    """What a model folder says beyond the facts of its training."""

    calibration: Calibration
    operating_points: tuple[StoredOperatingPoint, ...]
    conformal: Conformal
    parity: Parity
    served: dict[str, Served]
    salt: str
    cross_fitted: int = 0
    gate: Gate | None = None
    map_places: Places | None = None
    normal_map: NormalMap | None = None
    faithfulness: Faithfulness | None = None


def assemble(
    classifier: FilmClassifier,
    graph: bytes,
    pixels: npt.NDArray[np.uint8],
    catalogue: Catalogue,
    split: Split,
    progress: Progress,
    at_once: int = JUDGED_AT_ONCE,
    cross_fitted: CrossFitted | None = None,
) -> Assembled:
    """Calibrate the graph on the calibrate patients and compare it with the network on every development film.

    Args:
        pixels: (m, side, side) uint8 of the development films, aligned with the catalogue, as `split` is.
        at_once: films a pass, fewer where memory is short.
        cross_fitted: what calibrates instead, where no patients were kept back for it.

    Raises:
        HilumError: network and graph differ by more than `PARITY_LIMIT` or in a decision.
    """
    engine = Engine(graph, "model.onnx", torch.get_num_threads())
    graph_logit = engine.logits(pixels, at_once, progress)
    calibrate = cross_fitted.rows if cross_fitted else split.rows("calibrate")
    held_out = cross_fitted.logit if cross_fitted else graph_logit[calibrate]
    truth = catalogue.is_pneumonia[calibrate]
    platt = calibrate_upwards(held_out, truth)
    group = catalogue.resampling_groups()[calibrate]
    points = choose_operating_points(platt.probability(held_out), truth, group=group)
    parity = compare(platt, points, network_logits(classifier, pixels, at_once, progress), graph_logit)
    salt = new_salt()
    is_exact = classifier.head.evidence_in_words == EXACT_EVIDENCE
    return Assembled(
        calibration=Calibration(
            slope=platt.slope,
            intercept=platt.intercept,
            prevalence=float(truth.mean()),
            films=len(calibrate),
            patients=len({catalogue.films[row].patient for row in calibrate}),
        ),
        operating_points=tuple(StoredOperatingPoint(**asdict(point)) for point in points),
        conformal=Conformal(**asdict(conformal_sets(held_out, truth, group))),
        parity=parity,
        served={
            "fit": _served(catalogue.select(split.rows("fit")), salt),
            "select": _served(catalogue.select(split.rows("select")), salt),
            "calibrate": _served(catalogue.select(calibrate), salt),
        },
        salt=salt,
        cross_fitted=cross_fitted.folds if cross_fitted else 0,
        map_places=places_of_maps(classifier, pixels.shape[1]),
        normal_map=mean_normal_map(engine, pixels, catalogue, split, progress, at_once) if is_exact else None,
    )


def network_files(classifier: FilmClassifier, recipe: Recipe) -> dict[str, bytes]:
    """The files of a model folder that hold the network: graph, weights, and timm's description of them."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in stored_tensors(classifier).items()}
    return {
        "model.onnx": export_onnx(classifier, recipe.film.side),
        "model.safetensors": save(tensors, {"format": "pt"}),
        "config.json": (json.dumps(timm_config(classifier, recipe), indent=1, sort_keys=True) + "\n").encode(),
    }


def timm_config(classifier: FilmClassifier, recipe: Recipe) -> dict[str, Any]:
    """`config.json` in timm's layout, with hilum's own preparation of a film instead of the backbone's."""
    side = recipe.film.side
    settings: dict[str, Any] = {
        "input_size": [classifier.mean.numel(), side, side],
        "fixed_input_size": False,
        "interpolation": "bilinear",
        "crop_pct": 1.0,
        "crop_mode": "squash" if recipe.film.geometry == "squash" else "border",  # timm paints the border in the mean
        "mean": classifier.mean.flatten().tolist(),
        "std": classifier.std.flatten().tolist(),
        "num_classes": recipe.network.head_nodes,
    }
    of_the_backbone: dict[str, Any] = getattr(classifier.body, "pretrained_cfg", {})
    settings |= {
        key: of_the_backbone[key] for key in ("first_conv", "classifier", "pool_size") if key in of_the_backbone
    }
    return {
        "architecture": recipe.network.architecture,
        "num_classes": recipe.network.head_nodes,
        "num_features": classifier.head.last.in_features,
        "global_pool": "avg",
        "label_names": ["pneumonia", "normal"][: recipe.network.head_nodes],
        "pretrained_cfg": settings,
    }


def calibrate_upwards(logit: npt.NDArray[np.float64], is_pneumonia: npt.NDArray[np.bool_]) -> PlattScaling:
    """Platt scaling that never turns the model around.

    A falling line means that the calibrate patients, by their few or because nothing was learned, do not bear out the
    model's order. Turned around, its answers would contradict its own map and ranking; so it keeps its order, and
    its probabilities stay at the prevalence.
    """
    platt = fit_platt(logit, is_pneumonia)
    return platt if platt.slope > 0 else PlattScaling(SMALLEST_SLOPE, log_odds(float(is_pneumonia.mean())))


def compare(
    platt: PlattScaling,
    points: tuple[OperatingPoint, ...],
    network_logit: npt.NDArray[np.float64],
    graph_logit: npt.NDArray[np.float64],
) -> Parity:
    """Parity of network and graph on the development films; a graph that decides otherwise is refused."""
    network, graph = platt.probability(network_logit), platt.probability(graph_logit)
    difference = float(np.abs(network - graph).max())
    flipped = sum(int((point.calls_pneumonia(network) != point.calls_pneumonia(graph)).sum()) for point in points)
    if not difference <= PARITY_LIMIT or flipped:
        raise HilumError(
            f"Network and exported graph differ by {difference:.1e} in probability and in {flipped} decisions.",
            expected=f"at most {PARITY_LIMIT:.0e} and no other decision on {len(graph)} films",
            do="Train with another architecture, or report this with the recipe.",
        )
    return Parity(films=len(graph), largest_probability_difference=difference, flipped_decisions=flipped)


def _served(catalogue: Catalogue, salt: str) -> Served:
    """Salted hashes of these films and their patients, sorted so that they tell no order."""
    return Served(
        patients=tuple(sorted(set(salted_hashes(salt, [f"{catalogue.name}/{one}" for one in catalogue.patients])))),
        films=tuple(sorted({salted_film_hash(salt, film.sha256) for film in catalogue.films})),
    )
