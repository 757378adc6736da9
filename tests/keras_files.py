"""Tiny classifiers in the files that Keras writes, made with h5py and zipfile alone."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

SIDE = 30
ANSWERS = (0.3770643, 0.3961890, 0.3872408, 0.4085143)
"""What Keras 3.15 says of `grey_films()` with `tiny_layers()`: test_keras_agrees_with_the_recorded_answers."""


@dataclass(frozen=True)
class Layer:
    """A layer's class, settings and weights, by the names that Keras gives them, in its order."""

    kind: str
    settings: dict[str, Any]
    weights: dict[str, np.ndarray]

    @property
    def name(self) -> str:
        return str(self.settings["name"])


def grey_films(side: int = SIDE) -> np.ndarray:
    """(4, side, side) uint8: patches of grey."""
    patches = np.random.default_rng(1).integers(0, 256, (4, side // 3 + 1, side // 3 + 1))
    return patches.repeat(3, 1).repeat(3, 2)[:, :side, :side].astype(np.uint8)


def tiny_layers(side: int = SIDE) -> list[Layer]:
    """A chain with every kind of padding, for films divided by 255."""
    draw = np.random.default_rng(0)

    def kernel(*shape: int) -> np.ndarray:
        fan_in = np.prod(shape[:-1]) if shape[-1] > 1 or len(shape) == 2 else np.prod(shape[:2])
        return draw.normal(0, np.sqrt(2 / fan_in), shape).astype(np.float32)

    def vector(length: int) -> np.ndarray:
        return draw.normal(0, 0.2, length).astype(np.float32)

    maps = (side + 3) // 4
    norm = {"gamma": 1 + vector(8), "beta": vector(8), "moving_mean": vector(8), "moving_variance": 1 + vector(8) ** 2}
    window = {"kernel_size": [3, 3], "strides": [1, 1], "padding": "same", "dilation_rate": [1, 1]}
    return [
        _conv({**window, "strides": [2, 2]}, kernel(3, 3, 3, 8), vector(8)),
        Layer("BatchNormalization", {"name": "norm", "axis": -1, "epsilon": 0.001, "momentum": 0.99}, norm),
        Layer(
            "DepthwiseConv2D",
            {"name": "depthwise", **window, "use_bias": False, "depth_multiplier": 1, "activation": "linear"},
            {"kernel": kernel(3, 3, 8, 1)},
        ),
        Layer("ReLU", {"name": "capped", "max_value": 6.0, "negative_slope": 0.0, "threshold": 0.0}, {}),
        Layer("MaxPooling2D", {"name": "maximum", "pool_size": [3, 3], "strides": [2, 2], "padding": "same"}, {}),
        Layer(
            "SeparableConv2D",
            {"name": "separable", **window, "filters": 8, "depth_multiplier": 1, "activation": "elu", "use_bias": True},
            {"depthwise_kernel": kernel(3, 3, 8, 1), "pointwise_kernel": kernel(1, 1, 8, 8), "bias": vector(8)},
        ),
        Layer("AveragePooling2D", {"name": "average", "pool_size": [3, 3], "strides": [1, 1], "padding": "same"}, {}),
        Layer("Flatten", {"name": "flatten"}, {}),
        dense("hidden", kernel(maps * maps * 8, 6), vector(6), "relu"),
        Layer("Dropout", {"name": "dropout", "rate": 0.5}, {}),
        dense("answer", kernel(6, 1), vector(1), "sigmoid"),
    ]


def _conv(window: dict[str, Any], kernel: np.ndarray, bias: np.ndarray) -> Layer:
    settings = {"name": "conv", **window, "filters": kernel.shape[-1], "activation": "relu", "use_bias": True}
    return Layer("Conv2D", settings, {"kernel": kernel, "bias": bias})


def dense(name: str, kernel: np.ndarray, bias: np.ndarray, activation: str) -> Layer:
    """A dense layer."""
    settings = {"name": name, "units": kernel.shape[-1], "activation": activation, "use_bias": True}
    return Layer("Dense", settings, {"kernel": kernel, "bias": bias})


def description(layers: list[Layer], side: int = SIDE) -> dict[str, Any]:
    """The chain as Keras serialises it."""
    film = {"class_name": "InputLayer", "config": {"name": "film", "batch_shape": [None, side, side, 3]}}
    chain = [{"class_name": layer.kind, "config": layer.settings} for layer in layers]
    serialised = [{"module": "keras.layers", "registered_name": None, **layer} for layer in (film, *chain)]
    return {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "sequential", "layers": serialised},
        "registered_name": None,
    }


def write_h5(path: Path, layers: list[Layer], described: dict[str, Any] | None = None) -> Path:
    """The layout of `model.save("x.h5")`."""
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(described or description(layers))
        file.attrs["keras_version"] = "3.15.1"
        root = file.create_group("model_weights")
        root.attrs["layer_names"] = [layer.name.encode() for layer in layers]
        for layer in layers:
            group = root.create_group(layer.name)
            names = [f"sequential/{layer.name}/{weight}" for weight in layer.weights]
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, array in zip(names, layer.weights.values(), strict=True):
                group[name] = array
    return path


def write_keras(path: Path, layers: list[Layer], described: dict[str, Any] | None = None) -> Path:
    """The layout of `model.save("x.keras")`."""
    content = io.BytesIO()
    numbers: Counter[str] = Counter()
    with h5py.File(content, "w") as file:
        for layer in layers:
            stem = re.sub(r"([a-z])([A-Z])", r"\1_\2", layer.kind).lower()
            group = file.create_group(f"layers/{stem}_{numbers[stem]}" if numbers[stem] else f"layers/{stem}")
            numbers[stem] += 1
            held = group.create_group("vars")
            for number, array in enumerate(layer.weights.values()):
                held[str(number)] = array
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.15.1", "date_saved": "2025-01-01@00:00:00"}))
        archive.writestr("config.json", json.dumps(described or description(layers)))
        archive.writestr("model.weights.h5", content.getvalue())
    return path
