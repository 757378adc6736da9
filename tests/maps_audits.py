"""A small audit of maps, made up, for tests of what is shown of one."""

from __future__ import annotations

import numpy as np

from hilum.explaining.faithfulness import (
    ALL_FILMS,
    ANSWERED_PNEUMONIA,
    CENTRE_BLOB,
    CONTROLS,
    RANDOM,
    Agreement,
    CascadeStep,
    Curves,
    Example,
    Gain,
    MapsAudit,
    MethodFaithfulness,
    Randomisation,
)
from hilum.explaining.verdict import verdict_of
from hilum.metrics import Estimate
from hilum.provenance import Provenance

SIDE = 64
LAYERS = ("head.last", "body.stages.3.0.conv2", "body.stages.1.0.conv1", "body.stem.0")


def maps_audit() -> MapsAudit:
    """Two methods on four films: `map` passes, `occlusion` stays as it was when the model forgets."""
    methods = (_method("map", (0.6, 0.3, 0.15, 0.12), 0.2), _method("occlusion", (0.99, 0.97, 0.95, 0.93), 0.0))
    return MapsAudit(
        data_name="ward <b>",
        fingerprint="f" * 64,
        chosen="the model's own select patients, who chose its epoch",
        films=40,
        patients=40,
        pneumonia=20,
        normal=20,
        answered_pneumonia=22,
        answered_normal=18,
        model="cnn-scratch",
        model_hash="a" * 64,
        side=SIDE,
        lung_box=(0.1, 0.1, 0.9, 0.9),
        lung_box_area=0.64,
        methods=methods,
        agreement=(Agreement("map", "occlusion", about(0.41)),),
        left_out=(("gradcam", "it needs libraries that are not installed."),),
        seed=0,
        made=Provenance("hilum audit maps run ward", "abc", "0.1.0", "2025-01-02T03:04:05+00:00", {"numpy": "2"}),
    )


def about(value: float, width: float = 0.05) -> Estimate:
    """A figure with an interval of that half width."""
    return Estimate(value, value - width, value + width, "bootstrap of patients (BCa), 2,000 draws")


def _method(name: str, ranks: tuple[float, ...], gain: float) -> MethodFaithfulness:
    steps = tuple(
        CascadeStep(layer, number, about(rank), about(0.9 * rank), about(rank / 2))
        for number, (layer, rank) in enumerate(zip(LAYERS, ranks, strict=True), 1)
    )
    randomisation = Randomisation(steps, len(LAYERS), 3, about(0.18))
    groups = (ALL_FILMS, ANSWERED_PNEUMONIA)
    gains = tuple(
        Gain(control, films, 40, about(gain if control == RANDOM else 0.01), about(gain))
        for control in CONTROLS
        for films in groups
    )
    return MethodFaithfulness(
        method=name,
        layer="last feature maps" if name == "map" else "",
        in_words="Somehow.",
        curves=tuple(_curves(order, fall) for order, fall in ((name, 5.0), (RANDOM, 1.0), (CENTRE_BLOB, 2.0))),
        gains=gains,
        randomisation=randomisation,
        lung_box=about(0.7),
        lung_box_for=about(0.75),
        stability=about(0.9),
        verdict=verdict_of(gains, randomisation),
        examples=tuple(_example(row) for row in range(3)),
    )


def _curves(order: str, fall: float) -> Curves:
    shares = np.linspace(0, 1, 21)
    deletion, insertion = np.exp(-fall * shares), 1 - 0.8 * np.exp(-fall * shares)
    areas = (about(float(deletion.mean())), about(float(insertion.mean())))
    return Curves(order, tuple(shares.tolist()), tuple(deletion.tolist()), tuple(insertion.tolist()), *areas)


def _example(row: int) -> Example:
    random = np.random.default_rng(row)
    square = random.integers(0, 256, (SIDE, SIDE), dtype=np.uint8)
    maps = [random.normal(size=(4, 4)).astype(np.float32) for _ in range(1 + len(LAYERS))]
    label = "pneumonia" if row == 2 else "normal"
    return Example(f"{label}/{row}.png", label, 0.1 * row, square, maps[0], tuple(maps[1:]))
